using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Recognition.Decoding;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>
/// How a published table is made: the model that it is of, the settings, and the numbers that were published. Recipes come with the program; a file of the same form
/// is one too.
/// </summary>
internal sealed class EvaluationRecipe
{
    private const string Prefix = "Evaluation/", Extension = ".json";

    private readonly JsonObject _json;
    private readonly string _name;

    private EvaluationRecipe(string name, string text)
    {
        _name = name;
        try
        {
            _json = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }) as JsonObject
                ?? throw new JsonException("not an object");
            _ = (Command, Description, Source);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{name}: this is no recipe of an evaluation ({error.Message})", error);
        }
    }

    /// <summary>The names of the recipes that come with the program.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length]).Order(StringComparer.Ordinal),
    ];

    /// <summary>The command that it is for: <c>wer</c>, <c>glue</c> or <c>imagenet</c>.</summary>
    public string Command => Text("command");

    public string Description => Text("description");

    /// <summary>Where the published numbers are from.</summary>
    public string Source => Text("source");

    /// <summary>The settings of decoding, for the decoder; null for none.</summary>
    public JsonObject? Decoding => _json["decoding"] as JsonObject;

    /// <summary>How the recipe searches a lexicon.</summary>
    public LexiconSearchOptions LexiconSearch()
    {
        var usual = new LexiconSearchOptions();
        return usual with
        {
            Beam = (int)(Setting("beam") ?? usual.Beam),
            Threshold = Setting("threshold") ?? usual.Threshold,
            ModelWeight = Setting("lm_weight") ?? usual.ModelWeight,
            WordScore = Setting("word_score") ?? usual.WordScore,
            SilenceScore = Setting("silence_score") ?? usual.SilenceScore,
        };

        double? Setting(string name) => Decoding?[name] is not { } value ? null
            : value is JsonValue number && number.TryGetValue(out double setting) && double.IsFinite(setting) && (name != "beam" || setting is >= 1 and <= 1_000_000) ? setting
            : throw new InvalidDataException($"{_name}: 'decoding.{name}' cannot be {value.ToJsonString()}");
    }

    /// <summary>Reads a recipe.</summary>
    /// <param name="nameOrPath">The name of one that comes with the program, or the path of a JSON file.</param>
    /// <param name="command">The command that it must be for; null for any.</param>
    public static EvaluationRecipe Read(string nameOrPath, string? command = null)
    {
        var recipe = new EvaluationRecipe(nameOrPath, TextOf(nameOrPath) ?? (File.Exists(nameOrPath)
            ? File.ReadAllText(nameOrPath)
            : throw new UsageException($"{nameOrPath}: no such recipe; use {string.Join(", ", Names)}, or the path of a JSON file")));
        return command is null || recipe.Command == command ? recipe : throw new UsageException($"{nameOrPath} is a recipe for data2vec evaluate {recipe.Command}");
    }

    /// <summary>The text of a recipe that comes with the program; null if there is none of that name.</summary>
    public static string? TextOf(string name)
    {
        using Stream? stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name + Extension);
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The number that was published; null if there is none.</summary>
    public double? Published(string figure) => (_json["published"] as JsonObject)?[figure] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    /// <summary>How images are prepared; null as the model's file says.</summary>
    public ImagePreprocessing? Preprocessing()
    {
        if (_json["preprocessing"] is not JsonObject settings)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(settings.ToJsonString());
            return ImagePreprocessing.FromJson(document.RootElement);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{_name}: {error.Message}", error);
        }
    }

    /// <summary>Says how a model differs from the one that the recipe is of; null if it does not.</summary>
    public string? DifferenceFrom(Data2VecModel model, string given)
    {
        string[] differences =
        [
            .. new[] { ("layers", model.Layers), ("hidden_size", model.HiddenSize) }
                .Where(fact => (_json["model"] as JsonObject)?[fact.Item1] is JsonValue value && (!value.TryGetValue(out int expected) || expected != fact.Item2))
                .Select(fact => $"{fact.Item2} {(fact.Item1 == "layers" ? "layers" : "features")} instead of {_json["model"]![fact.Item1]}"),
        ];
        return differences.Length == 0 ? null : $"{_name} is a recipe for another model: {given} has {string.Join(" and ", differences)}; the published numbers are not for it";
    }

    private string Text(string name) => _json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : throw new JsonException($"{name} is missing");
}
