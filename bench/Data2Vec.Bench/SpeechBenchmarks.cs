using BenchmarkDotNet.Attributes;
using Data2Vec.Audio;

namespace Data2Vec.Bench;

/// <summary>The whole speech encoder at its real size: 12 layers, 768 wide, random weights.</summary>
[Config(typeof(BenchConfig))]
[MemoryDiagnoser]
public class SpeechBenchmarks : ICountsFlops
{
    private Data2VecModel _model = null!;
    private float[] _waveform = null!;

    /// <summary>Seconds of sound.</summary>
    [Params(1, 10, 30)]
    public int Seconds { get; set; }

    /// <summary>Loads the model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _model = Data2VecModel.Load(RandomModel.Speech());
        _waveform = Waveform(Seconds);
    }

    /// <summary>From samples to the mean of the last layer.</summary>
    [Benchmark]
    public float[] Embed() => _model.EmbedAudio(_waveform);

    double ICountsFlops.Flops(string method) => Flops(Seconds * 16_000);

    /// <summary>A tone with noise.</summary>
    internal static float[] Waveform(int seconds)
    {
        var random = new Random(1);
        var waveform = new float[seconds * 16_000];
        for (int i = 0; i < waveform.Length; i++)
        {
            waveform[i] = MathF.Sin(i * 0.05f) + (float)random.NextDouble();
        }

        return waveform;
    }

    /// <summary>Operations of the matrix products and convolutions of the base model.</summary>
    internal static double Flops(int samples)
    {
        AudioConfig config = RandomModel.SpeechBase;
        double flops = 0;
        int length = samples;
        foreach (Kernels.Conv1dShape conv in config.FeatureExtractor)
        {
            length = conv.OutputLength(length);
            flops += 2.0 * length * conv.InputChannels * conv.Kernel * conv.OutputChannels;
        }

        double hidden = config.HiddenSize;
        flops += 2.0 * length * 512 * hidden + 5 * 2.0 * length * hidden * 48 * 19;
        return flops + config.Layers * (2.0 * length * (4 * hidden * hidden + 2 * hidden * config.FeedForwardSize) + 4.0 * length * length * hidden);
    }
}
