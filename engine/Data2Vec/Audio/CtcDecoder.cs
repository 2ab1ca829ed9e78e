using System.Numerics.Tensors;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>Greedy decoding for connectionist temporal classification (Graves et al. 2006).</summary>
internal static class CtcDecoder
{
    /// <summary>Takes the best label of each frame, collapses repeats, drops blanks, and joins the texts of the labels.</summary>
    /// <param name="logits"><c>[frames, labels]</c>.</param>
    /// <param name="labels">The labels in the order of the model's outputs.</param>
    public static string Greedy(ReadOnlySpan<float> logits, CtcLabels labels)
    {
        var text = new StringBuilder();
        int count = labels.Texts.Count;
        int previous = labels.Blank;
        for (; logits.Length >= count; logits = logits[count..])
        {
            int best = TensorPrimitives.IndexOfMax(logits[..count]);
            if (best != previous && best != labels.Blank)
            {
                text.Append(labels.Texts[best]);
            }

            previous = best;
        }

        return text.ToString().Trim();
    }
}
