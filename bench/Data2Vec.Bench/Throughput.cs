using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Data2Vec.Bench.Peers;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>
/// <c>throughput</c>: compares one asynchronous call of the engine for many texts of mixed lengths with ONNX Runtime (f32) running one text at a
/// time, as a program without batching does.
/// </summary>
internal static class Throughput
{
    private const int Rounds = 3;
    private const int Shortest = 4, Longest = 256;

    public static int Run(string[] arguments)
    {
        var texts = new Option<int>("--texts") { DefaultValueFactory = _ => 1000, Description = "The number of texts" };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new RootCommand("Compare many texts in batches with one text at a time") { texts, threads };
        command.SetAction((parsed, _) => Measure(parsed.GetValue(texts), parsed.GetValue(threads)));
        return command.Parse(arguments).Invoke();
    }

    private static async Task Measure(int count, int threads)
    {
        // Lengths are log-uniform: as many texts of 4 to 8 tokens as of 128 to 256.
        var random = new Random(1);
        ReadOnlyMemory<int>[] texts = [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<int>)Enumerable
            .Range(0, (int)(Shortest * Math.Pow((double)Longest / Shortest, random.NextDouble())))
            .Select(_ => random.Next(4, 50_000)).ToArray())];
        Workload workload = Workload.All.First(workload => workload.Model == "text");
        using var peer = new OnnxPeer(workload, OnnxGraph.Provide(workload)!, threads);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} texts of {Shortest} to {Longest} tokens, {texts.Sum(text => text.Length)} in all, {threads} threads"));
        Console.WriteLine("| weights | engine, one call | ONNX Runtime f32, one by one | as fast | least cosine of 20 |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (ElementType type in new[] { ElementType.F32, ElementType.BF16, ElementType.I8 })
        {
            using TextModel model = Data2VecModel.Load<TextModel>(workload.ModelPath(type), new ModelOptions { Threads = threads });
            float[][] vectors = await model.EmbedPreparedAsync(texts);
            double cosine = Enumerable.Range(0, Math.Min(20, count))
                .Min(i => TensorPrimitives.CosineSimilarity<float>(vectors[i], Mean(peer.Run(texts[i]), model.HiddenSize)));
            double[] ours = new double[Rounds], theirs = new double[Rounds];
            for (int i = 0; i < Rounds; i++)
            {
                long start = Stopwatch.GetTimestamp();
                await model.EmbedPreparedAsync(texts);
                ours[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                start = Stopwatch.GetTimestamp();
                foreach (ReadOnlyMemory<int> text in texts)
                {
                    peer.Run(text);
                }

                theirs[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            double mine = ours.Order().ElementAt(Rounds / 2), other = theirs.Order().ElementAt(Rounds / 2);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {type} | {mine:F1} s | {other:F1} s | {other / mine:F2} | {cosine:F6} |"));
        }
    }

    private static float[] Mean(float[] rows, int size)
    {
        var mean = new float[size];
        for (int row = 0; row < rows.Length; row += size)
        {
            TensorPrimitives.Add(mean, rows.AsSpan(row, size), mean);
        }

        return mean;
    }
}
