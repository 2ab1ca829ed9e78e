namespace Data2Vec.ModelFile;

/// <summary>The bytes of a model file at a fixed address that is a multiple of 64.</summary>
internal abstract class ModelBytes : IDisposable
{
    private int _users = 1;

    public abstract nint Address { get; }

    public abstract long Length { get; }

    /// <summary>The same bytes for one user more: they are freed when all have disposed of them.</summary>
    /// <exception cref="ObjectDisposedException">They are freed already.</exception>
    public ModelBytes Share()
    {
        for (int users = _users; ;)
        {
            ObjectDisposedException.ThrowIf(users == 0, this);
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return this;
            }

            users = seen;
        }
    }

    /// <summary>To be called once by each user.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) != 0)
        {
            return;
        }

        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// The bytes that start at <paramref name="offset"/>, as many as <paramref name="buffer"/> has, for a single pass
    /// over them. They may or may not be in the buffer.
    /// </summary>
    public abstract ReadOnlySpan<byte> Read(long offset, Span<byte> buffer);

    public unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    protected abstract void Free();
}
