using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Transcribes the recordings of a data set, for their references.</summary>
internal sealed class RecordingTranscripts
{
    private readonly RecordingList _list;
    private readonly string[] _ids;

    /// <param name="data">A folder or list of recordings, in the forms of fine-tuning.</param>
    /// <param name="withTranscripts">Whether it must have references.</param>
    /// <param name="model">The model.</param>
    /// <param name="bad">Receives recordings that cannot be used.</param>
    public RecordingTranscripts(string data, bool withTranscripts, SpeechModel model, BadInputs bad)
    {
        var skipped = new SkippedItems(strict: false);
        _list = SpeechLists.Read(data, SpeechOptions.For(model.Config), withTranscripts, skipped);
        foreach (SkippedItem item in skipped.Finish(data, _list.Recordings.Count))
        {
            bad.Report(item.Name, new InvalidDataException(item.Reason));
        }

        _ids = TranscriptFile.Ids(_list.Recordings);
        var known = new HashSet<string>(StringComparer.Ordinal);
        int[] twice = [.. _ids.Index().Where(pair => !known.Add(pair.Item)).Select(pair => pair.Index)];
        foreach (int item in twice)
        {
            bad.Report(_list.Recordings[item].Name, new InvalidDataException("the recording is listed twice; the second one is left out"));
        }

        _ids = [.. _ids.Index().Where(pair => !twice.Contains(pair.Index)).Select(pair => pair.Item)];
        _list = _list with { Recordings = [.. _list.Recordings.Index().Where(pair => !twice.Contains(pair.Index)).Select(pair => pair.Item)] };
    }

    /// <summary>The references that the data set has.</summary>
    public TranscriptList References => new(_list.Name, true, [.. _list.Recordings.Select((recording, i) => new TranscriptEntry(_ids[i], recording.Transcript ?? ""))]);

    /// <summary>What tells the data from other data.</summary>
    public JsonObject Describe() => new()
    {
        ["items"] = _list.Recordings.Count,
        ["files"] = EvaluationArguments.Describe(_list.Recordings.Select(recording => (recording.Key, recording.Path))),
    };

    /// <summary>Transcribes all recordings whose transcripts are not known. Bad ones are reported and left out.</summary>
    /// <returns>The transcripts, and the seconds of the recordings.</returns>
    public (TranscriptList Hypotheses, double Seconds) Transcribe(
        SpeechTranscriber transcriber, int maxSamples, ResultFile results, BadInputs bad, Action<double> report, CancellationToken cancellation)
    {
        const string Text = "text", Duration = "seconds";
        var entries = new List<TranscriptEntry>();
        double seconds = 0;
        for (int i = 0; i < _ids.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            RecordingSource source = _list.Recordings[i];
            JsonObject? result = results.Find(_ids[i]);
            if (result is null && (result = bad.Try(source.Name, () => Run(source))) is not null)
            {
                results.Add(_ids[i], result);
            }

            if (result is not null)
            {
                (string text, double length) = ResultFile.Read(_ids[i], () => (result[Text]!.GetValue<string>(), result[Duration]!.GetValue<double>()));
                entries.Add(new TranscriptEntry(_ids[i], text));
                seconds += length;
            }

            report((i + 1.0) / _ids.Length);
        }

        return entries.Count > 0 ? (new TranscriptList(_list.Name, true, entries), seconds) : throw new InvalidDataException($"{_list.Name}: none of its recordings can be transcribed");

        JsonObject Run(RecordingSource source)
        {
            using FileStream stream = File.OpenRead(source.Path);
            Waveform recording = AudioFile.Load(stream, AudioCodecs.Options with { MaxSamples = maxSamples });
            return new JsonObject { [Text] = transcriber.Transcribe(recording, cancellation), [Duration] = Math.Round(recording.Duration.TotalSeconds, 3) };
        }
    }
}
