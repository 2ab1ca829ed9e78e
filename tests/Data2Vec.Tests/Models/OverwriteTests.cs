using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Xunit.Sdk;

namespace Data2Vec.Tests.Models;

/// <summary>Model code never overwrites what its operations read, so that a recording of them can be played backward.</summary>
public sealed class OverwriteTests
{
    [Theory, InlineData("speech-ctc"), InlineData("text-sentiment"), InlineData("image-cifar10")]
    public void A_run_that_keeps_all_activations_overwrites_none_and_gives_the_same_bits(string name)
    {
        using Data2VecModel plain = BundledModels.Load(name), keeping = BundledModels.Load(name, new ModelOptions { Backend = new KeepingBackend() });
        Assert.Equal(Run(plain), Run(keeping));
    }

    [Fact]
    public void Speech_models_of_every_structure_overwrite_none()
    {
        foreach (AudioConfig config in SpeechStructures.All)
        {
            using Data2VecModel plain = Data2VecModel.Create(config, 1), keeping = Data2VecModel.Create(config, 1, new ModelOptions { Backend = new KeepingBackend() });
            float[] wave = [.. Enumerable.Range(0, 30_000).Select(i => MathF.Sin(i * 0.37f) + i * 1e-5f)];
            ReadOnlyMemory<float>[] batch = [wave.AsMemory(0, 9_000), wave, wave.AsMemory(7, 20), wave.AsMemory(100, 4_000)];
            float[][] rows = ((SpeechModel)plain).EmbedPrepared(batch, new EmbeddingOptions { Pooling = Pooling.None });
            Assert.Equal(rows, ((SpeechModel)keeping).EmbedPrepared(batch, new EmbeddingOptions { Pooling = Pooling.None }));
            for (int i = 0; i < batch.Length; i++)
            {
                Assert.Equal(config.Frames(batch[i].Length) * config.HiddenSize, rows[i].Length);
                Assert.Equal(rows[i], ((SpeechModel)plain).EmbedPrepared(batch[i], new EmbeddingOptions { Pooling = Pooling.None }));
            }
        }
    }

    private static float[] Run(Data2VecModel model)
    {
        float[] wave = [.. Enumerable.Range(0, 30_000).Select(i => MathF.Sin(i * 0.37f))];
        return model switch
        {
            SpeechModel speech => [.. speech.EmbedPrepared([wave[..20_000], wave[..9_000]]).SelectMany(vector => vector), .. speech.Scores([wave[..3000]])[0]],
            TextModel text => [.. text.EmbedPrepared([new[] { 0, 7, 8, 9, 2 }, new[] { 0, 2 }]).SelectMany(vector => vector), .. text.Scores([new[] { 0, 9, 2 }])[0]],
            VisionModel vision => [.. vision.EmbedPrepared(wave[..vision.Preprocessing.OutputLength]), .. vision.Scores([wave[..vision.Preprocessing.OutputLength]])[0]],
            _ => throw new NotSupportedException(),
        };
    }

    /// <summary>The CPU backend, with inferences that never release or reuse memory and check what operations write.</summary>
    private sealed class KeepingBackend : Backend
    {
        private readonly CpuBackend _cpu = new(2);

        public override string Name => "keeping";

        public override string Description => "the CPU, keeping all activations";

        public override WeightStore CreateStore() => new Store(_cpu.CreateStore());

        private sealed class Store(WeightStore inner) : WeightStore
        {
            public override int PreferredBatchRows => inner.PreferredBatchRows;

            public override int PreferredConvolutionRows => inner.PreferredConvolutionRows;

            public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale) => inner.Linear(parts, scale);

            public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape) => inner.Conv1d(weight, bias, shape);

            public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape) => inner.Conv2d(weight, bias, shape);

            public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon) => inner.Norm(weight, bias, size, epsilon);

            public override EmbeddingWeights Embedding(WeightData table) => inner.Embedding(table);

            public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns) => inner.Constant(values, rows, columns);

            public override Inference Begin() => new KeepingInference(inner.Begin());

            protected override void Dispose(bool disposing) => inner.Dispose();
        }
    }

    /// <summary>Remembers which memory operations have read, and refuses results there.</summary>
    private sealed class KeepingInference(Inference inner) : Inference
    {
        private readonly List<(nint Start, nint End)> _read = [];

        public override ElementType ActivationType => inner.ActivationType;

        public override Tensor Allocate(int rows, int columns, ElementType type) => inner.Allocate(rows, columns, type);

        public override Tensor Reuse(Tensor spent) => inner.Allocate(spent.Rows, spent.Columns, spent.Type);

        public override long Mark() => 0;

        public override void Release(long mark)
        {
        }

        public override Sequences Sequences(ReadOnlySpan<int> lengths) => inner.Sequences(lengths);

        public override Sequences Sequences(Sequences inputs, Conv1dShape shape) => inner.Sequences(inputs, shape);

        public override void Upload(ReadOnlySpan<float> values, Tensor destination)
        {
            Write([], destination);
            inner.Upload(values, destination);
        }

        public override void Download(Tensor tensor, Span<float> values) => inner.Download(tensor, values);

        public override void Copy(Tensor source, Tensor destination)
        {
            Write([source], destination);
            inner.Copy(source, destination);
        }

        public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
        {
            Write([x, residual], output);
            inner.Linear(x, weights, output, activation, residual);
        }

        public override void Conv1d(
            Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs)
        {
            Write([x], output);
            inner.Conv1d(x, inputs, weights, norm, activation, output, outputs);
        }

        public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output)
        {
            Write([x], output);
            inner.Conv2d(x, height, width, weights, activation, output);
        }

        public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
        {
            Write([x], output);
            inner.MaxPool2d(x, height, width, size, stride, output);
        }

        public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
        {
            Write([x, residual], output);
            inner.LayerNorm(x, norm, output, residual, activation);
        }

        public override void LinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor normed, Tensor sum, Tensor residual)
        {
            Write([x, residual], sum);
            Write([x, residual], normed);
            inner.LinearNorm(x, weights, norm, normed, sum, residual);
        }

        public override void ChannelMoments(Tensor x, Sequences sequences, Tensor moments)
        {
            Write([x], moments);
            inner.ChannelMoments(x, sequences, moments);
        }

        public override void ChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Activation activation, Tensor output)
        {
            Write([x, moments], output);
            inner.ChannelNorm(x, sequences, moments, norm, activation, output);
        }

        public override void Add(Tensor source, Tensor destination)
        {
            Write([source], destination);
            inner.Add(source, destination);
        }

        public override void Attention(
            Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
        {
            Write([query, key, value, bias.Table, bias.Slopes, bias.Distances, bias.Gates], output);
            inner.Attention(query, key, value, sequences, heads, scale, bias, output);
        }

        public override void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output)
        {
            Write([x, weights, scales], output);
            inner.AttentionGates(x, weights, scales, output);
        }

        public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual)
        {
            Write([residual], output);
            inner.Embed(ids, table, output, residual);
        }

        public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip) => inner.MeanOfSequences(x, sequences, skip);

        protected override void Dispose(bool disposing) => inner.Dispose();

        private void Write(ReadOnlySpan<Tensor> inputs, Tensor output)
        {
            foreach (Tensor input in inputs)
            {
                if (!input.IsEmpty)
                {
                    _read.Add(Range(input));
                }
            }

            (nint start, nint end) = Range(output);
            if (!output.IsEmpty && _read.Any(read => read.Start < end && start < read.End))
            {
                throw new XunitException("An operation overwrites what an operation before it has read.");
            }
        }

        // Columns are sliced out of rows of their own: the first row tells them apart.
        private static (nint Start, nint End) Range(Tensor x) =>
            (x.Data, x.Data + ((nint)Math.Max(0, x.Rows - 1) * x.Stride + x.Columns) * sizeof(float));
    }
}
