using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>
/// A model as one writes it in PyTorch: a linear layer each for queries, keys and values, <c>scaled_dot_product_attention</c>, and
/// operations of <c>torch.nn.functional</c>. There is no dropout.
/// </summary>
internal abstract class Network
{
    private const int Heads = 12;

    /// <summary>The network of a modality.</summary>
    public static Network Create(string model) => model switch
    {
        "speech" => new SpeechNetwork(),
        "text" => new TextNetwork(),
        "image" => new ImageNetwork(),
        "vgg" => new VggNetwork(),
        _ => throw new ArgumentException($"There is no model '{model}'."),
    };

    /// <summary>Whether the teacher embeds the whole inputs itself; otherwise it continues from the student's rows before masking.</summary>
    public virtual bool TeacherEmbeds => false;

    /// <summary>From a batch to rows <c>[batch, rows, hidden]</c>.</summary>
    public abstract Tensor Embed(NamedTensors parameters, Tensor inputs);

    /// <summary>Replaces masked rows.</summary>
    public virtual Tensor Mask(NamedTensors parameters, Tensor x, Tensor mask) => where(mask.unsqueeze(-1), parameters["mask_embedding"], x);

    /// <summary>Runs the layers.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="x">The rows.</param>
    /// <param name="outputs">Receives the output of each layer that targets are made from.</param>
    public abstract Tensor Contextualize(NamedTensors parameters, Tensor x, List<Tensor>? outputs);

    /// <summary>Runs the whole network on a batch. Returns the rows of the last layer.</summary>
    public virtual Tensor Run(NamedTensors parameters, Tensor inputs) => Contextualize(parameters, Embed(parameters, inputs), null);

    /// <summary>Targets of all rows, from the outputs of all layers.</summary>
    public abstract Tensor Targets(List<Tensor> outputs);

    public abstract Tensor Predict(NamedTensors parameters, Tensor x);

    /// <summary>The sum over masked rows and features.</summary>
    public abstract Tensor Loss(Tensor prediction, Tensor targets);

    /// <summary>A layer that normalizes after its blocks.</summary>
    protected static Tensor PostNormLayer(NamedTensors parameters, Tensor x, int layer, List<Tensor>? outputs)
    {
        using var scope = NewDisposeScope();
        string name = $"encoder.{layer}";
        x = parameters.Norm(x + Attend(parameters, x, name, null), $"{name}.attention_norm");
        Tensor added = FeedForward(parameters, x, name);
        outputs?.Add(added.MoveToOuterDisposeScope());
        return parameters.Norm(x + added, $"{name}.feed_forward_norm").MoveToOuterDisposeScope();
    }

    protected static Tensor Attend(NamedTensors parameters, Tensor x, string name, Tensor? bias)
    {
        long batch = x.shape[0], rows = x.shape[1], hidden = x.shape[2];
        Tensor attended = functional.scaled_dot_product_attention(Split("query"), Split("key"), Split("value"), bias);
        return parameters.Linear(attended.transpose(1, 2).reshape(batch, rows, hidden), $"{name}.attention.output");

        Tensor Split(string part) => parameters.Linear(x, $"{name}.attention.{part}").view(batch, rows, Heads, hidden / Heads).transpose(1, 2);
    }

    protected static Tensor FeedForward(NamedTensors parameters, Tensor x, string name) =>
        parameters.Linear(functional.gelu(parameters.Linear(x, $"{name}.feed_forward.intermediate")), $"{name}.feed_forward.output");

    /// <summary>The mean of tensors.</summary>
    protected static Tensor Mean(IReadOnlyList<Tensor> tensors)
    {
        Tensor sum = tensors[0];
        foreach (Tensor tensor in tensors.Skip(1))
        {
            sum += tensor;
        }

        return sum / tensors.Count;
    }
}
