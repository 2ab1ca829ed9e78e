using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec;

/// <summary>A model of images: a vision transformer (<see cref="VisionConfig"/>) or a VGG network (<see cref="VggConfig"/>).</summary>
public sealed class VisionModel : ClassifierModel<RgbImage, float>
{
    internal VisionModel(LoadedEncoder loaded)
        : base(loaded) => Preprocessing = ((ImageEncoder)loaded.Encoder).Preprocessing;

    /// <summary>How an image of any size becomes the pixels that the encoder reads.</summary>
    public ImagePreprocessing Preprocessing { get; }

    private protected override PreparedInputs<float> Prepare(
        IReadOnlyList<RgbImage> inputs, InputOptions options, CancellationToken cancellationToken) => PrepareEach(
        inputs,
        image =>
        {
            try
            {
                return Preprocessing.Apply(image);
            }
            catch (ArgumentException error)
            {
                throw new InvalidDataException(error.Message, error);
            }
        },
        cancellationToken);
}
