using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;
using Data2Vec.Recognition.Scoring;

namespace Data2Vec.Cli;

/// <summary>Finds the weights of a decoder with the fewest word errors on a development set.</summary>
internal sealed class DecoderTuning(OpenedDecoder opened, string references, CtcLabels labels, BadInputs bad)
{
    /// <summary>Tries weights, and prints each trial and the best one.</summary>
    public void Run(IReadOnlyList<string> files, WeightSearch search, bool json, TextWriter output, CancellationToken cancellation)
    {
        if (opened.Reweighted is not { } reweighted)
        {
            throw new UsageException("--tune needs a search with weights: give --lm, and --lexicon if there is one");
        }

        (float[] Emissions, string Text)[] utterances = Load(files);
        long total = utterances.Sum(utterance => EditDistance.CountWords(utterance.Text, "").ReferenceLength);
        if (total == 0)
        {
            throw new InvalidDataException($"{references}: no text of any of the emissions is in it; each line must be the name of a file without .npy, a tab, and the text");
        }

        WeightTrial? best = null;
        (int number, int bestNumber) = (0, 0);
        try
        {
            foreach (WeightTrial trial in search.Run(opened.Weights, (weight, score) => Errors(reweighted(weight, score)) / (double)total))
            {
                number++;
                if (best is null || trial.Value < best.Value)
                {
                    (best, bestNumber) = (trial, number);
                }

                Print(number, trial, isBest: false);
                output.Flush();
            }
        }
        catch (OperationCanceledException) when (best is not null)
        {
            Print(bestNumber, best, isBest: true);
            throw new InterruptedException(string.Create(CultureInfo.InvariantCulture, $"cancelled after {number} trials; trial {bestNumber} is the best of them"));
        }

        Print(bestNumber, best!, isBest: true);

        long Errors(CtcDecoder decoder)
        {
            long errors = 0;
            Parallel.ForEach(utterances, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, utterance =>
                Interlocked.Add(ref errors, EditDistance.CountWords(utterance.Text, decoder.Decode(utterance.Emissions)[0].Text).Errors));
            return errors;
        }

        void Print(int place, WeightTrial trial, bool isBest) => output.WriteLine(json
            ? string.Create(CultureInfo.InvariantCulture, $"{{\"trial\":{place},\"best\":{(isBest ? "true" : "false")},\"lm_weight\":{trial.ModelWeight},\"word_score\":{trial.WordScore},\"wer\":{trial.Value:0.######}}}")
            : string.Create(CultureInfo.InvariantCulture, $"{(isBest ? "best" : $"trial {place}")}\t--lm-weight {trial.ModelWeight} --word-score {trial.WordScore}\tWER {100 * trial.Value:0.00} %"));
    }

    private (float[] Emissions, string Text)[] Load(IReadOnlyList<string> files)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in Files.ReadList(references))
        {
            number++;
            int tab = line.IndexOf('\t', StringComparison.Ordinal);
            string name = tab < 0 ? "" : line[..tab].Trim();
            if (name.Length == 0 || !texts.TryAdd(name.EndsWith(".npy", StringComparison.Ordinal) ? name[..^4] : name, line[(tab + 1)..]))
            {
                throw new InvalidDataException(name.Length == 0
                    ? $"{references}: entry {number} has no tab; each line must be the name of a file without .npy, a tab, and the text"
                    : $"{references}: '{name}' occurs twice");
            }
        }

        var utterances = new List<(float[], string)>();
        foreach (string file in files)
        {
            if (!texts.TryGetValue(EmissionFiles.NameOf(file), out string? text))
            {
                bad.Warn($"{file}: its text is not in {references}; left out");
            }
            else if (bad.Try(file, () => Checked(EmissionFiles.Read(file, labels))) is { } emissions)
            {
                utterances.Add((emissions, text));
            }
        }

        HashSet<string> found = [.. files.Select(EmissionFiles.NameOf)];
        foreach (string name in texts.Keys.Where(name => !found.Contains(name)))
        {
            bad.Warn($"{references}: there are no emissions for '{name}'");
        }

        return [.. utterances];
    }

    /// <summary>Requires numbers that can be decoded, before the trials begin.</summary>
    private float[] Checked(float[] emissions)
    {
        new GreedyCtcDecoder(labels).Decode(emissions);
        return emissions;
    }
}
