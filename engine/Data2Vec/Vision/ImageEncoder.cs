using Data2Vec.Vision.Images;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Vision;

/// <summary>What the image encoders have in common: they see a square of pixels.</summary>
internal abstract class ImageEncoder(ImagePreprocessing preprocessing) : Encoder<float>
{
    public ImagePreprocessing Preprocessing { get; } = preprocessing;
    protected abstract int RowsOfImage { get; }

    public override int Rows(ReadOnlySpan<float> input)
    {
        int size = Preprocessing.CropSize;
        return input.Length != Preprocessing.OutputLength
            ? throw new InvalidDataException(
                $"an image has {input.Length} values; the model takes pixels [3, {size}, {size}], which are {Preprocessing.OutputLength}")
            : !TensorPrimitives.IsFiniteAll(input)
            ? throw new InvalidDataException("an image has pixels that are not finite numbers")
            : RowsOfImage;
    }
}
