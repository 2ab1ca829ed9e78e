using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;

namespace Data2Vec.Corpus;

/// <summary>
/// What is spoken in each recording: the columns <c>text</c> and <c>seconds</c>, and with <see cref="Words"/> the column <c>words</c>, a JSON array with the text, the
/// start and the end in seconds, and the confidence of each word.
/// </summary>
public sealed record TranscribeTask : CorpusTask
{
    private const int DecimalsOfTimes = 3, DecimalsOfConfidence = 4;

    /// <summary>A task that finds words by the most probable label of each frame.</summary>
    /// <param name="modelPath">The model file, which has a CTC head.</param>
    public TranscribeTask(string modelPath)
        : base(modelPath)
    {
    }

    /// <summary>Whether the words and their times are kept.</summary>
    public bool Words { get; init; }

    /// <summary>How long recordings are handled; null for windows, see <see cref="InputOptions.LongRecordings"/>.</summary>
    public LongRecordingPolicy? LongRecordings { get; init; }

    /// <summary>The windows of long recordings; null for the usual ones.</summary>
    public RecordingWindows? Windows { get; init; }

    internal override string Name => "transcribe";

    private TranscribeOptions Options => new() { LongRecordings = LongRecordings, Windows = Windows };

    internal override Modality ModalityOf(D2vFile model) => base.ModalityOf(model) is Modality.Speech and var modality ? modality
        : throw new InvalidDataException($"{model.Path}: transcribing needs a model of recordings, and this one takes {base.ModalityOf(model).Inputs()}");

    internal override void AddTo(JsonObject options)
    {
        TaskOptions.Set(options, "words", Words ? true : null);
        TaskOptions.AddInputs(options, Options);
    }

    internal override TaskRunner Load(D2vFile model, WorkerOptions options)
    {
        SpeechModel speech = Data2VecModel.Load<SpeechModel>(model, options.ForModel(null));
        if (!speech.CanTranscribe)
        {
            speech.Dispose();
            throw new InvalidDataException($"{ModelPath}: the model has no CTC head: it gives vectors, not text");
        }

        return new Runner(speech, Options, Words);
    }

    private sealed class Runner(SpeechModel model, TranscribeOptions options, bool withWords) : TaskRunner
    {
        public override IReadOnlyList<ResultColumn> Columns { get; } =
            [new("text", ColumnType.Text), new("seconds", ColumnType.Double), .. withWords ? [new("words", ColumnType.Text)] : (ResultColumn[])[]];

        public override int RowsAtOnce => model.PreferredRows;

        public override ReadyRow Prepare(LoadedInput input, CancellationToken cancellation)
        {
            TranscriptionPlan plan = model.PlanOf(input.Recording!, options, cancellation);
            return new ReadyRow(plan.Parts.Sum(part => model.CountRows(part.Span)), (long)input.Recording!.Samples.Length * sizeof(float), plan);
        }

        public override object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation)
        {
            TranscriptionPlan[] plans = [.. rows.Select(row => (TranscriptionPlan)row.Content)];
            float[][] scores = model.Scores([.. plans.SelectMany(plan => plan.Parts)], cancellation);
            int next = 0;
            return
            [
                .. plans.Select(plan =>
                {
                    Transcript transcript = plan.Read(scores[next..(next + plan.Parts.Count)])[0];
                    next += plan.Parts.Count;
                    return Values(transcript);
                }),
            ];
        }

        public override object?[] Run(StreamedRecording recording, CancellationToken cancellation) => Values(model.TranscribeWithTimes(recording, options, cancellation));

        protected override void Free() => model.Dispose();

        private object?[] Values(Transcript transcript) =>
            [transcript.Text, Math.Round(transcript.Duration.TotalSeconds, DecimalsOfTimes), .. withWords ? [WordsJson(transcript)] : (object?[])[]];

        private static string WordsJson(Transcript transcript) => JsonSerializer.Serialize(
            new JsonArray([.. transcript.Words.Select(word => new JsonObject
            {
                ["text"] = word.Text,
                ["start"] = Math.Round(word.Start.TotalSeconds, DecimalsOfTimes),
                ["end"] = Math.Round(word.End.TotalSeconds, DecimalsOfTimes),
                ["confidence"] = Math.Round(word.Confidence, DecimalsOfConfidence),
            })]),
            TextJson.Options);
    }
}
