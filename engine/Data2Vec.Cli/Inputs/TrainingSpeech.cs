using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Training.Data;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>How recordings to train on are read.</summary>
internal static class TrainingSpeech
{
    private const string LengthsName = "lengths.tsv";

    public static SpeechOptions Options(AudioConfig model, int least, int most, RunOptions run) => SpeechOptions.For(model) with
    {
        MinSamples = least,
        MaxSamples = most,
        Audio = AudioCodecs.Options,
        Strict = run.Strict,
        // A run that goes on does not measure the recordings again.
        LengthsFile = !run.IsTrial && run.Exchange.Rank == 0 && Directory.Exists(run.Folder) ? Path.Combine(run.Folder, LengthsName) : null,
    };
}
