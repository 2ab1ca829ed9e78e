using System.Runtime.InteropServices;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>Growing bytes outside the managed heap.</summary>
internal sealed unsafe class NativeBytes : IDisposable
{
    private const long FirstCapacity = 1 << 12;

    private long _capacity;

    ~NativeBytes() => Free();

    /// <summary>The first byte, until bytes are added.</summary>
    public byte* Start { get; private set; }

    public long Length { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_capacity - Length < bytes.Length)
        {
            long capacity = Math.Max(checked(_capacity + _capacity / 2), Math.Max(Length + bytes.Length, FirstCapacity));
            Start = (byte*)NativeMemory.Realloc(Start, checked((nuint)capacity));
            _capacity = capacity;
        }

        bytes.CopyTo(new Span<byte>(Start + Length, bytes.Length));
        Length += bytes.Length;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(Start);
        Start = null;
        _capacity = Length = 0;
    }
}
