using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Losses;

/// <summary>
/// Connectionist temporal classification (Graves et al., ICML 2006) with the gradient with respect to the logits, as
/// <c>torch.nn.functional.ctc_loss</c> over <c>log_softmax</c>; criterion <c>ctc</c> of fairseq. Sums of probabilities are in double precision:
/// losses of long recordings are thousands of nats, where single precision is off by up to 9e-4 in the gradient.
/// </summary>
/// <remarks>fairseq divides the sum of the losses by the number of items, not by lengths.</remarks>
public sealed unsafe record CtcLoss
{
    /// <summary>The label of the blank: 0 in fairseq's dictionaries.</summary>
    public int Blank { get; init; }

    /// <summary>
    /// Whether the loss of an impossible target is 0 (PyTorch and fairseq: <c>zero_infinity</c>). Otherwise it is infinite. Its gradient is 0
    /// in both cases.
    /// </summary>
    public bool ZeroInfinity { get; init; } = true;

    /// <summary>The number of threads. The result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The frames that a target needs: its labels, and a blank between equal neighbours.</summary>
    public static int RequiredFrames(ReadOnlySpan<int> target)
    {
        int frames = target.Length;
        for (int i = 1; i < target.Length; i++)
        {
            frames += target[i] == target[i - 1] ? 1 : 0;
        }

        return frames;
    }

    /// <summary>Computes the losses of a batch and their gradients.</summary>
    /// <param name="logits">The rows of all items one after another, [rows, labels].</param>
    /// <param name="frames">The rows of each item.</param>
    /// <param name="labels">The number of labels, the blank included.</param>
    /// <param name="targets">The labels of each item, without blanks.</param>
    /// <param name="gradient">Receives the gradient of the sum of the losses with respect to the logits, [rows, labels]. Empty: not computed.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a target contains the blank or no label.</exception>
    public CtcResult Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<int> frames, int labels, IReadOnlyList<ReadOnlyMemory<int>> targets, Span<float> gradient)
    {
        ArgumentNullException.ThrowIfNull(targets);
        Check(logits, frames, labels, targets, gradient);
        var items = new CtcItem[targets.Count];
        double[] losses = new double[targets.Count];
        int start = 0;
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new CtcItem(start, frames[i], labels, Blank, targets[i]);
            start += frames[i] * labels;
        }

        bool wanted = !gradient.IsEmpty;
        fixed (float* pinnedLogits = logits, pinnedGradient = gradient)
        {
            float* x = pinnedLogits, dx = pinnedGradient;
            ParallelTasks.Run(items.Length, Threads, i =>
            {
                CtcItem item = items[i];
                losses[i] = item.Compute(new(x + item.Start, item.Length), wanted ? new(dx + item.Start, item.Length) : []);
            });
        }

        var impossible = new List<int>();
        for (int i = 0; i < losses.Length; i++)
        {
            if (double.IsPositiveInfinity(losses[i]))
            {
                impossible.Add(i);
                losses[i] = ZeroInfinity ? 0 : losses[i];
            }
        }

        return new CtcResult(losses, impossible);
    }

    private void Check(
        ReadOnlySpan<float> logits, ReadOnlySpan<int> frames, int labels, IReadOnlyList<ReadOnlyMemory<int>> targets, ReadOnlySpan<float> gradient)
    {
        Rows.CheckLengths(frames, Rows.Check(logits.Length, labels));
        if (targets.Count != frames.Length)
        {
            throw new ArgumentException($"There are {frames.Length} items, but {targets.Count} targets.", nameof(targets));
        }

        if (!gradient.IsEmpty && gradient.Length != logits.Length)
        {
            throw new ArgumentException($"There are {logits.Length} logits, but a gradient of {gradient.Length}.", nameof(gradient));
        }

        if ((uint)Blank >= (uint)labels)
        {
            throw new ArgumentException($"The blank {Blank} is none of the {labels} labels.", nameof(labels));
        }

        for (int i = 0; i < targets.Count; i++)
        {
            foreach (int label in targets[i].Span)
            {
                if ((uint)label >= (uint)labels || label == Blank)
                {
                    throw new ArgumentException(
                        $"The target of item {i} contains {label}, which is the blank or none of the {labels} labels.", nameof(targets));
                }
            }
        }
    }
}
