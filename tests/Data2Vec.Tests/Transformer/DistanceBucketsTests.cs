namespace Data2Vec.Tests.Transformer;

/// <summary>Buckets of distances against those that PyTorch 1.13 computes by the code of Microsoft's WavLM.</summary>
public sealed class DistanceBucketsTests
{
    /// <summary>
    /// For a number of buckets and the farthest distance: the sum of <c>distance * bucket</c> for distances from 0 to 200 beyond the farthest, and the least
    /// distances of the last buckets.
    /// </summary>
    [Theory]
    [InlineData(24, 40, 317197, new[] { 9, 12, 16, 22, 30 })]
    [InlineData(320, 800, 74150703, new[] { 674, 693, 714, 734, 756, 778 })]
    [InlineData(320, 1280, 162800710, new[] { 1040, 1077, 1115, 1154, 1195, 1237 })]
    [InlineData(32, 128, 801175, new[] { 16, 23, 32, 46, 64, 91 })]
    [InlineData(33, 50, 468497, new[] { 13, 16, 20, 26, 32, 40 })]
    [InlineData(4, 3, 20706, new int[0])]
    [InlineData(64, 4096, 277740017, new[] { 512, 725, 1024, 1449, 2048, 2897 })]
    public void Buckets_are_those_of_the_reference(int count, int farthest, long sum, int[] borders)
    {
        var buckets = new DistanceBuckets(count, farthest, true);
        int half = count / 2;
        int[] before = [.. Enumerable.Range(0, farthest + 201).Select(distance => buckets.Bucket(-distance))];
        Assert.Equal(sum, before.Select((bucket, distance) => (long)bucket * distance).Sum());
        Assert.Equal(borders, Enumerable.Range(1, farthest + 200).Where(i => before[i] != before[i - 1]).TakeLast(borders.Length));
        Assert.All(before[farthest..], bucket => Assert.Equal(half - 1, bucket));
        Assert.Equal(before[1..].Select(bucket => bucket + half), Enumerable.Range(1, farthest + 200).Select(buckets.Bucket));
    }
}
