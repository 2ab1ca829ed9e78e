using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Data2Vec.Memes.Ocr;

/// <summary>Reads the text in images. Implementations are thread-safe.</summary>
public interface ITextRecognizer
{
    /// <summary>Describes every setting that affects the result. Stored features are valid only for the same description.</summary>
    string Description { get; }

    /// <summary>The words in an image, in reading order; empty if it has no text.</summary>
    IReadOnlyList<RecognizedWord> Recognize(RgbImage image);
}

/// <summary>A word in an image.</summary>
/// <param name="Text">The word.</param>
/// <param name="Confidence">The recognizer's confidence, from 0 to 1.</param>
/// <param name="Box">The word's place.</param>
public sealed record RecognizedWord(string Text, float Confidence, Box Box);

/// <summary>Settings of <see cref="TesseractRecognizer"/>. The defaults read rendered memes best; docs/memes.md has the measurements.</summary>
public sealed record OcrOptions
{
    /// <summary>Tesseract's names of the text's languages: <c>eng</c>, or several as in <c>eng+spa</c>.</summary>
    public string Languages { get; init; } = "eng";

    /// <summary>The folder of the <c>.traineddata</c> files; null for <c>TESSDATA_PREFIX</c> or Tesseract's own folder.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Whether to enlarge small images first.</summary>
    public bool Upscale { get; init; } = true;

    /// <summary>
    /// Whether to separate lettering from the picture, with or without an outline and in any color, upright or tilted. Otherwise the picture is
    /// only read as it is, and textures may give words.
    /// </summary>
    public bool SeparateLettering { get; init; } = true;

    /// <summary>The minimum confidence of a word, from 0 to 1. Lines are chosen by their confidence anyway.</summary>
    public float LeastConfidence { get; init; }
}

/// <summary>
/// Reads text with an installed Tesseract 5 and its LSTM engine. One engine is loaded per concurrent reader and stays loaded until
/// <see cref="Dispose"/>.
/// </summary>
public sealed class TesseractRecognizer : ITextRecognizer, IDisposable
{
    /// <summary>The shortest side of a readable image. Tesseract rejects smaller ones with a warning.</summary>
    private const int LeastSide = 8;

    /// <summary>Images are enlarged to this width, by at most <see cref="MostEnlargement"/>, and to at most <see cref="MostPixels"/>.</summary>
    private const int GoodWidth = 1200;
    private const double MostEnlargement = 3;
    private const double MostPixels = 8e6;

    private readonly OcrOptions _options;
    private readonly ConcurrentBag<TesseractEngine> _idle = [];
    private volatile bool _disposed;

    /// <summary>Loads the first engine.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The languages are not valid names.</exception>
    /// <exception cref="NotSupportedException">Tesseract or a language is not installed. The message says how to install it.</exception>
    public TesseractRecognizer(OcrOptions? options = null)
    {
        _options = options ?? new OcrOptions();
        if (!_options.Languages.Split('+').All(name => name.Length is > 0 and <= 32 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')))
        {
            throw new ArgumentException($"'{_options.Languages}' is not a list of languages such as eng or eng+spa.", nameof(options));
        }

        _idle.Add(new TesseractEngine(_options));
    }

    /// <summary>Tesseract's version, such as <c>5.3.0</c>.</summary>
    public static string Version => Marshal.PtrToStringUTF8(NativeTesseract.TessVersion())!;

    /// <inheritdoc/>
    public string Description => $"Tesseract {Version}, {_options}";

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The recognizer was disposed.</exception>
    public IReadOnlyList<RecognizedWord> Recognize(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        ObjectDisposedException.ThrowIf(_disposed, this);
        double scale = Scale(image);
        int width = (int)Math.Round(image.Width * scale), height = (int)Math.Round(image.Height * scale);
        if (width < LeastSide || height < LeastSide)
        {
            return [];
        }

        RgbImage scaled = image.Resize(width, height);
        TesseractEngine engine = _idle.TryTake(out TesseractEngine? idle) ? idle : new TesseractEngine(_options);
        try
        {
            IEnumerable<RecognizedWord> words = _options.SeparateLettering ? PictureReader.Read(engine, scaled) : engine.ReadPage(scaled).SelectMany(line => line);
            return [.. words.Where(word => word.Confidence >= _options.LeastConfidence).Select(word => word with { Box = Unscale(word.Box, image, scale) })];
        }
        finally
        {
            _idle.Add(engine);
            if (_disposed)
            {
                Dispose();
            }
        }
    }

    /// <summary>Frees the engines. Engines in use are freed when they finish.</summary>
    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out TesseractEngine? engine))
        {
            engine.Dispose();
        }
    }

    private static Box Unscale(Box box, RgbImage image, double scale)
    {
        int Clamp(double x, int most) => (int)Math.Clamp(x / scale, 0, most);
        int left = Clamp(box.X, image.Width - 1), top = Clamp(box.Y, image.Height - 1);
        return new Box(left, top, Math.Max(1, Clamp(box.X + box.Width + scale - 1, image.Width) - left), Math.Max(1, Clamp(box.Y + box.Height + scale - 1, image.Height) - top));
    }

    private double Scale(RgbImage image)
    {
        double wanted = _options.Upscale ? Math.Clamp((double)GoodWidth / image.Width, 1, MostEnlargement) : 1;
        double most = Math.Min(Math.Sqrt(MostPixels / image.Width / image.Height), (double)NativeTesseract.LongestSide / Math.Max(image.Width, image.Height));
        return Math.Min(wanted, most);
    }
}
