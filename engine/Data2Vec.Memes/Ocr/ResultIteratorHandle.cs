using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Memes.Ocr;

/// <summary>A <c>TessResultIterator</c>.</summary>
internal sealed class ResultIteratorHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        NativeTesseract.TessResultIteratorDelete(handle);
        return true;
    }
}
