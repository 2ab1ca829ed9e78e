namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of normalizations, activations, tables and means.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(NormWeights weights) => throw new NotImplementedException();

    public override bool Learns(EmbeddingWeights weights) => throw new NotImplementedException();

    public override void ActivationBackward(Tensor x, Activation activation, Tensor dy, Tensor dx) => throw new NotImplementedException();

    public override void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation, Tensor normalized, Tensor factors) => throw new NotImplementedException();

    public override void LayerNormBackward(
        Tensor normalized, Tensor factors, NormWeights norm, Activation activation, Tensor dy, Tensor dx, bool accumulate) => throw new NotImplementedException();

    public override void EmbedBackward(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor dOutput) => throw new NotImplementedException();

    public override void MeanOfSequencesBackward(Sequences sequences, int skip, Tensor dMeans, Tensor dx, bool accumulate) => throw new NotImplementedException();

    public override void Add(Tensor source, Tensor destination) => throw new NotImplementedException();

    public override void Clear(Tensor x) => throw new NotImplementedException();
}
