using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Cli;

/// <summary>How the recordings of an evaluation are transcribed.</summary>
/// <param name="model">The model.</param>
/// <param name="decoder">Finds the words in its outputs.</param>
/// <param name="given">The options of decoding that the user gave.</param>
/// <param name="wanted">The settings of decoding that a recipe asks for; null for none.</param>
internal sealed class SpeechTranscriber(SpeechModel model, CtcDecoder decoder, JsonObject given, JsonObject? wanted)
{
    // The tables of papers are of whole recordings.
    private readonly TranscribeOptions _options = new() { Decoder = decoder, LongRecordings = wanted is null ? LongRecordingPolicy.Chunk : LongRecordingPolicy.Whole };

    /// <summary>The settings that change a transcript, for the job of a result file and the report.</summary>
    public JsonObject Settings { get; } = new()
    {
        ["decoder"] = decoder switch { GreedyCtcDecoder => "greedy", LexiconCtcDecoder => "lexicon", _ => "open" },
        ["options"] = given,
        ["recipe"] = decoder is LexiconCtcDecoder ? wanted?.DeepClone() : null,
    };

    /// <summary>What the user should know: which settings of a recipe are not used; null for nothing.</summary>
    public string? Remark => wanted is null || decoder is LexiconCtcDecoder ? null
        : $"the recipe decodes with a lexicon and an n-gram model ({string.Join(", ", wanted.Select(pair => $"{pair.Key} {pair.Value?.ToJsonString()}"))}); give --lexicon and --lm; "
            + "this is decoding without a lexicon, which makes more errors";

    public string Transcribe(Waveform recording, CancellationToken cancellation) => model.TranscribeWithTimes(recording, _options, cancellation).Text;
}
