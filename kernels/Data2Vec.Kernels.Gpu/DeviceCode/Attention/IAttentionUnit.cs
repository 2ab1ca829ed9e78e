namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// Tensor core instructions for attention in a 16-bit format. Addresses are byte offsets in the group's dynamic shared memory, whose rows have 128 bytes.
/// The unit owns a warp's registers: 16 or 32 queries, their scores for a tile of keys, and their sums of weighted values. A tile has 64 keys of up to
/// 64 features, or 32 keys of up to 128 features with 16 queries.
/// </summary>
/// <remarks>
/// A thread holds scores and sums of query <c>lane / 4</c> and of eight below in each 16 queries, and of keys or features <c>2 (lane % 4)</c> and the next
/// in each eight. Parameters other than addresses, offsets in memory, scales, distances and numbers of keys or rows are constants. <c>queries</c> are those of
/// a warp, <c>features</c> the largest size of a head.
/// </remarks>
internal interface IAttentionUnit
{
    /// <summary>Zeroes the sums. Called once, before everything else.</summary>
    /// <param name="shared">Dynamic shared memory.</param>
    /// <param name="scale">Factor of the products of queries and keys, positive.</param>
    static abstract void Begin(ArrayView<float> shared, float scale);

    /// <summary>Starts an asynchronous copy of 16 bytes to shared memory: the source if <paramref name="rows"/> is positive, else zeros.</summary>
    static abstract void Copy(int destination, long source, int rows);

    /// <summary>Commits the thread's copies since the last commit as one group.</summary>
    static abstract void Commit();

    /// <summary>Waits for all but the last of the thread's committed groups.</summary>
    static abstract void WaitForAllButOne();

    /// <summary>
    /// Loads 16 features of 16 queries as four 8 x 8 matrices: upper left, lower left, upper right, lower right. Threads 0-7 give the addresses of the first
    /// matrix's rows, threads 8-15 those of the second, and so on.
    /// </summary>
    /// <param name="sixteen">Which 16 features; those of the second 16 queries follow the features of the first.</param>
    /// <param name="address">A row of eight numbers.</param>
    static abstract void LoadQueries(int sixteen, int address);

    /// <summary>Loads the slope of <see cref="AddSlopes"/> from global memory.</summary>
    static abstract void LoadSlope(long address);

    /// <summary>
    /// Multiplies the queries by the power of two in the scale, exactly except for f16 results that are subnormal. The rest of the scale is left to the
    /// exponents. For scales that are powers of two, such as that of 64 features, products and table entries can be added directly.
    /// </summary>
    static abstract void ScaleQueries(int queries, int features, float scale);

    /// <summary>
    /// Adds the products of 16 features of the queries and of a tile's keys to the scores. Step 0 first zeroes the scores, or converts the loaded table entries
    /// to units of the products.
    /// </summary>
    /// <param name="step">Which 16 features.</param>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="features">Largest size of a head.</param>
    /// <param name="hasTable">Whether table entries were loaded.</param>
    /// <param name="address">
    /// A row of eight numbers of the first 16 keys: lower, then upper eight features of the first eight keys, then of the second. Further keys follow.
    /// </param>
    static abstract void Scores(int step, int queries, int features, bool hasTable, int address);

    /// <summary>
    /// Starts loading the table entries of 16 keys into the registers of their scores, whose weights have been computed. The next products are added to them.
    /// </summary>
    /// <param name="sixteen">Which 16 keys of the tile.</param>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="table">Address of the head's table in global memory.</param>
    /// <param name="row0">Byte offset of the thread's first pair in the tile; the pair of the next eight keys follows 32 bytes later.</param>
    /// <param name="row8">That of the query eight below.</param>
    /// <param name="row16">That of the query 16 below.</param>
    /// <param name="row24">That of the query 24 below.</param>
    /// <param name="keys">Keys from the thread's first in the tile to the last. Later pairs are not read; their scores must be masked.</param>
    static abstract void LoadTable(int sixteen, int queries, long table, int row0, int row8, int row16, int row24, int keys);

    /// <summary>Subtracts the slope times the distance of key and query from the scores of 16 queries.</summary>
    /// <param name="part">Which 16 queries.</param>
    /// <param name="features">Largest size of a head.</param>
    /// <param name="distance">Position of the thread's first query relative to its first key.</param>
    static abstract void AddSlopes(int part, int features, float distance);

    /// <summary>Gives keys past the last a weight of zero.</summary>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="features">Largest size of a head.</param>
    /// <param name="keys">Keys from the thread's first to the last.</param>
    static abstract void Mask(int queries, int features, int keys);

    /// <summary>
    /// Raises the reference scores to the tile's maxima and scales the sums down accordingly, if weights would exceed 2^8 otherwise. Smaller differences matter
    /// neither in f32 nor in 16 bits, and mostly only the first tile of a sequence exceeds them, as FlashAttention-4 found.
    /// </summary>
    static abstract void Rescale(int queries, int features);

    /// <summary>Turns the scores of 16 keys into weights, <c>exp(scale (score - reference))</c>, and adds them up.</summary>
    static abstract void Weigh(int sixteen, int queries);

    /// <summary>
    /// Adds 64 features of the values of the 16 weighted keys to the sums. For each 16 features the thread gives the address of a row of eight numbers: lower
    /// eight features of the first eight keys, then of the second, then the upper eight features likewise.
    /// </summary>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="half">Which 64 features: 0 or 1.</param>
    /// <param name="address0">Address for the first 16 features.</param>
    /// <param name="address1">Address for the second 16 features.</param>
    /// <param name="address2">Address for the third 16 features.</param>
    /// <param name="address3">Address for the fourth 16 features.</param>
    /// <param name="offset">Added to all four addresses; a constant.</param>
    static abstract void AddValues(int queries, int half, int address0, int address1, int address2, int address3, int offset);

    /// <summary>Divides the sums of values by the sums of weights.</summary>
    static abstract void Finish(int queries, int features);

    /// <summary>Stores 64 features of 16 queries to shared memory in 16 bits.</summary>
    /// <param name="part">0, or 1 for the second 16 queries or the second 64 features.</param>
    /// <param name="address">
    /// Destination of the thread's first pair. The number of the eight features is added to bits 4-6 without carry, which swizzles chunks of 16 bytes. The query
    /// eight below follows 1,024 bytes later.
    /// </param>
    static abstract void Store(int part, int address);

    /// <summary>Copies 16 bytes from shared to global memory.</summary>
    static abstract void Write(long destination, int source);
}
