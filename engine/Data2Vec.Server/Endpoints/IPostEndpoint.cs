namespace Data2Vec.Server.Endpoints;

/// <summary>Answers the requests of a route.</summary>
internal interface IPostEndpoint
{
    /// <summary>The route, without <c>/v1</c>.</summary>
    string Route { get; }

    /// <summary>The fields that a request may have.</summary>
    IReadOnlyList<string> FieldNames { get; }

    /// <summary>Writes the answer, or throws before the first byte of it.</summary>
    Task HandleAsync(HttpContext context);
}
