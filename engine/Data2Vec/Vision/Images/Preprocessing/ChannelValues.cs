namespace Data2Vec.Vision.Images;

/// <summary>One number for each color channel.</summary>
public readonly record struct ChannelValues(float Red, float Green, float Blue)
{
    /// <summary>The value of channel 0 (red), 1 (green) or 2 (blue).</summary>
    public float this[int channel] => channel switch
    {
        0 => Red,
        1 => Green,
        2 => Blue,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "A channel is 0, 1 or 2."),
    };

    /// <summary>Reads an array of three numbers.</summary>
    /// <exception cref="InvalidDataException">The field is missing or is not such an array.</exception>
    internal static ChannelValues Read(JsonFields fields, string name)
    {
        float[] values = fields.Numbers(name, 3);
        return new(values[0], values[1], values[2]);
    }
}

/// <summary>The order of the color channels in a model's input.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as OpenCV reads images.</summary>
    Bgr,
}
