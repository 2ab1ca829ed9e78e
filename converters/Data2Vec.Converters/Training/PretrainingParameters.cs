using Data2Vec.Converters.Layouts;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Training;

/// <summary>The parameters that a checkpoint has for pre-training beside those of the model file.</summary>
internal static class PretrainingParameters
{
    /// <summary>Those of a model.</summary>
    /// <exception cref="InvalidDataException">A tensor has a shape that does not fit.</exception>
    public static IEnumerable<Parameter> Of(SourceModel model)
    {
        Weights weights = model.Checkpoint.Weights;
        if (Place("mask_embedding") is not null)
        {
            yield return new Parameter("mask_embedding", [model.Config["hidden_size"]!.GetValue<int>()], ParameterRole.Constant) { IsOptional = true };
        }

        IEnumerable<string> layers = Place("predictor.weight") is not null
            ? ["predictor"]
            : Enumerable.Range(0, Limits.Layers).Select(i => $"predictor.{i}").TakeWhile(layer => Place($"{layer}.weight") is not null);
        foreach (string layer in layers)
        {
            string weight = Place($"{layer}.weight")!;
            int outputs = weights.RequireSize(weight, 2, 0, Limits.Size), inputs = weights.RequireSize(weight, 2, 1, Limits.Size);
            yield return new Parameter($"{layer}.weight", [outputs, inputs], ParameterRole.Product) { IsOptional = true };
            yield return new Parameter($"{layer}.bias", [outputs], ParameterRole.Bias) { IsOptional = true };
        }

        string? Place(string name) => model.Names.Find(name, weights)?.Name is { } place && weights.Contains(place) ? place : null;
    }
}
