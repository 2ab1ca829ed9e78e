namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// Tensor core instructions for products in a 16-bit format, or in tf32, the upper 19 bits of f32. Addresses are byte offsets in the group's dynamic
/// shared memory. The unit owns a warp's registers: 16 rows (tf32: 8) and up to 64 columns of the right side, and sums of 64 rows and columns.
/// </summary>
internal interface ITensorUnit
{
    /// <summary>Zeroes the sums. Called once, before everything else.</summary>
    /// <param name="shared">Dynamic shared memory.</param>
    static abstract void Begin(ArrayView<float> shared);

    /// <summary>Starts an asynchronous copy of 16 bytes to shared memory: <paramref name="count"/> bytes of the source, then zeros.</summary>
    static abstract void Copy(int destination, long source, int count);

    /// <summary>Commits the thread's copies since the last commit as one group.</summary>
    static abstract void Commit();

    /// <summary>Waits for all but the last of the thread's committed groups.</summary>
    static abstract void WaitForAllButOne();

    /// <summary>Waits for all of the thread's copies.</summary>
    static abstract void WaitForAll();

    /// <summary>
    /// Loads 16 rows and columns of the right side as four 8 x 8 matrices: upper left, lower left, upper right, lower right. Threads 0-7 give the addresses of
    /// the first matrix's rows, threads 8-15 those of the second, and so on. For tf32, loads 8 rows: a thread holds rows <c>lane % 4</c> and four below of
    /// columns <c>lane / 4</c> and, at <c>address ^ 32</c>, eight further; the numbers are already rounded.
    /// </summary>
    /// <param name="column">Which 16 columns: 0-3, a constant.</param>
    /// <param name="address">A row of eight numbers; for tf32, the thread's first number.</param>
    /// <param name="pitch">Bytes between rows, for tf32; a constant.</param>
    static abstract void LoadRight(int column, int address, int pitch);

    /// <summary>
    /// Loads 16 rows and 16 columns (tf32: 8) of the left side as <see cref="LoadRight"/> loads 16-bit numbers, rounds to tf32, and adds the products with the
    /// loaded right side to the sums.
    /// </summary>
    /// <param name="row">Which 16 rows of the sums: 0-3, a constant.</param>
    /// <param name="columns">Columns of the right side: 32 or 64, a constant.</param>
    /// <param name="address">16 bytes of a row.</param>
    static abstract void MultiplyAdd(int row, int columns, int address);

    /// <summary>
    /// Stores 16 rows of the sums to shared memory. Of each eight columns a thread holds columns <c>2 (lane % 4)</c> and the next, of row
    /// <c>lane / 4</c> and eight below.
    /// </summary>
    /// <param name="row">Which 16 rows: 0-3, a constant.</param>
    /// <param name="columns">How many columns: 32 or 64, a constant.</param>
    /// <param name="upper">Destination of the thread's first two numbers; those of the next eight columns follow 32 bytes later.</param>
    /// <param name="lower">Destination for the row eight below.</param>
    static abstract void Store(int row, int columns, int upper, int lower);
}
