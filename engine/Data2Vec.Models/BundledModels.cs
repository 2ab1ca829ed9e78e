using System.Reflection;
using Data2Vec.ModelFile;

namespace Data2Vec;

/// <summary>
/// The small models in this assembly: <c>speech</c>, <c>speech-ctc</c>, <c>text</c>, <c>text-sentiment</c>, <c>image</c>, <c>image-cifar10</c>. They
/// were trained for minutes, for trying things out and for tests.
/// </summary>
public static class BundledModels
{
    private static readonly Assembly s_assembly = typeof(BundledModels).Assembly;

    /// <summary>The names of the models.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)];

    /// <summary>Loads a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The name is unknown, or an option is out of range or does not apply to the model.</exception>
    public static Data2VecModel Load(string name, ModelOptions? options = null) => Data2VecModel.Load(Open(name), options);

    /// <summary>Loads a model of a known type.</summary>
    /// <typeparam name="TModel"><see cref="SpeechModel"/>, <see cref="TextModel"/> or <see cref="VisionModel"/>.</typeparam>
    /// <exception cref="InvalidDataException">The model has another type.</exception>
    /// <inheritdoc cref="Load(string, ModelOptions?)"/>
    public static TModel Load<TModel>(string name, ModelOptions? options = null)
        where TModel : Data2VecModel => Data2VecModel.Load<TModel>(Open(name), options);

    private static D2vFile Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        using Stream stream = s_assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"There is no bundled model '{name}'; the models are {string.Join(", ", Names)}.", nameof(name));
        return D2vFile.Open(stream, name);
    }
}
