namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partner of attention.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums) =>
        throw new NotImplementedException();

    public override void AttentionBackward(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Dropout dropout, Tensor output, Tensor logSums,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, AttentionBias dBias) => throw new NotImplementedException();

    public override void Drop(Tensor x, Dropout dropout) => throw new NotImplementedException();
}
