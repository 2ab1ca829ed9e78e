using Data2Vec.Server.Answers;
using Data2Vec.Server.Models;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/models</c>: the models that can be asked, and for what.</summary>
internal sealed class ModelsEndpoint(ModelCatalog catalog)
{
    public async Task ListAsync(HttpContext context)
    {
        await using var answer = new JsonAnswer(context);
        answer.Json.WriteStartObject();
        answer.Json.WriteString("object", "list");
        answer.Json.WriteStartArray("data");
        foreach (ServedModel model in catalog.All.Where(model => model.IsReady))
        {
            Write(answer.Json, model);
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteEndObject();
    }

    public async Task ShowAsync(HttpContext context)
    {
        ServedModel model = catalog.Get((string)context.Request.RouteValues["id"]!);
        await using var answer = new JsonAnswer(context);
        Write(answer.Json, model);
    }

    private static void Write(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteString("id", model.Id);
        json.WriteString("object", "model");
        json.WriteNumber("created", model.Created.ToUnixTimeSeconds());
        json.WriteString("owned_by", "data2vec");
        json.WriteStartArray("tasks");
        foreach (string task in model.Tasks)
        {
            json.WriteStringValue(task);
        }

        json.WriteEndArray();
        if (model.Encoder is { } encoder)
        {
            json.WriteString("modality", encoder.Modality switch
            {
                Modality.Text => "text",
                Modality.Speech => "audio",
                _ => "image",
            });
            json.WriteString("architecture", encoder.Architecture);
            json.WriteNumber("dimensions", encoder.EmbeddingSize);
            if (encoder.Id is { } published)
            {
                json.WriteString("published_id", published);
            }
        }

        json.WriteEndObject();
    }
}
