using System.Numerics.Tensors;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>Greedy decoding for connectionist temporal classification (Graves et al. 2006).</summary>
internal static class CtcDecoder
{
    private const int Blank = 0; // fairseq uses <s> as the blank

    /// <summary>Takes the best label of each frame, collapses repeats, and drops blanks and special labels. <c>|</c> becomes a space.</summary>
    /// <param name="logits"><c>[frames, labels]</c>.</param>
    /// <param name="labels">The labels in the order of the model's outputs.</param>
    public static string Greedy(ReadOnlySpan<float> logits, IReadOnlyList<string> labels)
    {
        var text = new StringBuilder();
        int previous = Blank;
        for (; logits.Length >= labels.Count; logits = logits[labels.Count..])
        {
            int best = TensorPrimitives.IndexOfMax(logits[..labels.Count]);
            if (best != previous && best != Blank && labels[best] is not ['<', .., '>'])
            {
                text.Append(labels[best] == "|" ? " " : labels[best]);
            }

            previous = best;
        }

        return text.ToString().Trim();
    }
}
