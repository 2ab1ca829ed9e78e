using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// What a multiprocessor has for attention in numbers of 16 bits. Addresses are those in the group's dynamic shared memory, in bytes; rows there have 128 bytes. What a warp works with
/// lies in registers that belong to the unit: 16 queries, or 32 where it is tall, their scores for the keys of a tile, and their sums of weighted values. A tile has
/// 64 keys of up to 64 features, or 32 of up to 128 where it is deep; no warp is both tall and deep.
/// </summary>
/// <remarks>
/// A thread has the scores, and the sums, of query <c>lane / 4</c> and of the eighth after it in each sixteen, and of each eight keys, or features,
/// those numbered <c>2 (lane % 4)</c> and the next. All parameters but addresses, keys and distances are constants.
/// </remarks>
internal interface IAttentionUnit
{
    /// <summary>Called once, first: makes the sums zeros.</summary>
    /// <param name="shared">The dynamic shared memory.</param>
    /// <param name="scale">The factor of the products of queries and keys, above zero.</param>
    static abstract void Begin(ArrayView<float> shared, float scale);

    /// <summary>Begins to copy 16 bytes to shared memory: what lies at <paramref name="source"/> where there are rows, else zeros.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="source">Where they are in global memory.</param>
    /// <param name="rows">Above zero where there is something, which alone is read.</param>
    static abstract void Copy(int destination, long source, int rows);

    /// <summary>Makes one group of the copies that the thread began since the last.</summary>
    static abstract void Commit();

    /// <summary>Waits for the thread's groups of copies but the last.</summary>
    static abstract void WaitForAllButOne();

    /// <summary>
    /// Loads 16 features of 16 queries: four matrices of 8 x 8, of which threads 0-7 give the places of the first one's rows,
    /// upper left, then those of the lower left, the upper right and the lower right.
    /// </summary>
    /// <param name="sixteen">Which: the features' sixteens are counted first, of which there are 8 where it is deep, else 4.</param>
    /// <param name="address">Where a row of 8 numbers is.</param>
    static abstract void LoadQueries(int sixteen, int address);

    /// <summary>Loads the slope of <see cref="AddSlopes"/> from global memory.</summary>
    static abstract void LoadSlope(long address);

    /// <summary>
    /// Multiplies the queries by the power of two that the scale has in it: exactly, but for numbers of f16 that become smaller than its normal ones. Less of the scale is left for exponents; where it is
    /// such a power, as that of 64 features is, products and the numbers of a table are added as they are.
    /// </summary>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="features">Largest number of features of a head.</param>
    /// <param name="scale">The factor of the products of queries and keys.</param>
    static abstract void ScaleQueries(int queries, int features, float scale);

    /// <summary>
    /// Multiplies 16 features of the queries and of a tile's keys, and adds to the scores, which the first step makes zeros, or what was loaded of a table in units of the products.
    /// </summary>
    /// <param name="step">Which sixteen.</param>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="features">Largest number of features of a head.</param>
    /// <param name="hasTable">Whether the scores are added to a table's numbers.</param>
    /// <param name="address">
    /// Where a row of 8 numbers of the first sixteen keys is: of the first eight keys the lower, then the upper eight features, then of the others. Further keys follow.
    /// </param>
    static abstract void Scores(int step, int queries, int features, bool hasTable, int address);

    /// <summary>
    /// Begins to load what a table has for sixteen keys, pairs of numbers, to where the scores of these are: weights have been made of them, and the next products are added to what is loaded.
    /// </summary>
    /// <param name="sixteen">Which keys of the tile.</param>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="table">The address, in global memory, of the head's table.</param>
    /// <param name="row0">How many bytes further the thread's first pair in the tile is; those for the next eight keys are 32 bytes further.</param>
    /// <param name="row8">That of the query eight below.</param>
    /// <param name="row16">Of the one sixteen below.</param>
    /// <param name="row24">Of the last.</param>
    /// <param name="keys">How many keys there are from the thread's first in the tile on: where a pair begins past them, nothing is read, and what the scores become is to be masked.</param>
    static abstract void LoadTable(int sixteen, int queries, long table, int row0, int row8, int row16, int row24, int keys);

    /// <summary>Subtracts the slope times the distances of keys and queries from sixteen queries' scores.</summary>
    /// <param name="part">Which queries.</param>
    /// <param name="features">Largest number of features of a head.</param>
    /// <param name="distance">How far the thread's first query is behind its first key.</param>
    static abstract void AddSlopes(int part, int features, float distance);

    /// <summary>Leaves no weight to keys past the last.</summary>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="features">Largest number of features of a head.</param>
    /// <param name="keys">How many keys there are from the thread's first on.</param>
    static abstract void Mask(int queries, int features, int keys);

    /// <summary>
    /// Makes the scores that weights are relative to the tile's greatest, and diminishes the sums to suit, where these are so much greater that weights would
    /// come to more than 2^8. Less matters neither to f32 nor to numbers of 16 bits, and mostly only a sequence's first tile has more, as FlashAttention-4 found.
    /// </summary>
    static abstract void Rescale(int queries, int features);

    /// <summary>Makes the scores of sixteen keys weights, <c>exp(scale (score - reference))</c>, and adds them up.</summary>
    /// <param name="sixteen">Which keys.</param>
    /// <param name="queries">Queries of a warp.</param>
    static abstract void Weigh(int sixteen, int queries);

    /// <summary>
    /// Adds the values of the sixteen keys that have weights, 64 features of them, to the sums. Of each sixteen features the thread gives the place of a row of 8 numbers:
    /// of the first eight keys, then of the others, then the same for the upper eight features.
    /// </summary>
    /// <param name="queries">Queries of a warp.</param>
    /// <param name="half">Which 64 features: 0 or 1.</param>
    /// <param name="address0">The place for the first sixteen features.</param>
    /// <param name="address1">That for the second.</param>
    /// <param name="address2">For the third.</param>
    /// <param name="address3">For the last.</param>
    /// <param name="offset">How much further all of them are; a constant.</param>
    static abstract void AddValues(int queries, int half, int address0, int address1, int address2, int address3, int offset);

    /// <summary>Divides the sums by those of the weights.</summary>
    static abstract void Finish(int queries, int features);

    /// <summary>Stores 64 features of sixteen queries in 16 bits each.</summary>
    /// <param name="part">0, or 1 for the second sixteen queries or the second 64 features.</param>
    /// <param name="address">
    /// Where the thread's first pair goes. Bits 4-6 are those of the chunk of 16 bytes: in them the number of the eight features is added without carry.
    /// The query eight below is 1,024 bytes further.
    /// </param>
    static abstract void Store(int part, int address);

    /// <summary>Copies 16 bytes from shared memory to an address in global memory.</summary>
    static abstract void Write(long destination, int source);
}
