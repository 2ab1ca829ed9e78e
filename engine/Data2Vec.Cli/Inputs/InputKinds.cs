namespace Data2Vec.Cli;

/// <summary>The kinds of inputs that a command takes.</summary>
/// <param name="modalities">The kinds.</param>
/// <param name="refusal">The sentence about inputs of another kind, given their name.</param>
internal sealed class InputKinds(IReadOnlyCollection<Modality> modalities, Func<string, string> refusal)
{
    private static readonly Dictionary<string, Modality> s_extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        [".txt"] = Modality.Text,
    };

    static InputKinds()
    {
        foreach (string extension in "wav wave w64 rf64 bwf flac mp3 ogg oga opus aif aiff aifc au snd sph m4a mp4 aac webm mka wma amr caf".Split(' '))
        {
            s_extensions.Add($".{extension}", Modality.Speech);
        }

        foreach (string extension in "jpg jpeg jpe jfif png webp bmp gif tif tiff tga pbm pgm ppm pnm heic heif avif".Split(' '))
        {
            s_extensions.Add($".{extension}", Modality.Vision);
        }
    }

    /// <summary>Whether the command takes inputs of a modality.</summary>
    public bool Take(Modality modality) => modalities.Contains(modality);

    /// <summary>Requires that the command takes inputs of a modality.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public void Require(Modality modality)
    {
        if (!Take(modality))
        {
            throw new InvalidDataException(refusal(modality.Inputs()));
        }
    }

    /// <summary>Whether the name of a file is that of an input.</summary>
    public bool TakeName(string path) => s_extensions.TryGetValue(Path.GetExtension(path), out Modality modality) ? Take(modality) : OptionFactory.HasExtension(path, ".npy");

    /// <summary>The kinds in words, for example <c>recordings, images and .npy files</c>.</summary>
    public override string ToString()
    {
        string[] names = [.. modalities.Select(modality => modality == Modality.Text ? "texts (.txt)" : modality.Inputs()), "arrays (.npy)"];
        return $"{string.Join(", ", names[..^1])} and {names[^1]}";
    }
}
