using System.Numerics.Tensors;
using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/similarity</c>: how like one input is to others, by the cosine of their vectors.</summary>
internal sealed class SimilarityEndpoint(ModelCatalog catalog, BodyReader bodies, Embedder embedder, ServerMetrics metrics) : IPostEndpoint
{
    public static readonly string[] Fields = [.. Embedder.Fields, "source", "targets"];

    public string Route => "/similarity";

    public IReadOnlyList<string> FieldNames => Fields;

    public async Task HandleAsync(HttpContext context)
    {
        using RequestJson request = await RequestJson.ReadAsync(context, bodies, Fields).ConfigureAwait(false);
        (ServedModel served, Data2VecModel model) = catalog.Get<Data2VecModel>(request.RequireText("model"), "similarity");
        request.RequireText("source");
        if (request.Require("targets").ValueKind != JsonValueKind.Array)
        {
            throw RequestException.Bad("'targets' must be a list", "targets");
        }

        // At the same time, so that they share a batch.
        Task<EmbeddedInputs> ofTargets = embedder.EmbedAsync(served, model, request, "targets", context.RequestAborted);
        Task<EmbeddedInputs> ofSource = embedder.EmbedAsync(served, model, request, "source", context.RequestAborted);
        EmbeddedInputs[] both = await Task.WhenAll(ofTargets, ofSource).ConfigureAwait(false);
        (EmbeddedInputs targets, EmbeddedInputs source) = (both[0], both[1]);
        long rows = targets.Rows + source.Rows;
        metrics.Answered(served.Id, targets.Vectors.Length + 1, rows);
        await JsonAnswer.WriteListAsync(context, served.Id, targets.Vectors.Length, Write, rows).ConfigureAwait(false);

        void Write(Utf8JsonWriter json, int i)
        {
            json.WriteNumber("index", i);
            json.WriteNumber("similarity", TensorPrimitives.CosineSimilarity<float>(source.Vectors[0], targets.Vectors[i]));
        }
    }
}
