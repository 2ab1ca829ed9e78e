namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of one-dimensional convolutions.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(Conv1dWeights weights) => throw new NotImplementedException();

    public override void Conv1dBackward(
        Tensor x, Sequences inputs, Conv1dWeights weights, Tensor dy, Sequences outputs, Tensor dx, bool accumulate) => throw new NotImplementedException();
}
