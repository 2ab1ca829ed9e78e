namespace Data2Vec.Kernels.Tests;

public class ArenaTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public void After_a_reset_one_block_replaces_several()
    {
        using var arena = new LimitedArena { Limit = long.MaxValue };
        Fill(arena);
        Assert.Equal([Mebibyte, 2 * Mebibyte, 3 * Mebibyte], arena.Taken);
        arena.Reset();
        Assert.Equal(0, arena.Held);
        Fill(arena);
        Assert.Equal([6 * Mebibyte], arena.Taken[3..]);
    }

    [Fact]
    public void After_a_reset_with_less_free_memory_only_what_is_needed_is_allocated()
    {
        using var arena = new LimitedArena { Limit = long.MaxValue };
        Fill(arena);
        arena.Reset();
        arena.Limit = 2 * Mebibyte;
        Assert.NotEqual(0, arena.Allocate(64));
        Assert.Equal([64], arena.Taken[3..]);
        Assert.Throws<InsufficientMemoryException>(() => arena.Allocate(3 * Mebibyte));
        Assert.NotEqual(0, arena.Allocate(Mebibyte));
    }

    [Fact]
    public void Released_memory_is_allocated_again()
    {
        using var arena = new LimitedArena { Limit = long.MaxValue };
        arena.Allocate(64);
        long mark = arena.Mark();
        nint first = arena.Allocate(64);
        arena.Allocate(5 * Mebibyte);
        arena.Release(mark);
        Assert.Equal(first, arena.Allocate(1));
    }

    private static void Fill(LimitedArena arena)
    {
        arena.Allocate(Mebibyte);
        arena.Allocate(2 * Mebibyte);
        arena.Allocate(3 * Mebibyte);
    }

    /// <summary>Allocates addresses without memory.</summary>
    private sealed class LimitedArena : Arena
    {
        public long Limit { get; set; }

        public List<long> Taken { get; } = [];

        public int Held { get; private set; }

        protected override nint AllocateBlock(long bytes)
        {
            if (bytes > Limit)
            {
                throw new InsufficientMemoryException();
            }

            Taken.Add(bytes);
            return (nint)(++Held * 1024 * Mebibyte);
        }

        protected override void FreeBlock(nint address) => Held--;
    }
}
