using System.Runtime.InteropServices;
using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/embeddings</c>, as OpenAI has it, also for recordings and images.</summary>
internal sealed class EmbeddingsEndpoint(ModelCatalog catalog, BodyReader bodies, Embedder embedder, ServerMetrics metrics) : IPostEndpoint
{
    public static readonly string[] Fields = [.. Embedder.Fields, "input", "encoding_format", "dimensions"];

    public string Route => "/embeddings";

    public IReadOnlyList<string> FieldNames => Fields;

    public async Task HandleAsync(HttpContext context)
    {
        using RequestJson request = await RequestJson.ReadAsync(context, bodies, Fields).ConfigureAwait(false);
        (ServedModel served, Data2VecModel model) = catalog.Get<Data2VecModel>(request.RequireText("model"), "embeddings");
        bool base64 = request.Choice("encoding_format", "float", "base64") == "base64";
        if (request.Count("dimensions") is { } dimensions && dimensions != model.EmbeddingSize)
        {
            throw RequestException.Bad($"the vectors of model '{served.Id}' have {model.EmbeddingSize} dimensions, not {dimensions}", "dimensions");
        }

        EmbeddedInputs embedded = await embedder.EmbedAsync(served, model, request, "input", context.RequestAborted).ConfigureAwait(false);
        metrics.Answered(served.Id, embedded.Vectors.Length, embedded.Rows);
        await JsonAnswer.WriteListAsync(context, served.Id, embedded.Vectors.Length, Write, embedded.Rows).ConfigureAwait(false);

        void Write(Utf8JsonWriter json, int i)
        {
            json.WriteString("object", "embedding");
            json.WriteNumber("index", i);
            json.WritePropertyName("embedding");
            WriteVector(json, embedded.Vectors[i], base64);
        }
    }

    private static void WriteVector(Utf8JsonWriter json, float[] vector, bool base64)
    {
        if (base64)
        {
            json.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(vector));
            return;
        }

        json.WriteStartArray();
        foreach (float value in vector)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
