using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The kinds of inputs that a command takes.</summary>
/// <param name="modalities">The kinds.</param>
/// <param name="refusal">The sentence about inputs of another kind, given their name.</param>
internal sealed class InputKinds(IReadOnlyCollection<Modality> modalities, Func<string, string> refusal)
{
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
    public bool TakeName(string path) =>
        FolderFiles.IsText(path) ? Take(Modality.Text)
        : FolderFiles.IsRecording(path) ? Take(Modality.Speech)
        : FolderFiles.IsImage(path) ? Take(Modality.Vision)
        : OptionFactory.HasExtension(path, ".npy");

    /// <summary>The kinds in words, for example <c>recordings, images and .npy files</c>.</summary>
    public override string ToString()
    {
        string[] names = [.. modalities.Select(modality => modality == Modality.Text ? "texts (.txt)" : modality.Inputs()), "arrays (.npy)"];
        return $"{string.Join(", ", names[..^1])} and {names[^1]}";
    }
}
