using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Memes.Ocr;

/// <summary>A <c>TessBaseAPI</c>.</summary>
internal sealed class TesseractHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        NativeTesseract.TessBaseAPIDelete(handle);
        return true;
    }
}
