using Data2Vec.Server.Requests;
using Microsoft.AspNetCore.Http.Features;

namespace Data2Vec.Server.Limits;

/// <summary>Reads the bodies of requests within the limits of bytes and time.</summary>
/// <param name="options">The limits.</param>
internal sealed class BodyReader(Data2VecServerOptions options)
{
    private readonly BytesInWork _bytes = new(options.Limits.MaxBytesInWork);

    /// <summary>Refuses a body whose Content-Length is too large, and counts the bytes of others until the request ends.</summary>
    public void Begin(HttpContext context)
    {
        long limit = options.Limits.MaxBodyBytes;
        bool isTooLarge = context.Request.ContentLength > limit;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            // Kestrel reads the rest of a refused body for a few seconds, as clients may read the answer only when they have sent it.
            feature.MaxRequestBodySize = isTooLarge ? null : limit;
        }

        if (isTooLarge)
        {
            throw RequestException.TooLarge($"the body has {context.Request.ContentLength} bytes; the limit is {limit}");
        }

        BytesInWork.Share share = _bytes.Begin();
        context.Response.RegisterForDispose(share);
        if (context.Request.ContentLength is { } length)
        {
            share.Add(length);
        }
        else
        {
            context.Request.Body = new CountedBody(context.Request.Body, share);
        }
    }

    /// <summary>Reads a body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="read">Reads it.</param>
    public async Task<T> ReadAsync<T>(HttpContext context, Func<CancellationToken, Task<T>> read)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        time.CancelAfter(options.Limits.BodyTime);
        try
        {
            return await read(time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new RequestException(StatusCodes.Status408RequestTimeout, FormattableString.Invariant($"the body did not arrive within {options.Limits.BodyTime.TotalSeconds:0.###} s"));
        }
        catch (JsonException error)
        {
            throw RequestException.Bad($"the body is not valid JSON: {error.Message}");
        }
    }
}
