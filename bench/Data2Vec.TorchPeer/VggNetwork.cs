using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>torchvision's <c>VGG</c> up to its second fully connected layer.</summary>
internal sealed class VggNetwork : Network
{
    public override Tensor Embed(NamedTensors parameters, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        Tensor x = inputs;
        for (int block = 0; parameters.ContainsKey($"blocks.{block}.0.weight"); block++)
        {
            using var inner = NewDisposeScope();
            for (int i = 0; parameters.ContainsKey($"blocks.{block}.{i}.weight"); i++)
            {
                string name = $"blocks.{block}.{i}";
                x = functional.conv2d(x, parameters[$"{name}.weight"], parameters[$"{name}.bias"], padding: [1, 1]).relu_();
            }

            x = functional.max_pool2d(x, 2).MoveToOuterDisposeScope();
        }

        return x.MoveToOuterDisposeScope();
    }

    public override Tensor Contextualize(NamedTensors parameters, Tensor x, List<Tensor>? outputs) =>
        parameters.Linear(parameters.Linear(x.flatten(1), "fc6").relu_(), "fc7");

    public override Tensor Targets(List<Tensor> outputs) => throw new NotSupportedException("VGG is not pretrained here.");

    public override Tensor Predict(NamedTensors parameters, Tensor x) => throw new NotSupportedException("VGG is not pretrained here.");

    public override Tensor Loss(Tensor prediction, Tensor targets) => throw new NotSupportedException("VGG is not pretrained here.");
}
