namespace Data2Vec.Vision.Images;

/// <summary>Errors in the content of image files.</summary>
internal static class ImageErrors
{
    /// <summary>The file ends before the end that its structure announces.</summary>
    public static InvalidDataException Truncated(ImageFormat format) => new($"the {format.Name()} file is truncated");

    /// <summary>The content breaks the rules of its format.</summary>
    public static InvalidDataException Damaged(ImageFormat format, Exception? cause = null) =>
        new($"the {format.Name()} file is damaged or of an unsupported kind: its pixels cannot be decoded; save it again as PNG or JPEG", cause);

    /// <summary>The file follows its format, but uses a part of it that is not implemented.</summary>
    public static InvalidDataException Unsupported(ImageFormat format, string feature) =>
        new($"the {format.Name()} file uses {feature}, which is not supported; save it again as PNG or as a common JPEG");
}
