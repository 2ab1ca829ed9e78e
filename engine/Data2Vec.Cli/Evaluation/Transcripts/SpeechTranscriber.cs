using System.Text.Json.Nodes;
using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>How the recordings of an evaluation are transcribed: whole, by the best label of each frame.</summary>
/// <param name="model">The model.</param>
/// <param name="wanted">The settings of decoding that a recipe asks for; null for none.</param>
internal sealed class SpeechTranscriber(SpeechModel model, JsonObject? wanted)
{
    /// <summary>The settings that change a transcript, for the job of a result file and the report.</summary>
    public JsonObject Settings { get; } = new() { ["decoder"] = "greedy" };

    /// <summary>What the user should know: which settings of a recipe are not used; null for nothing.</summary>
    public string? Remark => wanted is null ? null
        : $"the recipe decodes with a lexicon and an n-gram model ({string.Join(", ", wanted.Select(pair => $"{pair.Key} {pair.Value?.ToJsonString()}"))}), and this is greedy decoding, which makes more errors";

    public string Transcribe(Waveform recording, CancellationToken cancellation) => model.Transcribe(recording, cancellation);
}
