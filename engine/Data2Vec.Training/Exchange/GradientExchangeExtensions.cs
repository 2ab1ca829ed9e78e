using System.Security.Cryptography;
using System.Text;

namespace Data2Vec.Training.Exchange;

/// <summary>Checks between ranks.</summary>
public static class GradientExchangeExtensions
{
    /// <summary>
    /// Checks that all ranks have the same recipe, data or starting weights. Every rank makes this call, and either all return or all throw.
    /// </summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="what">What is compared, for the message: "recipe", "training data".</param>
    /// <param name="hash">A hash of it, of any length.</param>
    /// <exception cref="InvalidDataException">Ranks have another hash than rank 0.</exception>
    public static void AgreeOn(this IGradientExchange exchange, string what, ReadOnlySpan<byte> hash)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentException.ThrowIfNullOrEmpty(what);

        // The name is hashed too: ranks that check different things do not agree.
        byte[] own = SHA256.HashData([.. Encoding.UTF8.GetBytes(what), 0, .. hash]);
        byte[] first = [.. own];
        exchange.Broadcast(first);
        double[] differs = new double[exchange.Count];
        differs[exchange.Rank] = own.AsSpan().SequenceEqual(first) ? 0 : 1;
        exchange.Sum(differs);
        int[] others = [.. Enumerable.Range(0, differs.Length).Where(rank => differs[rank] != 0)];
        if (others.Length > 0)
        {
            string ranks = others.Length > 8 ? $"{string.Join(", ", others.Take(8))} and {others.Length - 8} more" : string.Join(", ", others);
            throw new InvalidDataException(
                $"{what}: rank{(others.Length == 1 ? "" : "s")} {ranks} of {exchange.Count} differ{(others.Length == 1 ? "s" : "")} from rank 0. "
                + "Start every process with the same files and options.");
        }
    }
}
