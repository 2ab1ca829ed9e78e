using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>fairseq's <c>Data2VecTextModel</c>.</summary>
internal sealed class TextNetwork : Network
{
    private const int FirstPosition = 2;

    public override bool TeacherEmbeds => true;

    public override Tensor Embed(NamedTensors parameters, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        Tensor positions = arange(FirstPosition, FirstPosition + inputs.shape[1], int64);
        Tensor x = parameters.Embedding(inputs, "token_embedding") + parameters.Embedding(positions, "position_embedding");
        return parameters.Norm(x, "embedding_norm").MoveToOuterDisposeScope();
    }

    public override Tensor Mask(NamedTensors parameters, Tensor x, Tensor mask) => x;

    public override Tensor Contextualize(NamedTensors parameters, Tensor x, List<Tensor>? outputs)
    {
        for (int layer = 0; layer < 12; layer++)
        {
            x = PostNormLayer(parameters, x, layer, outputs);
        }

        return x;
    }

    public override Tensor Targets(List<Tensor> outputs) => Mean([.. outputs.TakeLast(10).Select(NamedTensors.PlainNorm)]);

    public override Tensor Predict(NamedTensors parameters, Tensor x) => parameters.Linear(functional.gelu(parameters.Linear(x, "predictor.0")), "predictor.1");

    public override Tensor Loss(Tensor prediction, Tensor targets) => functional.smooth_l1_loss(prediction, targets, Reduction.Sum, beta: 4);
}
