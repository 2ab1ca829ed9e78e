using System.Text.Json.Nodes;

namespace Data2Vec;

/// <summary>A linear layer that turns a pooled vector into another one (<c>Dense</c> in sentence-transformers).</summary>
/// <param name="Features">The features of the result.</param>
/// <param name="Activation">What follows the product.</param>
/// <param name="HasBias">Whether a bias is added to the product.</param>
public sealed record DenseLayer(int Features, DenseActivation Activation = DenseActivation.None, bool HasBias = true)
{
    private static readonly (string Name, DenseActivation Activation)[] s_activations =
        [("none", DenseActivation.None), ("tanh", DenseActivation.Tanh), ("relu", DenseActivation.Relu), ("gelu", DenseActivation.Gelu)];

    internal static DenseLayer FromJson(JsonFields json) =>
        new(json.Size("features"), json.Choice("activation", s_activations), json.Flag("bias"));

    internal JsonObject ToJson() => new()
    {
        ["features"] = Features,
        ["activation"] = s_activations.First(activation => activation.Activation == Activation).Name,
        ["bias"] = HasBias,
    };
}

/// <summary>What follows the product of a <see cref="DenseLayer"/>.</summary>
public enum DenseActivation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary><c>max(x, 0)</c>.</summary>
    Relu,

    /// <summary>The exact GELU.</summary>
    Gelu,
}
