using System.Runtime.InteropServices;

namespace Data2Vec.Memes.Ocr;

/// <summary>A Tesseract engine. It is not thread-safe.</summary>
internal sealed class TesseractEngine : IDisposable
{
    /// <summary>The resolution of a typical scan. Without it, Tesseract guesses and writes a warning to the standard error.</summary>
    private const int PixelsPerInch = 300;

    private readonly TesseractHandle _handle;

    /// <exception cref="NotSupportedException">Tesseract or a language is not installed.</exception>
    public TesseractEngine(OcrOptions options)
    {
        try
        {
            _handle = NativeTesseract.TessBaseAPICreate();
        }
        catch (DllNotFoundException problem)
        {
            throw new NotSupportedException(problem.Message, problem);
        }

        NativeTesseract.Silence();

        // Without this, Tesseract logs to the standard error. It must be set before a language is loaded.
        NativeTesseract.TessBaseAPISetVariable(_handle, "debug_file", OperatingSystem.IsWindows() ? "nul" : "/dev/null");
        if (NativeTesseract.TessBaseAPIInit2(_handle, options.DataFolder, options.Languages, NativeTesseract.LstmEngine) != 0)
        {
            _handle.Dispose();
            throw new NotSupportedException(
                $"Tesseract cannot load the language '{options.Languages}'{(options.DataFolder is { } folder ? $" from {folder}" : "")}: install it "
                + "(Debian packages: tesseract-ocr-eng, tesseract-ocr-deu, ...), or put its .traineddata file into the folder named by TESSDATA_PREFIX");
        }
    }

    /// <summary>The words of each line of an image, in reading order, with boxes in pixels.</summary>
    public List<List<RecognizedWord>> ReadPage(RgbImage image) => Read(image.Pixels, image.Width, image.Height, 3, NativeTesseract.Automatic);

    /// <summary>The words of an image of a single line.</summary>
    public List<RecognizedWord> ReadLine(GrayImage image) => [.. Read(image.Pixels, image.Width, image.Height, 1, NativeTesseract.SingleLine).SelectMany(words => words)];

    public void Dispose() => _handle.Dispose();

    private unsafe List<List<RecognizedWord>> Read(byte[] samples, int width, int height, int samplesPerPixel, int layout)
    {
        var lines = new List<List<RecognizedWord>>();
        NativeTesseract.TessBaseAPISetPageSegMode(_handle, layout);
        fixed (byte* pixels = samples)
        {
            NativeTesseract.TessBaseAPISetImage(_handle, pixels, width, height, samplesPerPixel, samplesPerPixel * width);
            NativeTesseract.TessBaseAPISetSourceResolution(_handle, PixelsPerInch);
            try
            {
                bool failed = NativeTesseract.TessBaseAPIRecognize(_handle, 0) != 0;
                using ResultIteratorHandle? iterator = failed ? null : NativeTesseract.TessBaseAPIGetIterator(_handle);
                for (bool more = iterator is { IsInvalid: false }; more; more = NativeTesseract.TessResultIteratorNext(iterator!, NativeTesseract.Word) != 0)
                {
                    if (Word(iterator!) is { } word)
                    {
                        if (lines.Count == 0 || NativeTesseract.TessPageIteratorIsAtBeginningOf(NativeTesseract.TessResultIteratorGetPageIteratorConst(iterator!), NativeTesseract.Line) != 0)
                        {
                            lines.Add([]);
                        }

                        lines[^1].Add(word);
                    }
                }
            }
            finally
            {
                NativeTesseract.TessBaseAPIClear(_handle);
            }
        }

        return lines;
    }

    private static RecognizedWord? Word(ResultIteratorHandle iterator)
    {
        nint utf8 = NativeTesseract.TessResultIteratorGetUTF8Text(iterator, NativeTesseract.Word);
        if (utf8 == 0)
        {
            return null;
        }

        // A capital I without serifs looks like a vertical bar, which captions do not have.
        string text = Marshal.PtrToStringUTF8(utf8)!.Trim().Replace('|', 'I');
        NativeTesseract.TessDeleteText(utf8);
        nint place = NativeTesseract.TessResultIteratorGetPageIteratorConst(iterator);
        return text.Length > 0 && NativeTesseract.TessPageIteratorBoundingBox(place, NativeTesseract.Word, out int left, out int top, out int right, out int bottom) != 0
            ? new RecognizedWord(text, Math.Clamp(NativeTesseract.TessResultIteratorConfidence(iterator, NativeTesseract.Word) / 100, 0, 1), new Box(left, top, right - left, bottom - top))
            : null;
    }
}
