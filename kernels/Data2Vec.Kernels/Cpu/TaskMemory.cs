namespace Data2Vec.Kernels.Cpu;

/// <summary>Memory for the tasks of one job that run at the same time: as many pieces as there are threads. What a piece holds at first is undefined.</summary>
/// <param name="memory">All pieces.</param>
/// <param name="size">The floats of a piece.</param>
/// <param name="taken">For each piece, whether a task has it; zeros at first.</param>
/// <param name="pieces">The number of pieces.</param>
internal readonly unsafe struct TaskMemory(float* memory, long size, int* taken, int pieces)
{
    /// <summary>Takes a piece, until it is returned.</summary>
    public float* Take()
    {
        // There is always a free one, but another thread may take it first.
        for (int piece = 0; ; piece = (piece + 1) % pieces)
        {
            if (Interlocked.CompareExchange(ref taken[piece], 1, 0) == 0)
            {
                return memory + piece * size;
            }
        }
    }

    public void Return(float* piece) => Volatile.Write(ref taken[(piece - memory) / size], 0);
}
