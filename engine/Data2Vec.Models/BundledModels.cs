using System.Reflection;

namespace Data2Vec;

/// <summary>
/// The small models in this assembly, which need no download: <c>speech</c>, <c>speech-ctc</c>, <c>text</c>, <c>text-sentiment</c>,
/// <c>image</c>, <c>image-cifar10</c>. They were trained for minutes, and are good for trying things out and for tests.
/// </summary>
public static class BundledModels
{
    private static readonly Assembly s_assembly = typeof(BundledModels).Assembly;

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)];

    /// <summary>Loads a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ArgumentException">There is no model of this name, or an option does not suit it.</exception>
    public static Data2VecModel Load(string name, ModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        using Stream stream = s_assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"There is no bundled model '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
        return Data2VecModel.Load(stream, options);
    }
}
