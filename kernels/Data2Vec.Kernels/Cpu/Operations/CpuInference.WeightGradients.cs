using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Cpu;

/// <content>The gradients of weights, which linear layers and convolutions share.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    /// <summary>Fewer than for other products, as a task copies its inputs once for all its panels.</summary>
    private const int GradientTasksPerThread = TasksPerThread / 2;

    private bool Learns(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts)
    {
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            if (GradientOf(weight) != null || GradientOf(bias) != null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds the gradients of weights and biases, and of a scale without an activation.</summary>
    /// <param name="left">The inputs, in blocks of up to <see cref="WeightGradientJob{S, V}.LargestBlock"/> rows.</param>
    /// <param name="matrix">The weights.</param>
    /// <param name="parts">The weights as they were given.</param>
    /// <param name="scale">The gradient of the scale; null if it does not learn.</param>
    /// <param name="dy">The gradient of the product; if the scale learns, of what the scale has multiplied.</param>
    private void AddWeightGradients(
        LeftOperand left, PanelMatrix matrix, ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, float* scale, Tensor dy)
    {
        if (left.BlockCount == 0)
        {
            return;
        }

        OutputGradient* targets = FindOutputs(matrix, parts);
        var sums = (float**)Memory.Allocate((long)matrix.PanelCount * sizeof(float*));
        bool* isTemporary = (bool*)Memory.Allocate(matrix.PanelCount);
        for (int panel = 0; panel < matrix.PanelCount; panel++)
        {
            (int output, int count, int width) = matrix.Columns(panel);
            var columns = new ReadOnlySpan<OutputGradient>(targets + output, count);
            bool isDirect = scale == null && OutputGradient.ArePanel(columns, width), isWanted = scale != null;
            for (int i = 0; i < count; i++)
            {
                isWanted |= columns[i].First != 0;
            }

            long size = (long)matrix.Taps * matrix.Depth * width * sizeof(float);
            isTemporary[panel] = isWanted && !isDirect;
            sums[panel] = isDirect ? (float*)columns[0].First : isWanted ? (float*)Memory.Allocate(size) : null;
            if (isTemporary[panel])
            {
                NativeMemory.Clear(sums[panel], (nuint)size);
            }
        }

        bool hasBias = false;
        foreach ((_, WeightData? bias) in parts)
        {
            hasBias |= GradientOf(bias) != null;
        }

        float* columnSums = hasBias || scale != null ? (float*)Memory.Allocate((long)matrix.PanelCount * PanelLayout.Width * sizeof(float)) : null;
        var job = new WeightGradientJob<S, V>(left, JoinTaps(left, matrix), dy, sums, columnSums, GradientTasksPerThread * team.Threads);
        team.Run(job, job.Tasks);
        if (new ReadOnlySpan<bool>(isTemporary, matrix.PanelCount).Contains(true))
        {
            var delivery = new GradientDelivery<S, V>(matrix, sums, isTemporary, columnSums, targets, scale);
            team.Run(delivery, delivery.Tasks);
        }

        if (hasBias)
        {
            AddBiases(matrix, parts, columnSums, scale == null ? null : matrix.Scale);
        }
    }

    private OutputGradient* FindOutputs(PanelMatrix matrix, ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts)
    {
        var targets = (OutputGradient*)Memory.Allocate((long)matrix.Groups * matrix.GroupOutputs * sizeof(OutputGradient));
        OutputGradient* target = targets;
        foreach ((WeightData weight, _) in parts)
        {
            float* gradient = GradientOf(weight);
            int channels = weight.Shape[1], taps = weight.RowSize / channels;
            var layout = new PanelLayout(ElementType.F32, weight.Rows, channels, taps, matrix.Groups);
            for (int row = 0; row < weight.Rows; row++, target++)
            {
                (int group, int index) = Math.DivRem(row, layout.GroupOutputs);
                int width = layout.PanelWidth(group * layout.PanelsPerGroup + index / PanelLayout.Width);
                *target = gradient == null ? default
                    : weight.Layout == WeightLayout.Rows ? new OutputGradient((nint)(gradient + (long)row * weight.RowSize), taps, 1, false)
                    : new OutputGradient((nint)(gradient + layout.Offset(row, 0, 0)), width, (nint)width * channels, index % PanelLayout.Width == 0);
            }
        }

        return targets;
    }

    private void AddBiases(PanelMatrix matrix, ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, float* columnSums, float* scale)
    {
        int output = 0;
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            float* gradient = GradientOf(bias);
            for (int row = 0; row < weight.Rows; row++, output++)
            {
                (int group, int index) = Math.DivRem(output, matrix.GroupOutputs);
                if (gradient != null)
                {
                    float sum = columnSums[group * matrix.PanelsPerGroup * PanelLayout.Width + index];
                    gradient[row] += scale == null ? sum : scale[output] * sum;
                }
            }
        }
    }
}
