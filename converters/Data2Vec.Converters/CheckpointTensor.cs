namespace Data2Vec.Converters;

/// <summary>Number formats that tensors of checkpoints come in.</summary>
public enum CheckpointType
{
    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16.</summary>
    BF16,

    /// <summary>64-bit signed integers.</summary>
    I64,

    /// <summary>32-bit signed integers.</summary>
    I32,

    /// <summary>16-bit signed integers.</summary>
    I16,

    /// <summary>8-bit signed integers.</summary>
    I8,

    /// <summary>8-bit unsigned integers.</summary>
    U8,

    /// <summary>One byte for a truth value.</summary>
    Bool,

    /// <summary>Any other format; its elements cannot be read.</summary>
    Other,
}

/// <summary>
/// A tensor of a checkpoint. Its numbers stay in the file until they are asked for, so that a checkpoint of any size can
/// be converted in little memory.
/// </summary>
/// <param name="type">The number format in the file.</param>
/// <param name="shape">The shape; its product is known to fit a <see cref="long"/>.</param>
public abstract class CheckpointTensor(CheckpointType type, long[] shape)
{
    /// <summary>The number format in the file.</summary>
    public CheckpointType Type { get; } = type;

    /// <summary>The shape, outermost dimension first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; } = shape;

    /// <summary>The number of elements.</summary>
    public long Count { get; } = shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Reads the elements <c>start … start + destination.Length - 1</c> in row-major order, converted to floats.</summary>
    /// <exception cref="InvalidDataException">The file ends too early or is damaged, or the number format is <see cref="CheckpointType.Other"/>.</exception>
    public abstract void Read(long start, Span<float> destination);

    /// <summary>Whether no order of multiplying the sizes that are not zero exceeds a number.</summary>
    internal static bool CanCount(long[] shape, long most)
    {
        long count = 1;
        foreach (long size in shape)
        {
            if (Math.Max(size, 1) > most / count)
            {
                return false;
            }

            count *= Math.Max(size, 1);
        }

        return true;
    }

    /// <summary>Whether one stored number stands for several elements.</summary>
    internal virtual bool RepeatsNumbers => false;

    /// <summary>Compares the stored numbers with the file's checksum, if it has one.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    internal virtual void Verify()
    {
    }
}
