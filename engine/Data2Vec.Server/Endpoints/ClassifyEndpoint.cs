using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/classify</c>: the labels of texts and images, or the values of a regression.</summary>
internal sealed class ClassifyEndpoint(ModelCatalog catalog, BodyReader bodies, MediaReader media, Data2VecServerOptions options, ServerMetrics metrics) : IPostEndpoint
{
    public static readonly string[] Fields = ["model", "input", ModelInputs.Modality, ModelInputs.LongTexts, "top_k", "user"];

    public string Route => "/classify";

    public IReadOnlyList<string> FieldNames => Fields;

    public async Task HandleAsync(HttpContext context)
    {
        using RequestJson request = await RequestJson.ReadAsync(context, bodies, Fields).ConfigureAwait(false);
        (ServedModel served, Data2VecModel model) = catalog.Get<Data2VecModel>(request.RequireText("model"), "classify");
        if (!served.Tasks.Contains("classify"))
        {
            throw catalog.WrongTask(served, "classify");
        }

        request.Text("user"); // nothing is done with it
        ModelInputs.RequireModality(request, model, served.Id);
        int top = request.Count("top_k") ?? int.MaxValue;
        LabelProbability[][] labels = await ClassifyAsync(model, request, context.RequestAborted).ConfigureAwait(false);
        metrics.Answered(served.Id, labels.Length, 0);
        string value = model.Config.HeadFunction == HeadFunction.None ? "value" : "probability";
        await JsonAnswer.WriteListAsync(context, served.Id, labels.Length, Write).ConfigureAwait(false);

        void Write(Utf8JsonWriter json, int i)
        {
            json.WriteNumber("index", i);
            json.WriteStartArray("labels");
            foreach (LabelProbability label in labels[i].Take(top))
            {
                json.WriteStartObject();
                json.WriteString("label", label.Label);
                json.WriteNumber(value, label.Probability);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private async Task<LabelProbability[][]> ClassifyAsync(Data2VecModel model, RequestJson request, CancellationToken cancellation)
    {
        const string Name = "input";
        var how = new ClassificationOptions { LongTexts = ModelInputs.LongTextsOf(request, model), SplitSpecialTokens = true, MaxRows = options.Limits.MaxTokens };
        JsonElement input = request.Require(Name);
        switch (model)
        {
            case VisionModel vision:
                string[] images = RequestJson.Texts(input, Name, options.Limits);
                vision.RequireRoom();
                return await vision.ClassifyPreparedAsync(await media.PixelsAsync(images, Name, vision, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            case TextModel text when ModelInputs.Texts(input, Name, options.Limits) is { } texts:
                text.RequireRoom();
                return await text.ClassifyAsync(texts, how, cancellation).ConfigureAwait(false);
            case TextModel text:
                return await text.ClassifyPreparedAsync(ModelInputs.Tokens(input, Name, options.Limits), cancellation).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"a model of {model.Modality}");
        }
    }
}
