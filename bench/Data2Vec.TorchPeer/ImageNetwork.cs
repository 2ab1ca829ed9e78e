using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>fairseq's <c>Data2VecVisionModel</c>.</summary>
internal sealed class ImageNetwork : Network
{
    private const int Size = 224, Patch = 16, Grid = Size / Patch;

    private readonly Tensor _distances = tensor(Distances(), int64);

    public override Tensor Embed(NamedTensors parameters, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        Tensor images = inputs.view(-1, 3, Size, Size), kernel = parameters["patch_embedding.weight"].view(-1, 3, Patch, Patch);
        Tensor patches = functional.conv2d(images, kernel, parameters["patch_embedding.bias"], strides: [Patch, Patch]).flatten(2).transpose(1, 2);
        Tensor token = parameters["class_token"].expand(patches.shape[0], 1, -1);
        return cat([token, patches], 1).MoveToOuterDisposeScope();
    }

    public override Tensor Contextualize(NamedTensors parameters, Tensor x, List<Tensor>? outputs)
    {
        long rows = x.shape[1];
        Tensor bias = parameters["relative_position_bias.weight"].index_select(0, _distances).view(rows, rows, -1).permute(2, 0, 1).contiguous().unsqueeze(0);
        for (int layer = 0; layer < 12; layer++)
        {
            x = PreNormLayer(parameters, x, layer, bias);
            outputs?.Add(x);
        }

        return parameters.Norm(x, "encoder.norm");
    }

    /// <summary>The rows of the patches, without that of the class token.</summary>
    public override Tensor Run(NamedTensors parameters, Tensor inputs) => base.Run(parameters, inputs)[.., 1..];

    public override Tensor Targets(List<Tensor> outputs) => NamedTensors.PlainNorm(Mean([.. outputs.TakeLast(6)]));

    public override Tensor Predict(NamedTensors parameters, Tensor x) => x;

    public override Tensor Loss(Tensor prediction, Tensor targets) =>
        functional.smooth_l1_loss(prediction, targets, Reduction.Sum, beta: 2) / Math.Sqrt(prediction.shape[^1]);

    /// <summary>A layer that normalizes before its blocks and scales what they add.</summary>
    private static Tensor PreNormLayer(NamedTensors parameters, Tensor x, int layer, Tensor bias)
    {
        using var scope = NewDisposeScope();
        string name = $"encoder.{layer}";
        x = x + parameters[$"{name}.attention_scale"] * Attend(parameters, parameters.Norm(x, $"{name}.attention_norm"), name, bias);
        return (x + parameters[$"{name}.feed_forward_scale"] * FeedForward(parameters, parameters.Norm(x, $"{name}.feed_forward_norm"), name))
            .MoveToOuterDisposeScope();
    }

    /// <summary>The row of the table for each pair of rows of an image, of which the first is the class token.</summary>
    private static long[] Distances()
    {
        const int Rows = 1 + Grid * Grid, Side = 2 * Grid - 1;
        long[] distances = new long[Rows * Rows];
        for (int pair = 0; pair < distances.Length; pair++)
        {
            int from = pair / Rows - 1, to = pair % Rows - 1;
            distances[pair] = (from, to) switch
            {
                (-1, -1) => Side * Side + 2,
                (_, -1) => Side * Side + 1,
                (-1, _) => Side * Side,
                _ => (from / Grid - to / Grid + Grid - 1) * Side + from % Grid - to % Grid + Grid - 1,
            };
        }

        return distances;
    }
}
