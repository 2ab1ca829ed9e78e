using System.Text;

namespace Data2Vec.Audio;

/// <summary>Greedy decoding of connectionist temporal classification (Graves et al. 2006).</summary>
internal static class CtcDecoder
{
    /// <summary>Label 0 is the blank (fairseq: <c>&lt;s&gt;</c>).</summary>
    private const int Blank = 0;

    /// <summary>Takes the best label of each frame, collapses repeats, drops blanks and special labels; <c>|</c> is a space.</summary>
    /// <param name="logits"><c>[frames, labels]</c>.</param>
    /// <param name="labels">The labels.</param>
    public static string Greedy(ReadOnlySpan<float> logits, IReadOnlyList<string> labels)
    {
        var text = new StringBuilder();
        int previous = Blank;
        for (; logits.Length >= labels.Count; logits = logits[labels.Count..])
        {
            int best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits[..labels.Count]);
            if (best != previous && best != Blank && labels[best] is not ['<', .., '>'])
            {
                text.Append(labels[best] == "|" ? " " : labels[best]);
            }

            previous = best;
        }

        return text.ToString().Trim();
    }
}
