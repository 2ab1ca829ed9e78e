using static TorchSharp.torch;

namespace Data2Vec.TorchPeer;

/// <summary>
/// PyTorch's AdamW, parameter by parameter, as it runs on a CPU by default. TorchSharp's keeps its temporary tensors until the end of the step, which takes
/// more memory and time.
/// </summary>
internal sealed class AdamW(IReadOnlyList<Tensor> parameters)
{
    private const double Rate = 1e-5, Decay = 0.01, Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-6;

    private readonly Tensor[] _means = [.. parameters.Select(parameter => zeros_like(parameter))];
    private readonly Tensor[] _squares = [.. parameters.Select(parameter => zeros_like(parameter))];
    private int _steps;

    public void Step()
    {
        using var none = no_grad();
        _steps++;
        for (int i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].grad is not { } gradient)
            {
                continue;
            }

            using var scope = NewDisposeScope();
            parameters[i].mul_(1 - Rate * Decay);
            _means[i].mul_(Beta1).add_(gradient, 1 - Beta1);
            _squares[i].mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            Tensor root = _squares[i].sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, _steps))).add_(Epsilon);
            parameters[i].addcdiv_(_means[i], root, -Rate / (1 - Math.Pow(Beta1, _steps)));
        }
    }

    /// <summary>Frees the gradients, as <c>zero_grad</c>.</summary>
    public void ClearGradients()
    {
        foreach (Tensor parameter in parameters)
        {
            parameter.grad = null;
        }
    }
}
