using System.Runtime.CompilerServices;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Data;
using Data2Vec.Training.Masking;
using Data2Vec.Training.Network;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Schedules;
using Data2Vec.Vision;

namespace Data2Vec.Training.Runs;

/// <summary>Pretrains a model on data without labels (Baevski et al. 2022).</summary>
public static class PretrainingRun
{
    /// <summary>Pretrains a speech or image model.</summary>
    /// <param name="recipe">How.</param>
    /// <param name="start">The model to start from.</param>
    /// <param name="data">The recordings or images.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    /// <exception cref="InvalidDataException">The recipe does not fit the model, the folder has another run, or too many items are bad.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled; called again with the same arguments, it goes on.</exception>
    public static Task<RunOutcome> RunAsync(
        PretrainingRecipe recipe, ModelStart start, TrainingData<float, NoTarget> data, RunOptions options, IProgress<RunReport>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return RunAsync(recipe, start, data, options, recipe.Modality == Modality.Speech ? new SpeechMasking(recipe.Mask) : new ImageMasking(recipe.Mask), progress, cancellationToken);
    }

    /// <summary>Pretrains a text model.</summary>
    /// <inheritdoc cref="RunAsync(PretrainingRecipe, ModelStart, TrainingData{float, NoTarget}, RunOptions, IProgress{RunReport}, CancellationToken)"/>
    /// <param name="recipe">How.</param>
    /// <param name="start">The model to start from.</param>
    /// <param name="data">The texts.</param>
    /// <param name="maskId">The id of the mask token.</param>
    /// <param name="options">Where the run writes, and what it may use.</param>
    /// <param name="progress">Receives a report after each update.</param>
    /// <param name="cancellationToken">Ends the run after the current update and saves its state.</param>
    public static Task<RunOutcome> RunAsync(
        PretrainingRecipe recipe, ModelStart start, TrainingData<int, NoTarget> data, int maskId, RunOptions options, IProgress<RunReport>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return RunAsync(recipe, start, data, options, new TextMasking(recipe.Mask, maskId), progress, cancellationToken);
    }

    private static async Task<RunOutcome> RunAsync<T>(
        PretrainingRecipe recipe, ModelStart start, TrainingData<T, NoTarget> data, RunOptions options, IMasking<T> masking, IProgress<RunReport>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        RecipeChecks.Require(recipe);
        TrainableModels.Require(start.Config);
        start = start.WithoutHead();
        if (start.Config.Modality != recipe.Modality)
        {
            throw new InvalidDataException($"the recipe is for {recipe.Modality.Inputs()}, but the model takes {start.Config.Modality.Inputs()}");
        }

        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        PretrainingObjective published = PretrainingObjective.Of(recipe.Modality);
        PretrainingObjective objective = published with
        {
            TopLayers = recipe.TopLayers ?? Math.Min(published.TopLayers, start.Config.Layers),
            Loss = published.Loss with { Beta = recipe.LossBeta ?? published.Loss.Beta },
        };
        Func<Parameter, float[]?> values = start.Values(recipe.Seed);
        using var trainer = new Pretrainer<T>(
            start.Config, objective, recipe.Optimizer.Create(start.Config, recipe.Updates, threads),
            new TeacherDecaySchedule(recipe.Teacher.Start, recipe.Teacher.End, recipe.Teacher.Updates),
            new RecordingOptions { Dropout = recipe.Dropout, Seed = recipe.Seed, KeptBytes = options.KeptBytes },
            new CpuBackend(options.Threads), ValuesOf, start.ShapeOf)
        {
            Sums = new RunSums(options.Exchange),
        };
        var plan = new RunPlan
        {
            Recipe = RecipeFile.ToJson(recipe),
            Model = start.Config,
            Assets = start.Assets,
            Seed = recipe.Seed,
            Updates = recipe.Updates,
            Accumulate = recipe.Batch.Accumulate,
            Data = data.Fingerprint,
            NameOf = data.Name,
        };
        var reader = BatchReading.Reader(data, start.Config, recipe.Batch, recipe.Seed, options);
        return await new TrainingLoop<PretrainingBatch<T>>(trainer, plan, options, progress).RunAsync(Batches, cancellation).ConfigureAwait(false);

        float[]? ValuesOf(Parameter parameter) => values(
            recipe.LayerScale is { } scale && parameter.Name.EndsWith("_scale", StringComparison.Ordinal) ? parameter with { Initial = new InitialValue((float)scale) } : parameter);

        async IAsyncEnumerable<(PretrainingBatch<T>? Batch, BatchPosition Next)> Batches(BatchPosition from, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (Batch<T, NoTarget> batch in reader.ReadAsync(from, cancellationToken: token).ConfigureAwait(false))
            {
                // Masks are drawn when the update is known, which is now: batches are used in their order.
                yield return (batch.Items.Count == 0 ? null : masking.Mask(trainer.Student.Encoder, batch.Items, recipe.Seed, trainer.Updates), batch.Next);
            }
        }
    }
}

/// <summary>Draws the masks of a modality.</summary>
internal interface IMasking<T>
{
    PretrainingBatch<T> Mask(Transformer.Encoder<T> encoder, IReadOnlyList<TrainingItem<T, NoTarget>> items, ulong seed, long update);
}

/// <summary>Spans of frames.</summary>
internal sealed class SpeechMasking(MaskSettings settings) : IMasking<float>
{
    public PretrainingBatch<float> Mask(Transformer.Encoder<float> encoder, IReadOnlyList<TrainingItem<float, NoTarget>> items, ulong seed, long update)
    {
        int[] lengths = [.. items.Select(item => encoder.Rows(item.Input.Span))];
        long[] numbers = [.. items.Select(item => (long)item.Item)];
        var mask = new bool[lengths.Sum()];
        settings.Spans(fewest: 1).Draw(new RandomSource(seed, update, RandomSite.TimeMask), numbers, lengths, mask);
        ReadOnlyMemory<float>[] inputs = [.. items.Select(item => item.Input)];
        return new PretrainingBatch<float>(numbers, inputs, inputs, mask);
    }
}

/// <summary>Blocks of patches.</summary>
internal sealed class ImageMasking(MaskSettings settings) : IMasking<float>
{
    public PretrainingBatch<float> Mask(Transformer.Encoder<float> encoder, IReadOnlyList<TrainingItem<float, NoTarget>> items, ulong seed, long update)
    {
        int grid = ((VisionConfig)encoder.Config).GridSize, rows = 1 + grid * grid;
        var block = new BlockMask(grid, grid, settings.Patches) { MinimumBlock = settings.LeastBlock, MaximumBlock = settings.LargestBlock };
        var source = new RandomSource(seed, update, RandomSite.BlockMask);
        var mask = new bool[items.Count * rows];
        for (int i = 0; i < items.Count; i++)
        {
            // The class token, which is the first row, is not masked.
            block.Draw(source, items[i].Item, mask.AsSpan(i * rows + 1, rows - 1));
        }

        ReadOnlyMemory<float>[] inputs = [.. items.Select(item => item.Input)];
        return new PretrainingBatch<float>([.. items.Select(item => (long)item.Item)], inputs, inputs, mask);
    }
}

/// <summary>Spans of tokens, which become mask tokens.</summary>
internal sealed class TextMasking(MaskSettings settings, int maskId) : IMasking<int>
{
    public PretrainingBatch<int> Mask(Transformer.Encoder<int> encoder, IReadOnlyList<TrainingItem<int, NoTarget>> items, ulong seed, long update)
    {
        var tokens = new TokenMask(maskId) { Probability = settings.Probability, SpanLength = settings.Length };
        var source = new RandomSource(seed, update, RandomSite.TokenMask);
        var masked = new List<ReadOnlyMemory<int>>();
        var mask = new List<bool>();
        foreach (TrainingItem<int, NoTarget> item in items)
        {
            var input = new int[item.Input.Length];
            var chosen = new bool[input.Length];
            tokens.Draw(source, item.Item, item.Input.Span, [], input, chosen);
            masked.Add(input);
            mask.AddRange(chosen);
        }

        return new PretrainingBatch<int>([.. items.Select(item => (long)item.Item)], [.. items.Select(item => item.Input)], masked, [.. mask]);
    }
}
