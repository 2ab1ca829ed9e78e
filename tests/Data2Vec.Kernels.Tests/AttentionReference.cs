namespace Data2Vec.Kernels.Tests;

/// <summary>Attention and its gradients by their definitions, with the whole matrix of probabilities, in double precision.</summary>
internal sealed class AttentionReference(int[] lengths, int heads, int size, double scale)
{
    private readonly int _columns = heads * size;

    public required double[] Query { get; init; }

    public required double[] Key { get; init; }

    public required double[] Value { get; init; }

    /// <summary>A number for each head, query and key; or null.</summary>
    public double[]? Table { get; init; }

    /// <summary>A number for each head; or null.</summary>
    public double[]? Slopes { get; init; }

    /// <summary>What dropout multiplies the probability of a row of the batch, a key within the sequence and a head by.</summary>
    public Func<int, int, int, double> Factor { get; init; } = (_, _, _) => 1;

    public (double[] Output, double[] LogSums) Forward()
    {
        var output = new double[Query.Length];
        var logSums = new double[Query.Length / size];
        ForEachQuery((start, length, i, h) =>
        {
            double[] scores = Scores(start, length, i, h);
            double sum = LogSum(scores);
            logSums[(start + i) * heads + h] = sum;
            for (int j = 0; j < length; j++)
            {
                double p = Math.Exp(scores[j] - sum) * Factor(start + i, j, h);
                for (int c = h * size; c < (h + 1) * size; c++)
                {
                    output[(start + i) * _columns + c] += p * Value[(start + j) * _columns + c];
                }
            }
        });
        return (output, logSums);
    }

    /// <summary>The root of the sum of the squares of what <see cref="Backward"/> summed to the gradients of the slopes.</summary>
    public double SlopeTerms { get; private set; }

    public (double[] Query, double[] Key, double[] Value, double[] Table, double[] Slopes) Backward(double[] dOutput)
    {
        double squares = 0;
        double[] dQuery = new double[Query.Length], dKey = new double[Query.Length], dValue = new double[Query.Length];
        double[] dTable = new double[Table?.Length ?? 0], dSlopes = new double[heads];
        ForEachQuery((start, length, i, h) =>
        {
            double[] scores = Scores(start, length, i, h);
            double sum = LogSum(scores);
            int query = (start + i) * _columns + h * size;
            var dProbabilities = new double[length];
            double mean = 0;
            for (int j = 0; j < length; j++)
            {
                int key = (start + j) * _columns + h * size;
                double p = Math.Exp(scores[j] - sum), factor = Factor(start + i, j, h);
                for (int c = 0; c < size; c++)
                {
                    dProbabilities[j] += factor * dOutput[query + c] * Value[key + c];
                    dValue[key + c] += factor * p * dOutput[query + c];
                }

                mean += p * dProbabilities[j];
            }

            for (int j = 0; j < length; j++)
            {
                int key = (start + j) * _columns + h * size;
                double dScore = Math.Exp(scores[j] - sum) * (dProbabilities[j] - mean);
                for (int c = 0; c < size; c++)
                {
                    dQuery[query + c] += scale * dScore * Key[key + c];
                    dKey[key + c] += scale * dScore * Query[query + c];
                }

                dSlopes[h] -= Math.Abs(i - j) * dScore;
                squares += Math.Pow((i - j) * dScore, 2);
                if (Table is not null)
                {
                    dTable[(h * length + i) * length + j] += dScore;
                }
            }
        });
        SlopeTerms = Math.Sqrt(squares);
        return (dQuery, dKey, dValue, dTable, dSlopes);
    }

    private static double LogSum(double[] scores)
    {
        double max = scores.Max();
        return max + Math.Log(scores.Sum(score => Math.Exp(score - max)));
    }

    private void ForEachQuery(Action<int, int, int, int> action)
    {
        int start = 0;
        foreach (int length in lengths)
        {
            for (int i = 0; i < length * heads; i++)
            {
                action(start, length, i / heads, i % heads);
            }

            start += length;
        }
    }

    private double[] Scores(int start, int length, int i, int h)
    {
        var scores = new double[length];
        for (int j = 0; j < length; j++)
        {
            for (int c = h * size; c < (h + 1) * size; c++)
            {
                scores[j] += Query[(start + i) * _columns + c] * Key[(start + j) * _columns + c];
            }

            scores[j] = scores[j] * scale + (Table?[(h * length + i) * length + j] ?? 0) - (Slopes?[h] ?? 0) * Math.Abs(i - j);
        }

        return scores;
    }
}
