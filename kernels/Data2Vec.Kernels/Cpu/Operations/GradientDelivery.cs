using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Where the gradient of the weights of one output lies: that of a tap and a channel is <c>tap * TapStep + channel * ChannelStep</c> after the first.</summary>
/// <param name="First">The address of the first number; null if the weights do not learn.</param>
/// <param name="ChannelStep">From a channel to the next.</param>
/// <param name="TapStep">From a tap to the next.</param>
/// <param name="StartsPanel">Whether it is the first column of a panel.</param>
internal readonly unsafe record struct OutputGradient(nint First, nint ChannelStep, nint TapStep, bool StartsPanel)
{
    /// <summary>Whether the gradients of neighbouring outputs form one panel of a width.</summary>
    public static bool ArePanel(ReadOnlySpan<OutputGradient> outputs, int width) =>
        outputs[0].StartsPanel && outputs[0].ChannelStep == width
        && outputs[^1] == outputs[0] with { First = outputs[0].First + (outputs.Length - 1) * sizeof(float), StartsPanel = outputs.Length == 1 };
}

/// <summary>
/// Adds panels of sums that could not be added up in the memory of the gradients, a panel a task: of outputs with a scale that learns, whose sums also give
/// the gradient of the scale, and of weights that are not such panels themselves.
/// </summary>
/// <param name="weights">The weights.</param>
/// <param name="sums">The panels of sums; null for those without any.</param>
/// <param name="isTemporary">Whether the sums of a panel are still to be added.</param>
/// <param name="columnSums">The sums of the columns, 32 for each panel.</param>
/// <param name="targets">The gradients, one for each output; null for those that do not learn.</param>
/// <param name="scale">The gradient of the scale; null if it does not learn.</param>
internal readonly unsafe struct GradientDelivery<S, V>(
    PanelMatrix weights, float** sums, bool* isTemporary, float* columnSums, OutputGradient* targets, float* scale) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>The steps of the depth whose products are added before they are added to the others, which keeps long sums accurate.</summary>
    private const int DepthBlock = 64;

    public int Tasks => weights.PanelCount;

    public void Run(int task)
    {
        if (!isTemporary[task])
        {
            return;
        }

        (int output, int count, int width) = weights.Columns(task);
        if (scale != null)
        {
            AddScale(task, output, count, width);
        }

        if (OutputGradient.ArePanel(new ReadOnlySpan<OutputGradient>(targets + output, count), width))
        {
            AddPanel(sums[task], width, scale == null ? null : weights.Scale + output, (float*)targets[output].First);
            return;
        }

        for (int column = 0; column < count; column++)
        {
            OutputGradient target = targets[output + column];
            if (target.First != 0)
            {
                AddColumn(sums[task] + column, width, scale == null ? 1 : weights.Scale[output + column], target);
            }
        }
    }

    /// <summary>The gradient of a scale: the product of the weights and the sums, and of the bias and the column's sum.</summary>
    [SkipLocalsInit]
    private void AddScale(int panel, int output, int count, int width)
    {
        float* products = stackalloc float[PanelLayout.Width];
        int depth = weights.Taps * weights.Depth;
        for (int i = 0; i < width; i += S.Width)
        {
            float* weight = weights.Panels[panel] + i, sum = sums[panel] + i;
            V total = S.Create(0f);
            for (int start = 0; start < depth; start += DepthBlock)
            {
                V part = S.Create(0f);
                for (int rows = Math.Min(DepthBlock, depth - start); rows > 0; rows--, weight += width, sum += width)
                {
                    part = S.MultiplyAdd(S.Load(weight), S.Load(sum), part);
                }

                total = S.Add(total, part);
            }

            S.Store(products + i, total);
        }

        for (int column = 0; column < count; column++)
        {
            scale[output + column] += products[column] + weights.Bias[output + column] * columnSums[panel * PanelLayout.Width + column];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddPanel(float* sum, int width, float* factors, float* to)
    {
        for (int row = 0; row < weights.Taps * weights.Depth; row++, sum += width, to += width)
        {
            for (int i = 0; i < width; i += S.Width)
            {
                V factor = factors == null ? S.Create(1f) : S.Load(factors + i);
                S.Store(to + i, S.MultiplyAdd(factor, S.Load(sum + i), S.Load(to + i)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddColumn(float* sum, int width, float factor, OutputGradient target)
    {
        for (int tap = 0; tap < weights.Taps; tap++)
        {
            float* to = (float*)target.First + tap * target.TapStep;
            for (int channel = 0; channel < weights.Depth; channel++, sum += width, to += target.ChannelStep)
            {
                *to += factor * *sum;
            }
        }
    }
}
