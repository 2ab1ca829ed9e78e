using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Requests;
using Data2Vec.Text;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/tokenize</c>: the token ids that a text model reads.</summary>
internal sealed class TokenizeEndpoint(ModelCatalog catalog, BodyReader bodies, Data2VecServerOptions options) : IPostEndpoint
{
    public static readonly string[] Fields = ["model", "input", ModelInputs.PromptName, ModelInputs.LongTexts];

    public string Route => "/tokenize";

    public IReadOnlyList<string> FieldNames => Fields;

    public async Task HandleAsync(HttpContext context)
    {
        using RequestJson request = await RequestJson.ReadAsync(context, bodies, Fields).ConfigureAwait(false);
        (ServedModel served, TextModel model) = catalog.Get<TextModel>(request.RequireText("model"), "tokenize");
        var how = new EmbeddingOptions
        {
            PromptName = ModelInputs.PromptOf(request, model),
            LongTexts = ModelInputs.LongTextsOf(request, model),
            SplitSpecialTokens = true,
            MaxRows = options.Limits.MaxTokens,
        };
        string[] texts = ModelInputs.Texts(request.Require("input"), "input", options.Limits) ?? throw RequestException.Bad("'input' must be a text or several texts", "input");
        TextWindows[] tokens = await Task.Run(() => Tokenize(model, texts, how, context.RequestAborted), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteListAsync(context, served.Id, tokens.Length, Write).ConfigureAwait(false);

        void Write(Utf8JsonWriter json, int i)
        {
            json.WriteNumber("index", i);
            json.WriteNumber("tokens", tokens[i].TokenCount);
            json.WriteBoolean("truncated", tokens[i].IsTruncated);
            json.WriteStartArray("ids");
            foreach (TextWindow window in tokens[i].Windows)
            {
                json.WriteStartArray();
                foreach (int id in window.Ids)
                {
                    json.WriteNumberValue(id);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        }
    }

    private TextWindows[] Tokenize(TextModel model, string[] texts, EmbeddingOptions how, CancellationToken cancellation)
    {
        long left = options.Limits.MaxTokens;
        var all = new TextWindows[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            all[i] = model.Tokenize(texts[i], how with { MaxRows = Math.Max(0, left) }, cancellation);
            left -= all[i].Windows.Sum(window => (long)window.Ids.Length);
        }

        return left >= 0 ? all : throw RequestException.TooLarge($"'input' has more than {options.Limits.MaxTokens} tokens", "input");
    }
}
