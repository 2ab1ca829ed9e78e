using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;

namespace Data2Vec.Training.Updates;

/// <summary>Changes the parameters of a network after the backward passes of an update.</summary>
internal sealed class NetworkOptimizer
{
    private readonly ParameterBuffers _buffers;
    private readonly OptimizerRecipe _recipe;

    public NetworkOptimizer(ParameterBuffers buffers, OptimizerRecipe recipe)
    {
        (_buffers, _recipe) = (buffers, recipe);
        var groups = new List<ParameterGroup>();
        Adam = new Adam(recipe.Adam, buffers.Ranges(NumberOf), groups);

        int NumberOf(Parameter parameter)
        {
            ParameterGroup group = recipe.GroupOf(parameter);
            if (!groups.Contains(group))
            {
                groups.Add(group);
            }

            return groups.IndexOf(group);
        }
    }

    public Adam Adam { get; }

    /// <summary>Applies the summed gradients of an update.</summary>
    /// <param name="update">The number of updates before this one.</param>
    /// <param name="lossSum">The sum of the losses.</param>
    /// <param name="sampleSize">What the gradients are divided by.</param>
    /// <param name="rows">The rows of the network that were computed.</param>
    /// <exception cref="ArithmeticException">The gradient is not finite; no parameter has changed.</exception>
    public UpdateResult Step(long update, double lossSum, long sampleSize, long rows)
    {
        double share = 1.0 / Math.Max(1, sampleSize), norm = GradientClipping.Norm(_buffers.Gradients) * share;
        if (!double.IsFinite(norm))
        {
            throw new ArithmeticException($"the gradient of update {update} is not finite");
        }

        double clip = GradientClipping.Scale(norm, _recipe.ClipNorm), rate = _recipe.Schedule.Rate(update);
        Adam.Step(_buffers.Values, _buffers.Gradients, _buffers.Means, _buffers.Squares, rate, _buffers.HasGradient, share * clip);
        return new UpdateResult
        {
            Update = update,
            LossSum = lossSum,
            SampleSize = sampleSize,
            Rate = rate,
            GradientNorm = norm,
            ClipFactor = clip,
            Rows = rows,
        };
    }
}
