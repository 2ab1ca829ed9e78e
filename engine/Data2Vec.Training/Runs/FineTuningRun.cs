using System.Runtime.CompilerServices;
using Data2Vec.Audio;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Text;
using Data2Vec.Training.Data;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Network;
using Data2Vec.Training.Recipes;
using Data2Vec.Vision;

namespace Data2Vec.Training.Runs;

/// <summary>Teaches a pretrained model a task, from examples.</summary>
public static class FineTuningRun
{
    /// <summary>Teaches a speech model to transcribe.</summary>
    /// <param name="recipe">How.</param>
    /// <param name="start">The pretrained model.</param>
    /// <param name="data">The recordings with the numbers of their labels.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="validation">Recordings to measure with; null for none.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    /// <exception cref="InvalidDataException">The recipe does not fit the model, the folder has another run, or too many items are bad.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled; called again with the same arguments, it goes on.</exception>
    public static Task<RunOutcome> TranscribeAsync(
        FineTuningRecipe recipe, ModelStart start, TrainingData<float, int[]> data, TranscriptLabels labels, TrainingData<float, int[]>? validation, RunOptions options,
        IProgress<RunReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return RunAsync(recipe, start, data, validation, new TranscriptTask(Encoder<AudioConfig>(recipe, start), labels, recipe), options, progress, cancellationToken);
    }

    /// <summary>Teaches a text model to classify texts or pairs of texts.</summary>
    /// <inheritdoc cref="TranscribeAsync"/>
    /// <param name="recipe">How.</param>
    /// <param name="start">The pretrained model.</param>
    /// <param name="data">The texts with the numbers of their classes.</param>
    /// <param name="classes">The classes.</param>
    /// <param name="validation">Texts to measure with; null for none.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    public static Task<RunOutcome> ClassifyTextAsync(
        FineTuningRecipe recipe, ModelStart start, TrainingData<int, int> data, IReadOnlyList<string> classes, TrainingData<int, int>? validation, RunOptions options,
        IProgress<RunReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(recipe, start, data, validation, new TextClassTask(Encoder<TextConfig>(recipe, start), classes, recipe), options, progress, cancellationToken);

    /// <summary>Teaches a text model to give a number for each text or pair of texts.</summary>
    /// <inheritdoc cref="TranscribeAsync"/>
    /// <param name="recipe">How.</param>
    /// <param name="start">The pretrained model.</param>
    /// <param name="data">The texts with their numbers.</param>
    /// <param name="validation">Texts to measure with; null for none.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    public static Task<RunOutcome> ScoreTextAsync(
        FineTuningRecipe recipe, ModelStart start, TrainingData<int, float> data, TrainingData<int, float>? validation, RunOptions options,
        IProgress<RunReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(recipe, start, data, validation, new TextScoreTask(Encoder<TextConfig>(recipe, start)), options, progress, cancellationToken);

    /// <summary>Teaches an image model to classify images.</summary>
    /// <inheritdoc cref="TranscribeAsync"/>
    /// <param name="recipe">How.</param>
    /// <param name="start">The pretrained model.</param>
    /// <param name="data">The images with the numbers of their classes.</param>
    /// <param name="classes">The classes.</param>
    /// <param name="validation">Images to measure with; null for none.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    public static Task<RunOutcome> ClassifyImagesAsync(
        FineTuningRecipe recipe, ModelStart start, TrainingData<float, int> data, IReadOnlyList<string> classes, TrainingData<float, int>? validation, RunOptions options,
        IProgress<RunReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(recipe, start, data, validation, new ImageClassTask(Encoder<VisionConfig>(recipe, start), classes, recipe), options, progress, cancellationToken);

    /// <summary>The updates of a run: those of the recipe, or as many as its epochs have.</summary>
    internal static long Updates(FineTuningRecipe recipe, ModelConfig model, TrainingData data, int ranks)
    {
        if (recipe.Updates is { } updates)
        {
            return updates;
        }

        long batches = BatchReading.Plan(data, model, recipe.Batch, recipe.Seed).Share(0, ranks).Count;
        return Math.Max(1, (long)Math.Ceiling(recipe.Epochs * batches / recipe.Batch.Accumulate));
    }

    private static TConfig Encoder<TConfig>(FineTuningRecipe recipe, ModelStart start)
        where TConfig : ModelConfig
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(start);
        RecipeChecks.Require(recipe);
        TrainableModels.Require(start.Config);
        return start.Config is TConfig config && start.Config.Modality == recipe.Modality
            ? config
            : throw new InvalidDataException($"the recipe is for {recipe.Modality.Inputs()}, but the model takes {start.Config.Modality.Inputs()}");
    }

    private static async Task<RunOutcome> RunAsync<T, TItem, TTarget>(
        FineTuningRecipe recipe, ModelStart start, TrainingData<T, TItem> data, TrainingData<T, TItem>? validation, FineTuningTask<T, TItem, TTarget> task,
        RunOptions options, IProgress<RunReport>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        string metric = recipe.BestBy ?? task.Metrics[0];
        if (!task.Metrics.Contains(metric))
        {
            throw new InvalidDataException($"'best_by' is '{metric}'; what is measured here is {string.Join(", ", task.Metrics)}");
        }

        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        var reader = BatchReading.Reader(data, task.Config, recipe.Batch, recipe.Seed, options);
        long updates = Updates(recipe, task.Config, data, options.Exchange.Count);
        var skipped = new HashSet<int>();
        using var trainer = new FineTuner<T, TTarget>(
            task.Config, task.Loss, recipe.Optimizer.Create(task.Config, updates, threads),
            new RecordingOptions { Dropout = recipe.Dropout, Seed = recipe.Seed, KeptBytes = options.KeptBytes },
            new CpuBackend(options.Threads), start.For(task.Config).Values(recipe.Seed),
            (parameter, update) => FineTuningRules.Learns(parameter.Name, update < recipe.FrozenUpdates, recipe.FixesExtractor), start.ShapeOf)
        {
            Sums = new RunSums(options.Exchange),
        };
        var plan = new RunPlan
        {
            Recipe = RecipeFile.ToJson(recipe),
            Model = task.Config,
            Assets = start.Assets,
            Seed = recipe.Seed,
            Updates = updates,
            Accumulate = recipe.Batch.Accumulate,
            Data = data.Fingerprint,
            NameOf = data.Name,
            ValidateEvery = recipe.ValidateEvery ?? 0,
            Validate = validation is null ? null : token => (metric, Measure(trainer.Network, task, validation, Skip, token), HigherIsBetter: metric is not ("wer" or "cer" or "squared_error")),
        };
        return await new TrainingLoop<FineTuningBatch<T, TTarget>>(trainer, plan, options, progress).RunAsync(Batches, cancellation).ConfigureAwait(false);

        // A bad item is named once, not by each validation.
        void Skip(int item, InvalidDataException error)
        {
            if (options.Strict)
            {
                throw error;
            }

            if (skipped.Add(item))
            {
                options.Skipped?.Invoke(new SkippedItem(validation!.Name(item), ItemErrors.Reason(error.InnerException ?? error)));
            }
        }

        async IAsyncEnumerable<(FineTuningBatch<T, TTarget>? Batch, BatchPosition Next)> Batches(BatchPosition from, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (Batch<T, TItem> batch in reader.ReadAsync(from, cancellationToken: token).ConfigureAwait(false))
            {
                yield return (batch.Items.Count == 0 ? null : task.Batch(batch.Items, trainer.Updates), batch.Next);
            }
        }
    }

    /// <summary>Answers all examples, in small batches, without dropout and masks.</summary>
    private static IReadOnlyDictionary<string, double> Measure<T, TItem, TTarget>(
        TrainableNetwork<T> network, FineTuningTask<T, TItem, TTarget> task, TrainingData<T, TItem> data, Action<int, InvalidDataException> skip, CancellationToken cancellation)
    {
        const int RowsAtOnce = 1024;
        var answers = new List<(TItem, float[])>();
        var items = new List<TrainingItem<T, TItem>>();
        int rows = 0, labels = network.Config.Labels!.Count;
        for (int i = 0; i <= data.Count; i++)
        {
            if (i == data.Count || rows >= RowsAtOnce)
            {
                Answer(network, items, answers, labels, cancellation);
                items.Clear();
                rows = 0;
            }

            if (i < data.Count)
            {
                try
                {
                    TrainingItem<T, TItem> item = data.Load(i, new EpochRandom(0, 0));
                    rows += network.Encoder.Rows(item.Input.Span);
                    items.Add(item);
                }
                catch (InvalidDataException error)
                {
                    skip(i, error);
                }
            }
        }

        return answers.Count > 0 ? task.Measure(answers, labels) : throw new InvalidDataException("none of the items to measure with can be read");
    }

    private static void Answer<T, TItem>(
        TrainableNetwork<T> network, List<TrainingItem<T, TItem>> items, List<(TItem, float[])> answers, int labels, CancellationToken cancellation)
    {
        if (items.Count == 0)
        {
            return;
        }

        using Inference run = network.Begin();
        Sequences sequences = run.Sequences([.. items.Select(item => network.Encoder.Rows(item.Input.Span))]);
        Tensor x = network.Encoder.Embed(run, [.. items.Select(item => item.Input)], sequences, null, cancellation);
        Tensor scores = network.Encoder.Head(run, network.Encoder.Contextualize(run, x, sequences, null, null, cancellation), sequences);
        float[][] each = [.. items.Select((_, i) => new float[(network.Encoder.HeadScoresRows ? sequences.Length(i) : 1) * labels])];
        run.Download(scores, each);
        answers.AddRange(items.Select((item, i) => (item.Target, each[i])));
    }
}
