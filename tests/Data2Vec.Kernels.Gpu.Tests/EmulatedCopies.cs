using ILGPU;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>A thread's asynchronous copies of 16 bytes to shared memory, executed as early or as late as possible.</summary>
internal sealed unsafe class EmulatedCopies
{
    private readonly List<List<(int Destination, long Source, int Count)>> _groups = [];
    private bool _isAtOnce;

    public ArrayView<float> Shared { get; private set; }

    public void Begin(ArrayView<float> shared, bool isAtOnce)
    {
        (Shared, _isAtOnce) = (shared, isAtOnce);
        _groups.Clear();
        _groups.Add([]);
    }

    public void Add(int destination, long source, int count)
    {
        if (destination % 16 != 0 || source % 16 != 0 || count is not (0 or 16))
        {
            throw new InvalidOperationException("A copy is not aligned.");
        }

        _groups[^1].Add((destination, source, count));
        if (_isAtOnce)
        {
            Do(_groups[^1]);
        }
    }

    public void Commit() => _groups.Add([]);

    /// <summary>Waits for all but the last committed groups.</summary>
    public void Wait(int groups)
    {
        while (_groups.Count > groups + 1)
        {
            Do(_groups[0]);
            _groups.RemoveAt(0);
        }
    }

    private void Do(List<(int Destination, long Source, int Count)> copies)
    {
        ArrayView<byte> shared = Shared.Cast<byte>();
        foreach ((int destination, long source, int count) in copies)
        {
            for (int i = 0; i < 16; i++)
            {
                shared[destination + i] = i < count ? ((byte*)source)[i] : (byte)0;
            }
        }

        copies.Clear();
    }
}
