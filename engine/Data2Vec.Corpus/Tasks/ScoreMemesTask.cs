using System.Text.Json.Nodes;
using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;

namespace Data2Vec.Corpus;

/// <summary>
/// The score of each image with text in it: the columns <c>score</c>, <c>probability</c>, <c>flagged</c> and <c>text</c>. The text comes from the table of inputs, from
/// the file <c>IMAGE.ocr</c>, or is read from the image.
/// </summary>
public sealed record ScoreMemesTask : CorpusTask
{
    /// <summary>A task that reads English texts.</summary>
    /// <param name="modelPath">A meme model.</param>
    public ScoreMemesTask(string modelPath)
        : base(modelPath)
    {
    }

    /// <summary>Tesseract's names of the languages in the images.</summary>
    public string Languages { get; init; } = new OcrOptions().Languages;

    internal override string Name => "memes";

    internal override Modality ModalityOf(D2vFile model) => model.Architecture == MemeConfig.Architecture ? Modality.Vision
        : throw new InvalidDataException($"{model.Path}: this is no meme model (its architecture is {model.Architecture})");

    internal override void AddTo(JsonObject options) => TaskOptions.Set(options, "languages", Languages == new OcrOptions().Languages ? null : Languages);

    internal override TaskRunner Load(D2vFile model, WorkerOptions options)
    {
        // The classifier opens the file itself.
        model.Dispose();
        ITextRecognizer recognizer = TextRecognizers.Open(Languages);
        return new Runner(MemeClassifier.Load(options.ModelPath ?? ModelPath, new MemeOptions { TextRecognizer = recognizer, Backend = options.Backend, Threads = options.Threads }), recognizer);
    }

    private sealed class Runner(MemeClassifier classifier, ITextRecognizer recognizer) : TaskRunner
    {
        private const int ImagesAtOnce = 16;

        public override IReadOnlyList<ResultColumn> Columns { get; } =
            [new("score", ColumnType.Single), new("probability", ColumnType.Double), new("flagged", ColumnType.Boolean), new("text", ColumnType.Text)];

        // A row is an image here.
        public override int RowsAtOnce => ImagesAtOnce;

        public override ReadyRow Prepare(LoadedInput input, CancellationToken cancellation) =>
            new(1, 3L * input.Image!.Width * input.Image.Height, new Meme(input.Image, input.Text));

        public override object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation) =>
        [
            .. classifier.Score([.. rows.Select(row => (Meme)row.Content)], cancellation)
                .Select(score => (object?[])[score.Score, score.Probability, score.IsFlagged, score.Text]),
        ];

        protected override void Free()
        {
            classifier.Dispose();
            (recognizer as IDisposable)?.Dispose();
        }
    }
}
