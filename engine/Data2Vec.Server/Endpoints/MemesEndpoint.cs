using Data2Vec.Memes;
using Data2Vec.Memes.Explanation;
using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;
using Data2Vec.Vision.Images;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/memes/score</c>: scores an image with text in it, and explains the score on request.</summary>
internal sealed class MemesEndpoint(ModelCatalog catalog, BodyReader bodies, MediaReader media, Data2VecServerOptions options, ServerMetrics metrics) : IPostEndpoint
{
    // An explanation scores the meme again without each region and each word.
    private const int Regions = 36, UsualWords = 20, MostWords = 256, MostExplainedCharacters = 10_000;

    public static readonly string[] Fields = ["model", "image", "text", "explain", "user"];

    public string Route => "/memes/score";

    public IReadOnlyList<string> FieldNames => Fields;

    public async Task HandleAsync(HttpContext context)
    {
        CancellationToken cancellation = context.RequestAborted;
        using RequestJson request = await RequestJson.ReadAsync(context, bodies, Fields).ConfigureAwait(false);
        ServedModel served = catalog.Get(request.RequireText("model"));
        MemeClassifier model = served.Memes ?? throw catalog.WrongTask(served, "memes");
        request.Text("user"); // nothing is done with it
        string? text = request.Text("text");
        bool explain = request.Flag("explain");
        int limit = explain ? Math.Min(MostExplainedCharacters, options.Limits.MaxCharacters) : options.Limits.MaxCharacters;
        if (text?.Length > limit)
        {
            throw RequestException.TooLarge($"'text' has {text.Length} characters; the limit is {limit}{(explain ? " with an explanation" : "")}", "text");
        }

        if (text is null && model.Config.Text is not null && !served.ReadsImages)
        {
            throw RequestException.Bad("'text' is missing, and this server cannot read text from images", "text");
        }

        RgbImage image = await media.ImageAsync(request.RequireText("image"), "image", cancellation).ConfigureAwait(false);
        var meme = new Meme(image, text);
        MemeExplanation explanation = await served.MemeTurns.RunAsync(
            explain ? 1 + Regions + WordsOf(text) : 1,
            () => explain ? MemeExplainer.Explain(model, meme, cancellation) : new MemeExplanation(model.Score([meme], cancellation)[0], [], []),
            cancellation).ConfigureAwait(false);
        metrics.Answered(served.Id, 1, 0);
        await using var answer = new JsonAnswer(context);
        Write(answer.Json, served.Id, explanation, explain);
    }

    private static int WordsOf(string? text) => text is null ? UsualWords : Math.Min(MostWords, text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);

    private static void Write(Utf8JsonWriter json, string id, MemeExplanation explanation, bool explain)
    {
        MemeScore score = explanation.Score;
        json.WriteStartObject();
        json.WriteString("model", id);
        json.WriteNumber("score", score.Score);
        if (score.Probability is { } probability)
        {
            json.WriteNumber("probability", probability);
        }

        json.WriteBoolean("flagged", score.IsFlagged);
        json.WriteString("text", score.Text);
        json.WriteStartArray("words");
        foreach (Memes.Ocr.RecognizedWord word in score.Words)
        {
            json.WriteStartObject();
            json.WriteString("text", word.Text);
            json.WriteNumber("confidence", word.Confidence);
            WriteBox(json, word.Box);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (explain)
        {
            json.WriteStartObject("explanation");
            json.WriteStartArray("words");
            foreach (WordEffect word in explanation.Words)
            {
                json.WriteStartObject();
                json.WriteString("text", word.Text);
                json.WriteNumber("effect", word.Effect);
                if (word.Box is { } box)
                {
                    WriteBox(json, box);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("regions");
            foreach (RegionEffect region in explanation.Regions)
            {
                json.WriteStartObject();
                json.WriteNumber("effect", region.Effect);
                WriteBox(json, region.Box);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteBox(Utf8JsonWriter json, Box box)
    {
        json.WriteStartObject("box");
        json.WriteNumber("x", box.X);
        json.WriteNumber("y", box.Y);
        json.WriteNumber("width", box.Width);
        json.WriteNumber("height", box.Height);
        json.WriteEndObject();
    }
}
