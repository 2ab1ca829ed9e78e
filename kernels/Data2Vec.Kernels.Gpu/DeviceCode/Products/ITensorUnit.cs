using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a multiprocessor has for products of matrices of 16 bits, or of f32 of which it takes the upper 19 bits (tf32). Addresses are those in the group's
/// dynamic shared memory, in bytes. The matrices that a warp works with lie in registers that belong to the unit: 16 rows, of f32 eight, and up to 64 columns of
/// the right side, and the sums of 64 rows and columns.
/// </summary>
internal interface ITensorUnit
{
    /// <summary>Called once, first: makes the sums zeros.</summary>
    /// <param name="shared">The dynamic shared memory.</param>
    static abstract void Begin(ArrayView<float> shared);

    /// <summary>Begins to copy 16 bytes to shared memory: the first <paramref name="count"/> of what lies at <paramref name="source"/>, then zeros.</summary>
    static abstract void Copy(int destination, long source, int count);

    /// <summary>Makes one group of the copies that the thread began since the last.</summary>
    static abstract void Commit();

    /// <summary>Waits for the thread's groups of copies but the last.</summary>
    static abstract void WaitForAllButOne();

    /// <summary>Waits for all of the thread's copies.</summary>
    static abstract void WaitForAll();

    /// <summary>
    /// Loads 16 rows and 16 columns of the right side: four matrices of 8 x 8, of which threads 0-7 give the places of the first one's rows,
    /// upper left, then those of the lower left, the upper right and the lower right. Of f32, eight rows: a thread has, of row <c>lane % 4</c> and the
    /// fourth after it, column <c>lane / 4</c> and the eighth after it, at <c>address ^ 32</c>; they are numbers of tf32.
    /// </summary>
    /// <param name="column">Which sixteen columns: 0-3, a constant.</param>
    /// <param name="address">Where a row of 8 numbers is, or of f32 the thread's first number.</param>
    /// <param name="pitch">Bytes from row to row, which f32 asks for alone; a constant.</param>
    static abstract void LoadRight(int column, int address, int pitch);

    /// <summary>
    /// Loads 16 rows and columns, of f32 eight columns, of the left side, each row 32 bytes, as <see cref="LoadRight"/> does those of 16 bits, rounds those of f32, multiplies them with what is loaded of the right side,
    /// and adds to the sums.
    /// </summary>
    /// <param name="row">Which sixteen rows of the sums: 0-3, a constant.</param>
    /// <param name="columns">Columns of the right side: 32 or 64, a constant.</param>
    /// <param name="address">Where 16 bytes of a row are.</param>
    static abstract void MultiplyAdd(int row, int columns, int address);

    /// <summary>
    /// Stores sixteen rows of the sums. Of each eight columns a thread has, in row <c>lane / 4</c> and in the eighth after it, columns
    /// <c>2 (lane % 4)</c> and the next.
    /// </summary>
    /// <param name="row">Which: 0-3, a constant.</param>
    /// <param name="columns">How many columns: 32 or 64, a constant.</param>
    /// <param name="upper">Where the thread's first two numbers go; those of the next eight columns go 32 bytes further.</param>
    /// <param name="lower">Where those of the row eight below go.</param>
    static abstract void Store(int row, int columns, int upper, int lower);
}
