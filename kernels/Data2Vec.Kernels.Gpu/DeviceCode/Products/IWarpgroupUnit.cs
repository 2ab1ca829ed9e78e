namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// Warpgroup instructions of compute capability 9.0 for products in a 16-bit format: four warps multiply 64 rows by all columns of a tile asynchronously,
/// both sides from shared memory. Addresses are byte offsets in the group's dynamic shared memory; the unit owns the registers of the sums.
/// </summary>
/// <remarks>
/// Matrices in shared memory consist of atoms of eight lines of 128 bytes; 16-byte chunks are swizzled by the line's number. A line of the left side is
/// 64 numbers of a row along the depth; a line of the right side is 64 columns at one depth.
/// </remarks>
internal interface IWarpgroupUnit
{
    /// <summary>Zeroes the sums. Called once, before everything else.</summary>
    /// <param name="shared">Dynamic shared memory.</param>
    static abstract void Begin(ArrayView<float> shared);

    /// <summary>Prefetches from global memory.</summary>
    static abstract void Prefetch(long address);

    /// <summary>Starts an asynchronous copy of 16 bytes to shared memory: the source if <paramref name="count"/> is 16, zeros if it is 0.</summary>
    static abstract void Copy(int destination, long source, int count);

    /// <summary>Commits the thread's copies since the last commit as one group.</summary>
    static abstract void Commit();

    /// <summary>Waits for all but the last of the thread's committed groups; their data is visible to products after a barrier.</summary>
    /// <param name="groups">How many groups may be pending: 0, 1 or 4, a constant.</param>
    static abstract void WaitForCopies(int groups);

    /// <summary>Starts adding the products of 64 rows and the columns of a tile, 64 deep, to the sums.</summary>
    /// <param name="columns">Columns of the tile: 64, 128 or 192, a constant.</param>
    /// <param name="left">Address of the warpgroup's 64 rows.</param>
    /// <param name="right">Address of the right side, 64 columns after another.</param>
    static abstract void Multiply(int columns, int left, int right);

    /// <summary>Waits for all but the last <paramref name="count"/> products: 0 or 1, a constant.</summary>
    static abstract void WaitForProducts(int count);

    /// <summary>
    /// Stores the sums of a warp's 16 rows and 64 columns to shared memory. Of each eight columns a thread holds columns <c>2 (lane % 4)</c> and the next,
    /// of row <c>lane / 4</c> and eight below.
    /// </summary>
    /// <param name="part">Which 64 columns, a constant.</param>
    /// <param name="upper">Destination of the thread's first two numbers; those of the next eight columns follow 32 bytes later.</param>
    /// <param name="lower">Destination for the row eight below.</param>
    static abstract void Store(int part, int upper, int lower);
}
