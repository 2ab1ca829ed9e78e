namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of linear layers.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(LinearWeights weights) => throw new NotImplementedException();

    public override void LinearBackward(Tensor x, LinearWeights weights, Tensor sums, Activation activation, Tensor dy, Tensor dx, bool accumulate) =>
        throw new NotImplementedException();
}
