using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Ocr;

/// <summary>
/// Reads text with Tesseract 5's LSTM engine, which must be installed. As many engines are loaded as threads read at once; they stay until
/// <see cref="Dispose"/>.
/// </summary>
public sealed class TesseractRecognizer : ITextRecognizer, IDisposable
{
    /// <summary>Smaller images than this have nothing that is read, and Tesseract complains of them.</summary>
    private const int LeastSide = 8;

    /// <summary>Images are enlarged to this width, at most <see cref="MostEnlargement"/> times, and so that they have at most <see cref="MostPixels"/>.</summary>
    private const int GoodWidth = 1600;
    private const double MostEnlargement = 3;
    private const double MostPixels = 8e6;

    private readonly OcrOptions _options;
    private readonly ConcurrentBag<TesseractEngine> _idle = [];
    private volatile bool _disposed;

    /// <summary>Loads the first engine.</summary>
    /// <param name="options">How to read.</param>
    /// <exception cref="ArgumentException">The languages are not names.</exception>
    /// <exception cref="NotSupportedException">Tesseract or a language is not installed; the message says how to.</exception>
    public TesseractRecognizer(OcrOptions? options = null)
    {
        _options = options ?? new OcrOptions();
        if (!_options.Languages.Split('+').All(name => name.Length is > 0 and <= 32 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')))
        {
            throw new ArgumentException($"'{_options.Languages}' names no languages; eng and eng+spa do.", nameof(options));
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

        RgbImage scaled = (width, height) == (image.Width, image.Height)
            ? image
            : new ImageResizer(image.Width, image.Height, width, height).Resize(image);
        TesseractEngine engine = _idle.TryTake(out TesseractEngine? idle) ? idle : new TesseractEngine(_options);
        try
        {
            List<RecognizedWord> words = _options.FindOutlinedText && OutlinedText.Find(scaled) is { } outlined ? Read(engine, outlined) : [];
            if (words.Count == 0)
            {
                words = Read(engine, scaled);
            }

            return [.. words.Select(word => word with { Box = Unscale(word.Box, image, scale) })];
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

    /// <summary>Frees the engines; those that read are freed when they are done.</summary>
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
        int x = Math.Clamp((int)(box.X / scale), 0, image.Width - 1), y = Math.Clamp((int)(box.Y / scale), 0, image.Height - 1);
        return new Box(
            x, y, Math.Clamp((int)Math.Ceiling(box.Width / scale), 1, image.Width - x), Math.Clamp((int)Math.Ceiling(box.Height / scale), 1, image.Height - y));
    }

    private List<RecognizedWord> Read(TesseractEngine engine, RgbImage image) =>
        [.. engine.Recognize(image).Where(word => word.Confidence >= _options.LeastConfidence)];

    private double Scale(RgbImage image)
    {
        double wanted = _options.Upscale ? Math.Clamp((double)GoodWidth / image.Width, 1, MostEnlargement) : 1;
        double most = Math.Min(Math.Sqrt(MostPixels / image.Width / image.Height), (double)NativeTesseract.LongestSide / Math.Max(image.Width, image.Height));
        return Math.Min(wanted, most);
    }
}
