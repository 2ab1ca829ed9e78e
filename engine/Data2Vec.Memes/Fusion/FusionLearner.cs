using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Parameters;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Kinds = Data2Vec.Kernels.Activation;

namespace Data2Vec.Memes.Fusion;

/// <summary>The parameters of a <see cref="FusionNetwork"/> while they learn.</summary>
internal sealed class FusionLearner : IDisposable
{
    private const int Layers = 3;

    private readonly Adam _adam;
    private readonly float _rate;
    private readonly RecordingOptions _recording;
    private long _updates;

    /// <param name="inputs">The number of input features.</param>
    /// <param name="options">The settings.</param>
    /// <param name="values">The values to start from, row-major; random ones by default.</param>
    public FusionLearner(int inputs, TrainingOptions options, Func<Parameter, float[]>? values = null)
    {
        ulong seed = (ulong)options.Seed;
        _rate = options.LearningRate;
        _recording = new RecordingOptions { Seed = seed, Dropout = new DropoutRates { Activation = options.Dropout } };

        // The layers are too small to share among threads.
        Parameters = new TrainableParameters<LinearWeights[]>(Construct, new CpuBackend(threads: 1), values ?? Initial, learns: true);
        var constants = new AdamOptions { Variant = AdamVariant.PyTorch, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, Threads = 1 };
        _adam = new Adam(constants, Parameters.Buffers.Ranges(), [new ParameterGroup(WeightDecay: 0)]);

        LinearWeights[] Construct(ParameterScope scope)
        {
            int hidden = options.HiddenSize;
            LinearWeights[] layers = [Layer(0, inputs, hidden), Layer(1, hidden, hidden), Layer(2, hidden, 1)];
            layers[0].Dropout = DropoutSite.Activation;
            return layers;

            LinearWeights Layer(int index, int from, int to) => scope.Linear(FusionNetwork.LayerName(index), from, to, InitialValue.Uniform(from));
        }

        float[] Initial(Parameter parameter)
        {
            var initial = new float[parameter.Count];
            parameter.Initial.Fill(parameter, seed, 0, initial);
            return initial;
        }
    }

    public TrainableParameters<LinearWeights[]> Parameters { get; }

    /// <summary>The network with the values that the parameters have now.</summary>
    public FusionNetwork Network()
    {
        return new FusionNetwork([.. Enumerable.Range(0, Layers).Select(i => new LinearLayer(Values(FusionNetwork.WeightName(i)), Values(FusionNetwork.BiasName(i))))]);

        float[] Values(string name) => Parameters.Buffers.Read(Parameters.Buffers.IndexOf(name), Parameters.Buffers.Values);
    }

    /// <summary>Makes one update.</summary>
    /// <param name="examples">The training memes.</param>
    /// <param name="batch">Which of them the update learns from.</param>
    /// <returns>Their scores before the update.</returns>
    public float[] Update(Examples examples, int[] batch)
    {
        float[] scores = Differentiate(examples, batch);
        ParameterBuffers buffers = Parameters.Buffers;
        _adam.Step(buffers.Values, buffers.Gradients, buffers.Means, buffers.Squares, _rate);
        Parameters.Refresh();
        _updates++;
        return scores;
    }

    /// <summary>Sets the gradients to those of the mean squared error of a batch.</summary>
    /// <returns>The scores of the batch.</returns>
    public float[] Differentiate(Examples examples, int[] batch)
    {
        Parameters.Buffers.ClearGradients();
        using Recording run = Parameters.Record(_recording with { Update = _updates });

        // Each meme is one row.
        run.SetItems(run.Sequences([.. batch.Select(_ => 1)]), [.. batch.Select(i => (long)i)]);
        LinearWeights[] layers = Parameters.Blocks;
        var features = new float[batch.Length * layers[0].Inputs];
        for (int row = 0; row < batch.Length; row++)
        {
            examples.Features[batch[row]].Span.CopyTo(features.AsSpan(row * layers[0].Inputs));
        }

        Tensor x = run.Upload(features, batch.Length, layers[0].Inputs);
        foreach (LinearWeights layer in layers[..^1])
        {
            x = run.Linear(x, layer, Kinds.Relu);
        }

        Tensor output = run.Linear(x, layers[^1]);
        float[] scores = new float[batch.Length], gradient = new float[batch.Length];
        run.Download(output, scores);
        FusionTrainer.Loss(scores, [.. batch.Select(i => examples.Labels[i])], gradient);
        run.Backward(output, gradient);
        return scores;
    }

    public void Dispose() => Parameters.Dispose();
}
