using System.Numerics.Tensors;

namespace Data2Vec.Audio;

/// <summary>Takes the best label of each frame, collapses repeats, drops blanks, and joins the texts of the labels.</summary>
/// <param name="labels">The labels in the order of the model's outputs.</param>
public sealed class GreedyCtcDecoder(CtcLabels labels) : CtcDecoder(labels)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count)
    {
        int[] path = new int[logits.Length / Labels.Texts.Count];
        double score = 0;
        for (int frame = 0; frame < path.Length; frame++)
        {
            ReadOnlySpan<float> scores = logits.Slice(frame * Labels.Texts.Count, Labels.Texts.Count);
            path[frame] = TensorPrimitives.IndexOfMax(scores);
            score += scores[path[frame]];
        }

        return [CtcTranscript.FromPath(path, score, logits, Labels)];
    }
}
