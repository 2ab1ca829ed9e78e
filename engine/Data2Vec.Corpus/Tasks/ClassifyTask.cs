using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>
/// The label of each text or image: the columns <c>label</c>, <c>probability</c> and <c>probabilities</c>, which has a number for each label of the model in its
/// order. The names of the labels are in the file's metadata as <c>data2vec.labels</c>, a JSON array.
/// </summary>
public sealed record ClassifyTask : CorpusTask
{
    /// <summary>The name of the metadata with the labels.</summary>
    internal const string LabelsFact = "data2vec.labels";

    /// <summary>A task with the model's own treatment of inputs.</summary>
    /// <param name="modelPath">The model file, which has a classification head.</param>
    public ClassifyTask(string modelPath)
        : base(modelPath)
    {
    }

    /// <summary>How inputs are handled.</summary>
    public ClassificationOptions Options { get; init; } = new();

    /// <summary>The input size of a vision transformer, see <see cref="ModelOptions.ImageSize"/>.</summary>
    public int? ImageSize { get; init; }

    internal override string Name => "classify";

    internal override Modality ModalityOf(D2vFile model) => base.ModalityOf(model) is not Modality.Speech and var modality ? modality
        : throw new InvalidDataException($"{model.Path}: models of recordings have no labels; transcribe them");

    internal override void AddTo(JsonObject options)
    {
        TaskOptions.AddInputs(options, Options);
        TaskOptions.Set(options, "image_size", ImageSize);
    }

    internal override TaskRunner Load(D2vFile model, WorkerOptions options)
    {
        Data2VecModel loaded = Data2VecModel.Load(model, options.ForModel(ImageSize));
        if (loaded.Labels is null)
        {
            loaded.Dispose();
            throw new InvalidDataException($"{ModelPath}: the model has no classification head: it gives vectors, not labels");
        }

        return loaded is TextModel text
            ? new Runner<string, int>(text, Options, input => input.Text!, sizeof(int))
            : new Runner<RgbImage, float>((VisionModel)loaded, Options, input => input.Image!, sizeof(float));
    }

    private sealed class Runner<TInput, TElement>(ClassifierModel<TInput, TElement> model, ClassificationOptions options, Func<LoadedInput, TInput> select, int elementBytes) : TaskRunner
        where TElement : unmanaged
    {
        public override IReadOnlyList<ResultColumn> Columns { get; } =
            [new("label", ColumnType.Text), new("probability", ColumnType.Single), new("probabilities", ColumnType.Singles)];

        public override IReadOnlyDictionary<string, string> Facts { get; } =
            new Dictionary<string, string> { [LabelsFact] = JsonSerializer.Serialize(model.Labels, TextJson.Options) };

        public override int RowsAtOnce => model.PreferredRows;

        public override ReadyRow Prepare(LoadedInput input, CancellationToken cancellation)
        {
            ReadyInput<TElement> ready = model.MakeReady(select(input), options, cancellation);
            return new ReadyRow(ready.RowCount, ready.Prepared.Parts.Sum(part => (long)part.Length) * elementBytes, ready);
        }

        public override object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation) =>
            [.. model.ProbabilitiesReady([.. rows.Select(row => (ReadyInput<TElement>)row.Content)], cancellation).Select(Values)];

        protected override void Free() => model.Dispose();

        private object?[] Values(float[] probabilities)
        {
            int best = Array.IndexOf(probabilities, probabilities.Max());
            return best < 0 ? [null, float.NaN, probabilities] : [model.Labels![best], probabilities[best], probabilities];
        }
    }
}
