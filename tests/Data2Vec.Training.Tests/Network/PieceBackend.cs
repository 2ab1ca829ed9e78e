using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Training.Tests.Network;

/// <summary>The processor, with long convolutions split into pieces of a few rows.</summary>
internal sealed class PieceBackend(int rows) : Backend
{
    private readonly CpuBackend _cpu = new(2);

    public override string Name => _cpu.Name;

    public override string Description => _cpu.Description;

    /// <summary>The stores that have not been disposed.</summary>
    public int OpenStores { get; private set; }

    public override WeightStore CreateStore()
    {
        OpenStores++;
        return new Store(_cpu.CreateStore(), rows, () => OpenStores--);
    }

    private sealed class Store(WeightStore store, int rows, Action closed) : WeightStore
    {
        public override int PreferredBatchRows => store.PreferredBatchRows;

        public override int PreferredConvolutionRows => rows;

        public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale) => store.Linear(parts, scale);

        public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape) => store.Conv1d(weight, bias, shape);

        public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape) => store.Conv2d(weight, bias, shape);

        public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon) => store.Norm(weight, bias, size, epsilon);

        public override EmbeddingWeights Embedding(WeightData table) => store.Embedding(table);

        public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns) => store.Constant(values, rows, columns);

        public override Inference Begin() => store.Begin();

        public override TrainingInference BeginTraining(Func<WeightData, nint> gradient) => store.BeginTraining(gradient);

        public override void Refresh() => store.Refresh();

        protected override void Dispose(bool disposing)
        {
            store.Dispose();
            closed();
        }
    }
}
