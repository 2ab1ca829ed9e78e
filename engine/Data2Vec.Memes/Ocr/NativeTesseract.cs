using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Memes.Ocr;

/// <summary>Bindings of Tesseract's C interface (<c>tesseract/capi.h</c>).</summary>
internal static partial class NativeTesseract
{
    /// <summary><c>OEM_LSTM_ONLY</c>.</summary>
    public const int LstmEngine = 1;

    /// <summary><c>RIL_WORD</c>.</summary>
    public const int Word = 3;

    /// <summary><c>RIL_TEXTLINE</c>.</summary>
    public const int Line = 2;

    /// <summary><c>PSM_AUTO</c>.</summary>
    public const int Automatic = 3;

    /// <summary><c>PSM_SINGLE_LINE</c>.</summary>
    public const int SingleLine = 7;

    /// <summary>The longest side that Tesseract accepts. Its boxes have 16-bit coordinates.</summary>
    public const int LongestSide = short.MaxValue;

    private const string Library = "tesseract";

    static NativeTesseract() => NativeLibrary.SetDllImportResolver(typeof(NativeTesseract).Assembly, Resolve);

    private static string[] Names =>
        OperatingSystem.IsWindows() ? ["libtesseract-5.dll", "tesseract55.dll", "tesseract54.dll", "tesseract53.dll", "tesseract52.dll", "tesseract51.dll", "tesseract50.dll", "tesseract.dll"]
        : OperatingSystem.IsMacOS() ? ["libtesseract.5.dylib", "/opt/homebrew/lib/libtesseract.5.dylib", "/usr/local/lib/libtesseract.5.dylib", "/opt/local/lib/libtesseract.5.dylib"]
        : ["libtesseract.so.5"];

    private static string[] LeptonicaNames =>
        OperatingSystem.IsWindows() ? ["libleptonica-6.dll", "leptonica-1.84.1.dll", "leptonica-1.83.1.dll", "liblept-5.dll"]
        : OperatingSystem.IsMacOS() ? ["libleptonica.6.dylib", "/opt/homebrew/lib/libleptonica.6.dylib", "/usr/local/lib/libleptonica.6.dylib", "liblept.5.dylib"]
        : ["liblept.so.5", "libleptonica.so.6"];

    /// <summary>Keeps Leptonica, Tesseract's library of image operations, from writing to the standard error.</summary>
    public static unsafe void Silence()
    {
        const int None = 6;
        foreach (string name in LeptonicaNames)
        {
            if (NativeLibrary.TryLoad(name, typeof(NativeTesseract).Assembly, null, out nint library)
                && NativeLibrary.TryGetExport(library, "setMsgSeverity", out nint function))
            {
                ((delegate* unmanaged<int, int>)function)(None);
            }
        }
    }

    [LibraryImport(Library)]
    public static partial nint TessVersion();
    [LibraryImport(Library)]
    public static partial TesseractHandle TessBaseAPICreate();
    [LibraryImport(Library)]
    public static partial void TessBaseAPIDelete(nint handle);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TessBaseAPIInit2(TesseractHandle handle, string? dataPath, string languages, int engine);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TessBaseAPISetVariable(TesseractHandle handle, string name, string value);
    [LibraryImport(Library)]
    public static partial void TessBaseAPISetPageSegMode(TesseractHandle handle, int mode);
    [LibraryImport(Library)]
    public static unsafe partial void TessBaseAPISetImage(TesseractHandle handle, byte* pixels, int width, int height, int bytesPerPixel, int bytesPerLine);
    [LibraryImport(Library)]
    public static partial void TessBaseAPISetSourceResolution(TesseractHandle handle, int pixelsPerInch);
    [LibraryImport(Library)]
    public static partial int TessBaseAPIRecognize(TesseractHandle handle, nint monitor);
    [LibraryImport(Library)]
    public static partial void TessBaseAPIClear(TesseractHandle handle);
    [LibraryImport(Library)]
    public static partial ResultIteratorHandle TessBaseAPIGetIterator(TesseractHandle handle);
    [LibraryImport(Library)]
    public static partial void TessResultIteratorDelete(nint iterator);
    /// <summary>The same object as a page iterator. The result iterator keeps its ownership.</summary>
    [LibraryImport(Library)]
    public static partial nint TessResultIteratorGetPageIteratorConst(ResultIteratorHandle iterator);
    [LibraryImport(Library)]
    public static partial int TessResultIteratorNext(ResultIteratorHandle iterator, int level);
    [LibraryImport(Library)]
    public static partial nint TessResultIteratorGetUTF8Text(ResultIteratorHandle iterator, int level);
    [LibraryImport(Library)]
    public static partial float TessResultIteratorConfidence(ResultIteratorHandle iterator, int level);
    [LibraryImport(Library)]
    public static partial int TessPageIteratorBoundingBox(nint iterator, int level, out int left, out int top, out int right, out int bottom);
    [LibraryImport(Library)]
    public static partial int TessPageIteratorIsAtBeginningOf(nint iterator, int level);
    [LibraryImport(Library)]
    public static partial void TessDeleteText(nint text);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        nint library = 0;
        if (name != Library || Names.Any(candidate => NativeLibrary.TryLoad(candidate, assembly, search, out library)))
        {
            return library;
        }

        throw new DllNotFoundException(
            $"Tesseract 5 is needed to read the text in images, and {Names[0]} cannot be loaded: "
            + (OperatingSystem.IsWindows() ? "install it (for example winget install UB-Mannheim.TesseractOCR) and add its folder to the PATH"
                : OperatingSystem.IsMacOS() ? "brew install tesseract"
                : "apt-get install tesseract-ocr, or your distribution's tesseract package"));
    }
}

/// <summary>A <c>TessBaseAPI</c>.</summary>
internal sealed class TesseractHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        NativeTesseract.TessBaseAPIDelete(handle);
        return true;
    }
}

/// <summary>A <c>TessResultIterator</c>.</summary>
internal sealed class ResultIteratorHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        NativeTesseract.TessResultIteratorDelete(handle);
        return true;
    }
}
