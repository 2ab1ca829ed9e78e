using System.Reflection;

namespace Data2Vec.Server.Endpoints;

/// <summary>Serves what is embedded in this assembly: the description of the interface, and the page.</summary>
internal static class StaticFiles
{
    private const string Prefix = "page/", Index = "index.html";

    private static readonly Assembly s_assembly = typeof(StaticFiles).Assembly;

    /// <summary>The paths of the page's files and their resources; none if there is no page.</summary>
    public static IEnumerable<(string Path, string Resource)> Page => s_assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(name => (name[Prefix.Length..] == Index ? "/" : "/" + name[Prefix.Length..], name));

    /// <summary>Answers with a resource.</summary>
    public static RequestDelegate For(string resource) => async context =>
    {
        await using Stream content = s_assembly.GetManifestResourceStream(resource)!;
        context.Response.ContentType = Path.GetExtension(resource) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".json" => "application/json; charset=utf-8",
            _ => "application/octet-stream",
        };
        context.Response.ContentLength = content.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; frame-ancestors 'none'";
        await content.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    };
}
