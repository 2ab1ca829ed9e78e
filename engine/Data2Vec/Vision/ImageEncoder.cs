using System.Numerics.Tensors;
using Data2Vec.Transformer;
using Data2Vec.Vision.Images;

namespace Data2Vec.Vision;

/// <summary>What the encoders of images have in common: what they see is a square of pixels.</summary>
/// <param name="preprocessing">How an image becomes the pixels.</param>
internal abstract class ImageEncoder(ImagePreprocessing preprocessing) : Encoder<float>
{
    /// <summary>How an image becomes the pixels.</summary>
    public ImagePreprocessing Preprocessing { get; } = preprocessing;

    public override string Takes => "images";

    /// <summary>The rows that every image becomes.</summary>
    protected abstract int RowsOfImage { get; }

    public override int Rows(ReadOnlySpan<float> input)
    {
        int size = Preprocessing.CropSize;
        return input.Length != Preprocessing.OutputLength
            ? throw new InvalidDataException(
                $"an image of {input.Length} numbers: the model takes pixels [3, {size}, {size}], which are {Preprocessing.OutputLength}")
            : !TensorPrimitives.IsFiniteAll(input)
            ? throw new InvalidDataException("an image has pixels that are not finite numbers")
            : RowsOfImage;
    }
}
