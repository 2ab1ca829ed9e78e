using Data2Vec.Training.Exchange;
using Data2Vec.Training.Network;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Runs;

/// <summary>Adds up gradients and sums over the processes of a run.</summary>
internal sealed class RunSums(IGradientExchange exchange) : UpdateSums
{
    public override void AddUp(
        ParameterBuffers buffers, ref double loss, ref long samples, ref long rows, Span<double> first = default, Span<double> second = default)
    {
        if (exchange.Count == 1)
        {
            return;
        }

        exchange.Sum(buffers.Gradients);
        var sums = new double[3 + first.Length + second.Length + buffers.HasGradient.Length];
        (sums[0], sums[1], sums[2]) = (loss, samples, rows);
        first.CopyTo(sums.AsSpan(3));
        second.CopyTo(sums.AsSpan(3 + first.Length));
        Span<double> flags = sums.AsSpan(3 + first.Length + second.Length);
        for (int i = 0; i < flags.Length; i++)
        {
            flags[i] = buffers.HasGradient[i] ? 1 : 0;
        }

        exchange.Sum(sums);
        (loss, samples, rows) = (sums[0], (long)sums[1], (long)sums[2]);
        sums.AsSpan(3, first.Length).CopyTo(first);
        sums.AsSpan(3 + first.Length, second.Length).CopyTo(second);
        for (int i = 0; i < flags.Length; i++)
        {
            // A parameter that any process has used is stepped by all.
            buffers.HasGradient[i] = flags[i] > 0;
        }
    }
}
