using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Audio;

/// <summary>What the labels of a CTC head (Graves et al. 2006) stand for.</summary>
/// <param name="Blank">The index of the blank, which separates equal labels and stands for nothing.</param>
/// <param name="Texts">
/// The text of each label: a letter, the space that the label <c>|</c> stands for, <c> the</c> for the SentencePiece <c>▁the</c>, nothing for the
/// blank. A transcript is the texts of its labels one after another, without white space at both ends.
/// </param>
public sealed record CtcLabels(int Blank, IReadOnlyList<string> Texts)
{
    private const string Name = "ctc";

    /// <summary>The labels of letters of fairseq: label 0 is the blank, <c>|</c> a space, and labels in angle brackets stand for nothing.</summary>
    public static CtcLabels Letters(IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new(0, [.. labels.Select((label, i) => i == 0 || label is ['<', .., '>'] ? "" : label == "|" ? " " : label)]);
    }

    /// <summary>Whether two have the same blank and equal texts.</summary>
    public bool Equals(CtcLabels? other) => other is not null && Blank == other.Blank && Texts.SequenceEqual(other.Texts);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Blank, Texts.Count);

    /// <summary>Reads them from the configuration in a model file; null without a CTC head.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static CtcLabels? FromJson(JsonFields config, IReadOnlyList<string>? labels)
    {
        if (labels is null || !config.Has(Name))
        {
            return labels is null ? null : Letters(labels);
        }

        JsonFields json = config.Object(Name);
        string[] texts = [.. json.Array("texts")
            .Select(text => text.ValueKind == JsonValueKind.String ? text.GetString()! : throw json.Bad("texts", "an array of strings"))];
        return texts.Length == labels.Count
            ? new CtcLabels(json.Integer("blank", 0, labels.Count - 1), texts)
            : throw new InvalidDataException($"the configuration has {labels.Count} labels and {texts.Length} texts of labels");
    }

    /// <summary>Adds them to a configuration for a model file, unless they are those of <see cref="Letters"/>.</summary>
    internal void AddTo(JsonObject config, IReadOnlyList<string> labels)
    {
        if (!Equals(Letters(labels)))
        {
            config[Name] = new JsonObject { ["blank"] = Blank, ["texts"] = new JsonArray([.. Texts.Select(text => (JsonNode?)text)]) };
        }
    }
}
