using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Data;

/// <summary>An image that a list or a folder names.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Key">The path in the list, or below the folder.</param>
/// <param name="Name">What messages call it.</param>
/// <param name="Label">The name of its class, or null.</param>
internal sealed record ImageSource(string Path, string Key, string Name, string? Label = null)
{
    /// <summary>The model's input.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public float[] Load(int item, EpochRandom random, ImageOptions options)
    {
        using FileStream stream = File.OpenRead(Path);
        return options.Prepare(ImageFile.Load(stream, options.Limits, options.Decoder), random.Sequence(RandomSite.Augmentation, item));
    }
}
