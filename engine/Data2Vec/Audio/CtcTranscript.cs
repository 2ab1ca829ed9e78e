using System.Numerics.Tensors;
using System.Text;

namespace Data2Vec.Audio;

/// <summary>What a <see cref="CtcDecoder"/> finds.</summary>
/// <param name="Text">The text, without white space at both ends.</param>
/// <param name="Score">Higher is better. Comparable between transcripts of one recording by one decoder.</param>
/// <param name="Path">The label of each frame.</param>
/// <param name="Words">The words in order.</param>
public sealed record CtcTranscript(string Text, double Score, IReadOnlyList<int> Path, IReadOnlyList<CtcWord> Words)
{
    /// <summary>Reads a path of labels: collapses repeats, drops blanks, joins the texts of the labels, and splits words at white space.</summary>
    /// <param name="path">The label of each frame.</param>
    /// <param name="score">The score of the path.</param>
    /// <param name="logits"><c>[frames, labels]</c>.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="ends">The words of a lexicon and the frames in which they end; null for words that are split at white space.</param>
    internal static CtcTranscript FromPath(int[] path, double score, ReadOnlySpan<float> logits, CtcLabels labels, IReadOnlyList<(int Frame, string Word)>? ends = null)
    {
        int count = labels.Texts.Count;
        var words = new List<CtcWord>();
        var word = new StringBuilder();
        var text = new StringBuilder();
        int start = 0, end = 0, letters = 0, next = 0;
        bool isComplete = false;
        double logProbability = 0;
        for (int frame = 0; frame < path.Length; frame++)
        {
            int label = path[frame];
            if (label != labels.Blank && label != (frame == 0 ? labels.Blank : path[frame - 1]))
            {
                string letter = labels.Texts[label];
                text.Append(letter);
                if (ends is null && (isComplete || (letter.Length > 0 && char.IsWhiteSpace(letter[0]))))
                {
                    Close(word.ToString());
                }

                isComplete = letter.Length > 0 && char.IsWhiteSpace(letter[^1]);
                letter = letter.Trim();
                if (letter.Length > 0)
                {
                    word.Append(letter);
                    Add(frame, logits);
                }
            }
            else if (label != labels.Blank && letters > 0 && end == frame)
            {
                end = frame + 1; // a repeated label goes on
            }

            if (ends is not null && next < ends.Count && ends[next].Frame == frame)
            {
                if (letters == 0)
                {
                    Add(frame, logits);
                }

                Close(ends[next++].Word);
            }
        }

        if (ends is null)
        {
            Close(word.ToString());
        }

        return new CtcTranscript(ends is null ? text.ToString().Trim() : string.Join(' ', ends.Select(word => word.Word)), score, path, words);

        void Add(int frame, ReadOnlySpan<float> logits)
        {
            start = letters == 0 ? frame : start;
            end = frame + 1;
            letters++;
            ReadOnlySpan<float> scores = logits.Slice(frame * count, count);
            float largest = TensorPrimitives.Max(scores);
            double sum = 0;
            foreach (float value in scores)
            {
                sum += Math.Exp(value - largest);
            }

            logProbability += scores[path[frame]] - largest - Math.Log(sum);
        }

        void Close(string content)
        {
            if (letters > 0)
            {
                words.Add(new CtcWord(content, start, end, Math.Exp(logProbability / letters)));
                word.Clear();
                (letters, logProbability) = (0, 0);
            }
        }
    }
}

/// <summary>A word and where it was spoken.</summary>
/// <param name="Text">The word.</param>
/// <param name="StartFrame">The frame in which its first label begins.</param>
/// <param name="EndFrame">The frame after the last one of its last label.</param>
/// <param name="Confidence">The geometric mean of the probabilities of its labels, each taken where its label begins; from 0 to 1.</param>
public sealed record CtcWord(string Text, int StartFrame, int EndFrame, double Confidence);
