using System.Numerics.Tensors;

namespace Data2Vec.Audio;

/// <summary>Finds the text in the outputs of a CTC head (connectionist temporal classification, Graves et al. 2006). Safe for any number of threads.</summary>
public abstract class CtcDecoder
{
    /// <summary>Creates a decoder.</summary>
    /// <param name="labels">The labels in the order of the model's outputs.</param>
    protected CtcDecoder(CtcLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        Labels = labels;
    }

    /// <summary>The labels in the order of the model's outputs.</summary>
    public CtcLabels Labels { get; }

    /// <summary>Finds the best transcripts.</summary>
    /// <param name="logits"><c>[frames, labels]</c>: the outputs of the model before the softmax.</param>
    /// <param name="count">The number of transcripts at most.</param>
    /// <returns>At least one transcript, best first.</returns>
    /// <exception cref="ArgumentException">The logits are not whole frames.</exception>
    /// <exception cref="InvalidDataException">A logit is not a number or plus infinity, or all of a frame are minus infinity.</exception>
    public IReadOnlyList<CtcTranscript> Decode(ReadOnlySpan<float> logits, int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (logits.Length % Labels.Texts.Count != 0)
        {
            throw new ArgumentException($"The {logits.Length} logits are not a multiple of the {Labels.Texts.Count} labels.", nameof(logits));
        }

        for (int start = 0; start < logits.Length; start += Labels.Texts.Count)
        {
            // The maximum is not a number if one of the values is not.
            if (!float.IsFinite(TensorPrimitives.Max(logits.Slice(start, Labels.Texts.Count))))
            {
                throw new InvalidDataException($"the outputs for frame {start / Labels.Texts.Count} are not numbers, or not finite; they must be logits or log probabilities");
            }
        }

        return Search(logits, count);
    }

    /// <summary>Finds the best transcripts of logits that are whole frames.</summary>
    /// <inheritdoc cref="Decode"/>
    protected abstract IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count);
}
