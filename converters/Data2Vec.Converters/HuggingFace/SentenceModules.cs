using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>The options of sentence-transformers' modules <c>Pooling</c> and <c>Dense</c>.</summary>
internal static class SentenceModules
{
    /// <summary>How the names of the tensors of dense layers begin in model files.</summary>
    public const string DenseScope = "embedding.";

    private const string ModeName = "pooling_mode", FlagPrefix = "pooling_mode_";

    /// <summary>The poolings that the library has too.</summary>
    private static readonly PoolingNames[] s_modes = [.. PoolingNames.All.Where(pooling => pooling.Flag is not null)];

    private static readonly (string Module, string Class, DenseActivation Activation)[] s_activations =
    [
        ("linear", "Identity", DenseActivation.None), ("activation", "Tanh", DenseActivation.Tanh), ("activation", "ReLU", DenseActivation.Relu),
        ("activation", "GELU", DenseActivation.Gelu),
    ];

    /// <summary>The poolings of a <c>Pooling</c>.</summary>
    /// <exception cref="InvalidDataException">A pooling is unknown, or there is none.</exception>
    public static Pooling Poolings(CheckpointOptions options)
    {
        string known = string.Join(", ", s_modes.Select(mode => mode.Flag));
        if (options.Has(ModeName))
        {
            return ReadModes(options).Aggregate(Pooling.None, (all, name) => all | Find(name));
        }

        // The library takes the mean unless the file says that it does not.
        Pooling pooling = Pooling.Mean;
        foreach (string name in options.Json.EnumerateObject().Select(entry => entry.Name).Where(name => name.StartsWith(FlagPrefix, StringComparison.Ordinal)))
        {
            bool isSet = options.Flag(name) ?? false;
            Pooling mode = isSet || s_modes.Any(mode => mode.Flag == name[FlagPrefix.Length..]) ? Find(name[FlagPrefix.Length..]) : Pooling.None;
            pooling = isSet ? pooling | mode : pooling & ~mode;
        }

        return pooling != Pooling.None ? pooling : throw options.Bad(ModeName, $"is missing; one or several of {known} must be true");

        Pooling Find(string name) => s_modes.FirstOrDefault(mode => mode.Flag == name || mode.Mode == name)?.Pooling
            ?? throw options.Bad(ModeName, $"is {PickleText.Quote(name)}, which is not supported; {known} are");
    }

    /// <summary>The layer of a <c>Dense</c>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="inputs">The features of what comes before it.</param>
    /// <exception cref="InvalidDataException">The layer is not supported, or does not fit what comes before it.</exception>
    public static DenseLayer Dense(CheckpointOptions options, int inputs)
    {
        const string Inputs = "in_features", Outputs = "out_features", Activation = "activation_function";
        int given = options.Integer(Inputs, 0, 1, Limits.Size);
        options.ThrowIf(given != inputs, Inputs, $"is {(given == 0 ? "missing" : given)}, but what comes before it gives {inputs} features");
        options.ThrowIf(!options.Has(Outputs), Outputs, "is missing");
        foreach (string place in new[] { "module_input_name", "module_output_name" })
        {
            options.ThrowIf(options.Text(place) is not (null or "sentence_embedding"), place, $"is {PickleText.Quote(options.Text(place) ?? "")}; only sentence_embedding is supported");
        }

        // torch's classes; the library's default is tanh.
        string name = options.Text(Activation) ?? "torch.nn.modules.activation.Tanh";
        (string Module, string Class, DenseActivation Activation) found = s_activations.FirstOrDefault(known =>
            name.StartsWith("torch.nn.", StringComparison.Ordinal) && name.EndsWith("." + known.Class, StringComparison.Ordinal));
        options.ThrowIf(
            found.Class is null, Activation,
            $"is {PickleText.Quote(name)}, which is not supported; {string.Join(", ", s_activations.Select(known => known.Class))} of torch.nn are");
        return new DenseLayer(options.Integer(Outputs, 0, 1, Limits.Size), found.Activation, options.Flag("bias") ?? true);
    }

    /// <summary>The options of a <c>Pooling</c>.</summary>
    /// <exception cref="InvalidDataException">The library has no such pooling.</exception>
    public static JsonObject Describe(Pooling pooling, int hidden, bool includesPrompt)
    {
        InvalidData.ThrowIf(
            s_modes.Aggregate(Pooling.None, (all, mode) => all | (pooling & mode.Pooling)) != pooling, "the model pools by its own head, which sentence-transformers cannot do; it cannot be exported");
        var options = new JsonObject { ["word_embedding_dimension"] = hidden };
        foreach (PoolingNames mode in s_modes)
        {
            options[FlagPrefix + mode.Flag] = (pooling & mode.Pooling) != 0;
        }

        options["include_prompt"] = includesPrompt;
        return options;
    }

    /// <summary>The options of a <c>Dense</c>.</summary>
    public static JsonObject Describe(DenseLayer layer, int inputs)
    {
        (string module, string name, _) = s_activations.First(known => known.Activation == layer.Activation);
        return new JsonObject
        {
            ["in_features"] = inputs,
            ["out_features"] = layer.Features,
            ["bias"] = layer.HasBias,
            ["activation_function"] = $"torch.nn.modules.{module}.{name}",
        };
    }

    private static IEnumerable<string> ReadModes(CheckpointOptions options) =>
        options.Json.GetProperty(ModeName) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
            ? list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw options.Bad(ModeName, "is not a list of strings"))
            : options.Text(ModeName)!.Split('+');
}
