using Data2Vec.Server.Limits;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Data2Vec.Server.Requests;

/// <summary>The fields of a multipart request with one file. Fields that nobody asked for are an error.</summary>
internal sealed class MultipartForm
{
    private const int MaxFields = 32, MaxFieldBytes = 1 << 16, MaxNameBytes = 256, MaxHeaders = 16, MaxHeaderBytes = 1 << 13;

    private readonly IFormCollection _form;

    private MultipartForm(IFormCollection form, string fileName, string[] known)
    {
        _form = form;
        string[] all = [.. form.Keys, .. form.Files.Select(file => file.Name)];
        if (all.FirstOrDefault(name => name != fileName && !known.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw RequestException.Bad($"'{RequestException.Shorten(unknown)}' is not a field of this request; the fields are {fileName}, {string.Join(", ", known)}", RequestException.Shorten(unknown));
        }

        File = form.Files is [{ Name: var name } file] && name == fileName ? file
            : throw RequestException.Bad(form.Files.Count > 1 ? $"'{fileName}' must be one file" : $"'{fileName}' is missing; it must be a file", fileName);
    }

    /// <summary>The file.</summary>
    public IFormFile File { get; }

    /// <summary>Reads the body of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Reads bodies.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="fileName">The name of the field with the file.</param>
    /// <param name="known">The names of all other fields.</param>
    public static async Task<MultipartForm> ReadAsync(HttpContext context, BodyReader body, ServerLimits limits, string fileName, string[] known)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new RequestException(StatusCodes.Status415UnsupportedMediaType, "the content type of the request must be multipart/form-data");
        }

        var options = new FormOptions
        {
            MemoryBufferThreshold = int.MaxValue, // the limits keep it small enough; nothing of a request goes to the disk
            MultipartBodyLengthLimit = limits.MaxBodyBytes,
            ValueCountLimit = MaxFields,
            KeyLengthLimit = MaxNameBytes,
            ValueLengthLimit = MaxFieldBytes,
            MultipartHeadersCountLimit = MaxHeaders,
            MultipartHeadersLengthLimit = MaxHeaderBytes,
            MultipartBoundaryLengthLimit = MaxNameBytes,
        };
        context.Features.Set<IFormFeature>(new FormFeature(context.Request, options));
        try
        {
            return new MultipartForm(await body.ReadAsync(context, cancellation => context.Request.ReadFormAsync(cancellation)).ConfigureAwait(false), fileName, known);
        }
        catch (Exception error) when (error is InvalidDataException || (error is IOException and not BadHttpRequestException))
        {
            throw RequestException.Bad($"the body is not valid multipart/form-data: {error.Message}");
        }
    }

    /// <summary>The content of the file.</summary>
    public async Task<byte[]> ContentAsync(CancellationToken cancellation)
    {
        if (File.Length == 0)
        {
            throw RequestException.Bad($"'{File.Name}' is empty", File.Name);
        }

        var content = new byte[File.Length];
        await using Stream stream = File.OpenReadStream();
        await stream.ReadExactlyAsync(content, cancellation).ConfigureAwait(false);
        return content;
    }

    /// <summary>A text; null if it is missing.</summary>
    public string? Text(string name)
    {
        StringValues values = _form[name];
        return values.Count > 1 ? throw RequestException.Bad($"'{name}' is there {values.Count} times", name) : values.Count == 1 ? values[0] : null;
    }

    /// <summary>All texts with a name.</summary>
    public IReadOnlyList<string> Texts(string name) => [.. _form[name].OfType<string>()];

    /// <summary>A text of some; null if it is missing.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> choices)
    {
        string? value = Text(name);
        return value is null || choices.Contains(value) ? value
            : throw RequestException.Bad($"'{name}' is '{RequestException.Shorten(value)}'; it can be {string.Join(", ", choices)}", name);
    }
}
