using System.Numerics.Tensors;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The vectors of an example, one for each layer, and its class or number.</summary>
internal sealed record ProbeExample(string Name, double Target, float[][] Vectors);

/// <summary>Examples for a probe, and the model that embeds them.</summary>
/// <param name="classes">The names of the classes; empty if the targets are numbers.</param>
internal abstract class ProbeExamples(IReadOnlyList<string> classes)
{
    public IReadOnlyList<string> Classes => classes;

    public abstract TrainingData Data { get; }

    /// <summary>Embeds some examples. Bad ones are reported and left out.</summary>
    /// <param name="items">The numbers of the examples.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="allLayers">Whether to compute the vectors of all layers.</param>
    /// <param name="bad">Receives the bad examples.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    public abstract IEnumerable<ProbeExample> Embed(int[] items, EmbeddingOptions options, bool allLayers, BadInputs bad, CancellationToken cancellation);
}

/// <summary>Examples of one kind.</summary>
/// <typeparam name="TInput">The input of the model.</typeparam>
/// <typeparam name="TElement">The elements of a prepared input.</typeparam>
/// <typeparam name="TTarget">The number of a class (<see cref="int"/>), or a number (<see cref="float"/>).</typeparam>
internal sealed class ProbeExamples<TInput, TElement, TTarget>(EncoderModel<TInput, TElement> model, TrainingData<TElement, TTarget> data, IReadOnlyList<string> classes)
    : ProbeExamples(classes)
    where TElement : unmanaged
    where TTarget : struct, IConvertible
{
    public override TrainingData Data => data;

    public override IEnumerable<ProbeExample> Embed(int[] items, EmbeddingOptions options, bool allLayers, BadInputs bad, CancellationToken cancellation)
    {
        TrainingItem<TElement, TTarget>[] loaded = ItemLoading.Load(data, items, bad, cancellation);
        float[][]? together = null;
        if (!allLayers && loaded.Length > 1)
        {
            try
            {
                together = model.EmbedPrepared([.. loaded.Select(item => item.Input)], options, cancellation);
            }
            catch (Exception problem) when (BadInputs.IsBadInput(problem))
            {
                // One by one shows which example is at fault.
            }
        }

        return [.. loaded.Select((item, i) => bad.Try(data.Name(item.Item), () =>
        {
            float[][] vectors = together is not null ? [together[i]]
                : allLayers ? model.EmbedPreparedLayers(item.Input, options, cancellation)
                : [model.EmbedPrepared(item.Input, options, cancellation)];
            return vectors.All(vector => TensorPrimitives.IsFiniteAll<float>(vector))
                ? new ProbeExample(data.Name(item.Item), item.Target.ToDouble(CultureInfo.InvariantCulture), vectors)
                : throw new InvalidDataException("the model's output is not finite");
        })).OfType<ProbeExample>()];
    }
}
