using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Data2Vec.Training.Exchange;

// A rank of the tests of the exchange. mpiexec starts it; the first argument says what it does.
using var exchange = MpiExchange.Join();
int rank = exchange.Rank, count = exchange.Count;
string mode = args.Length > 0 ? args[0] : "";
try
{
    switch (mode)
    {
        case "who":
            Console.WriteLine($"rank {rank} of {count}");
            break;

        // Sums of numbers whose rounding depends on the order of additions, in more than one chunk. Prints a hash of the bits.
        case "sum":
            float[] single = [.. Enumerable.Range(0, 9_000_001).Select(i => MathF.Sin(i + (rank * 0.7f)) * (1 + rank))];
            double[] wide = [.. Enumerable.Range(0, 100_003).Select(i => Math.Cos(i + (rank * 0.3)))];
            exchange.Sum(single);
            exchange.Sum(wide);
            exchange.Sum(Span<float>.Empty);
            for (int i = 0; i < single.Length; i += 1 + (i % 997))
            {
                double expected = Enumerable.Range(0, count).Sum(r => (double)(MathF.Sin(i + (r * 0.7f)) * (1 + r)));
                Require(Math.Abs(single[i] - expected) < 1e-5, $"element {i} is {single[i]}, not {expected}");
            }

            for (int i = 0; i < wide.Length; i++)
            {
                double expected = Enumerable.Range(0, count).Sum(r => Math.Cos(i + (r * 0.3)));
                Require(Math.Abs(wide[i] - expected) < 1e-14 * count * count, $"element {i} is {wide[i]}, not {expected}");
            }

            Console.WriteLine(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(single)).AsSpan(0, 8))
                + Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<double>(wide)).AsSpan(0, 8)));
            break;

        case "broadcast":
            byte[] data = new byte[(1 << 24) + 5];
            new Random(rank).NextBytes(data);
            byte[] first = new byte[data.Length];
            new Random(0).NextBytes(first);
            exchange.Broadcast(data);
            Require(data.AsSpan().SequenceEqual(first), "other bytes than rank 0's");
            break;

        // Ranks given as arguments have another recipe.
        case "agree":
            exchange.AgreeOn("training data", [1, 2, 3]);
            exchange.AgreeOn("recipe", args.Contains($"{rank}") ? [4] : [5]);
            break;

        // The last rank fails while the others wait for its gradient.
        case "throw":
            Fail(() => throw new InvalidDataException("a damaged recording"));
            break;
        case "unhandled":
            Fail(() => Task.Run(() => throw new InvalidDataException("a damaged recording")).GetAwaiter().GetResult());
            break;
        case "thread":
            Fail(() =>
            {
                var thread = new Thread(() => throw new InvalidDataException("a damaged recording"));
                thread.Start();
                thread.Join();
            });
            break;
        case "exit":
            Fail(() => Environment.Exit(0));
            break;
        case "kill":
            Fail(() => Process.GetCurrentProcess().Kill());
            break;

        // The state must stay usable from other threads.
        case "threads":
            for (int i = 0; i < 20; i++)
            {
                double[] value = [rank + 1];
                var thread = new Thread(() => exchange.Sum(value));
                thread.Start();
                thread.Join();
                Require(value[0] == count * (count + 1) / 2, $"the sum is {value[0]}");
            }

            break;
        default:
            throw new ArgumentException($"unknown mode '{mode}'");
    }

    exchange.Complete();
    return 0;
}
catch (InvalidDataException error) when (mode != "unhandled")
{
    Console.Error.WriteLine($"error of rank {rank}: {error.Message}");
    return 3;
}

void Fail(Action fail)
{
    exchange.Barrier();
    if (rank == count - 1)
    {
        fail();
    }

    exchange.Sum(new float[1000]);
}

static void Require(bool condition, string message)
{
    if (!condition)
    {
        throw new InvalidOperationException(message);
    }
}
