using Data2Vec.Audio;
using Data2Vec.Kernels.Cpu;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Speech;

/// <summary>wav2vec 2.0 and HuBERT from checkpoints of fairseq and transformers to fairseq's activations.</summary>
public sealed class Wav2Vec2ParityTests : SpeechReference
{
    private const string Base = "wav2vec2/wav2vec2_base.pt", Large = "wav2vec2/hf_large_ctc_parametrized", BatchNorm = "hubert/hubert_base_bn.pt";

    [Theory]
    [InlineData(Base, "wav2vec2/base/word")]
    [InlineData(Base, "wav2vec2/base/second")]
    [InlineData(Base, "wav2vec2/base/frame")]
    [InlineData(Large, "wav2vec2/large/word")]
    [InlineData(Large, "wav2vec2/large_ctc/second")]
    [InlineData(BatchNorm, "hubert/base_bn/word")]
    [InlineData(BatchNorm, "hubert/base_bn/second")]
    public void Every_named_activation_is_fairseqs(string checkpoint, string folder)
    {
        string file = ModelFile(checkpoint);
        foreach (CpuLevel level in Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best))
        {
            using SpeechModel model = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Backend = new CpuBackend(2, level) });
            Assert.InRange(Compare(model, folder), 2, 20);
        }
    }

    [Fact]
    public void Recordings_give_the_same_bits_together_and_alone_in_any_batch()
    {
        string file = ModelFile(Base);
        using SpeechModel one = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 1 }), two = Data2VecModel.Load<SpeechModel>(file, new ModelOptions { Threads = 2 });
        float[] noise = Noise(60_000);
        ReadOnlyMemory<float>[] batch = [noise.AsMemory(0, 9000), noise, noise.AsMemory(100, 400), noise.AsMemory(5000, 41_111)];
        var rows = new EmbeddingOptions { Pooling = Pooling.None };
        float[][] together = two.EmbedPrepared(batch, rows);
        for (int i = 0; i < batch.Length; i++)
        {
            Assert.Equal(one.EmbedPrepared(batch[i], rows), together[i]);
            Assert.Equal(two.EmbedPrepared(batch[i], rows), together[i]);
        }
    }

    [Fact]
    public void The_norm_of_a_recording_of_minutes_is_that_of_all_its_rows()
    {
        // Loud at the end, so that the statistics of the pieces differ much.
        const int Seconds = 150;
        using SpeechModel model = Model(Base);
        float[] samples = [.. Noise(Seconds * 16_000).Select((value, i) => value * (i > 120 * 16_000 ? 3 : 0.5f) + 0.1f)];
        using D2vFile file = D2vFile.Open(ModelFile(Base));
        int channels = model.Config.FeatureExtractor[0].OutputChannels, taps = 10, rows = (samples.Length - taps) / 5 + 1;
        float[] weights = Tensor("conv.weight"), gain = Tensor("norm.weight"), bias = Tensor("norm.bias");
        double[,] expected = new double[rows, channels];
        for (int channel = 0; channel < channels; channel++)
        {
            double mean = 0, variance = 0;
            for (int row = 0; row < rows; row++)
            {
                double sum = 0;
                for (int tap = 0; tap < taps; tap++)
                {
                    sum += (double)samples[row * 5 + tap] * weights[channel * taps + tap];
                }

                expected[row, channel] = sum;
                mean += sum / rows;
            }

            for (int row = 0; row < rows; row++)
            {
                variance += Math.Pow(expected[row, channel] - mean, 2) / rows;
            }

            for (int row = 0; row < rows; row++)
            {
                expected[row, channel] = (expected[row, channel] - mean) / Math.Sqrt(variance + 1e-5) * gain[channel] + bias[channel];
            }
        }

        // Pieces make the rows that their frames look at, so that neighbours repeat some, and the last rows of all are left out.
        double worst = 0;
        int first = 0, compared = 0;
        model.Observe(samples, (name, piece) =>
        {
            if (name == "conv_layer0")
            {
                int count = piece.Length / channels;
                for (int row = 0; row < count; row++)
                {
                    // Above 4, GELU is the identity to within 2e-4 of it; there is no reference for less in f64 here.
                    for (int channel = 0; channel < channels; channel++)
                    {
                        double value = expected[first + row, channel];
                        worst = value > 6 ? Math.Max(worst, Math.Abs(value - piece[row * channels + channel])) : worst;
                        compared += value > 6 ? 1 : 0;
                    }
                }

                first += model.Config.Frames((count - 1) * 5 + taps) * (model.Config.SamplesPerFrame / 5);
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{compared} numbers, largest difference {worst}");
        Assert.True(compared > 1000, $"{compared}");
        Assert.InRange(worst, 0, 1e-5);

        float[] Tensor(string name)
        {
            TensorInfo tensor = file.Tensor("feature_extractor.0." + name);
            var values = new float[tensor.Count];
            file.Read(tensor, values);
            return values;
        }
    }

    [Fact]
    public void Ctc_models_transcribe_files_and_live_sound()
    {
        using SpeechModel model = Model(Large);
        Assert.True(model.Config.Normalize);
        Assert.Equal((0, "", "", " ", "E"), (model.Ctc!.Blank, model.Ctc.Texts[0], model.Ctc.Texts[1], model.Ctc.Texts[4], model.Ctc.Texts[5]));
        float[] noise = Noise(16_000 * 9);
        var windows = new RecordingWindows { Length = TimeSpan.FromSeconds(3), Stride = TimeSpan.FromSeconds(0.5) };
        Transcript whole = model.TranscribeWithTimes(new Waveform(noise, 16_000), new TranscribeOptions { Windows = windows });
        Assert.NotEmpty(whole.Text);
        LiveTranscription live = model.StartLive(16_000, new LiveTranscriptionOptions { Windows = windows });
        IEnumerable<TranscriptUpdate> updates = [.. live.Append(noise), .. live.Complete()];
        Assert.Equal(whole.Text.Replace(" ", "", StringComparison.Ordinal), string.Concat(updates.Where(update => update.IsFinal).Select(update => update.Text)).Replace(" ", "", StringComparison.Ordinal));
    }

    private static float[] Noise(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
