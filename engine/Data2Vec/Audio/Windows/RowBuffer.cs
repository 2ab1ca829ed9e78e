using System.Runtime.InteropServices;

namespace Data2Vec.Audio;

/// <summary>
/// Numbers that are appended for as long as a recording lasts. They are outside of the managed heap, where a buffer that grows would leave copies behind for a while.
/// </summary>
internal sealed unsafe class RowBuffer : IDisposable
{
    private const int Step = 1 << 20;

    private float* _numbers;
    private int _capacity;
    private int _count;

    ~RowBuffer() => NativeMemory.Free(_numbers);

    public ReadOnlySpan<float> Numbers => new(_numbers, _count);

    public void Append(ReadOnlySpan<float> numbers)
    {
        int count = checked(_count + numbers.Length);
        if (count > _capacity)
        {
            int capacity = (int)Math.Min((long)count + Step, int.MaxValue);
            _numbers = (float*)NativeMemory.Realloc(_numbers, (nuint)capacity * sizeof(float));
            _capacity = capacity;
        }

        numbers.CopyTo(new Span<float>(_numbers + _count, numbers.Length));
        _count = count;
    }

    public void Dispose()
    {
        NativeMemory.Free(_numbers);
        _numbers = null;
        (_capacity, _count) = (0, 0);
        GC.SuppressFinalize(this);
    }
}
