using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a multiprocessor of compute capability 9.0 has for products of matrices of 16 bits: four warps together multiply 64 rows by all columns of a
/// tile, both sides from shared memory, while they go on. Addresses are those in the group's dynamic shared memory, in bytes; the sums lie in
/// registers that belong to the unit.
/// </summary>
/// <remarks>
/// Matrices in shared memory are made of atoms of eight lines of 128 bytes, the chunks of 16 bytes in each changed by the line's number: of the
/// left side a line is a row, its numbers along the depth; of the right side a line is of one depth, its numbers 64 columns.
/// </remarks>
internal interface IWarpgroupUnit
{
    /// <summary>Called once, first: makes the sums zeros.</summary>
    /// <param name="shared">The dynamic shared memory.</param>
    static abstract void Begin(ArrayView<float> shared);

    /// <summary>Tells what will be loaded from device memory, so that it is near then.</summary>
    static abstract void Prefetch(long address);

    /// <summary>Begins to copy 16 bytes to shared memory: what lies at <paramref name="source"/>, or zeros, whatever the source, where <paramref name="count"/> is 0, not 16.</summary>
    static abstract void Copy(int destination, long source, int count);

    /// <summary>Makes one group of the copies that the thread began since the last.</summary>
    static abstract void Commit();

    /// <summary>Waits for the thread's groups of copies but the last ones, and shows what they brought to products that begin after a barrier.</summary>
    /// <param name="groups">How many need not be there: 0, 1 or 4, a constant.</param>
    static abstract void WaitForCopies(int groups);

    /// <summary>Begins to multiply 64 rows by the columns of a tile, 64 deep, and to add to the sums.</summary>
    /// <param name="columns">Columns of the tile: 64, 128 or 192, a constant.</param>
    /// <param name="left">Where the warps' 64 rows are.</param>
    /// <param name="right">Where the right side is, 64 columns after another.</param>
    static abstract void Multiply(int columns, int left, int right);

    /// <summary>Waits until all that was begun is multiplied, but for the last <paramref name="count"/>: 0 or 1, a constant.</summary>
    static abstract void WaitForProducts(int count);

    /// <summary>
    /// Stores the sums of a warp's sixteen rows and 64 columns. Of each eight columns a thread has, in row <c>lane / 4</c> and in the eighth
    /// after it, columns <c>2 (lane % 4)</c> and the next.
    /// </summary>
    /// <param name="part">Which 64 columns, a constant.</param>
    /// <param name="upper">Where the thread's first two numbers go; those of the next eight columns go 32 bytes further.</param>
    /// <param name="lower">Where those of the row eight below go.</param>
    static abstract void Store(int part, int upper, int lower);
}
