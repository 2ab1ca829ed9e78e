namespace Data2Vec.Cli;

/// <summary>Orders items so that like ones stand side by side.</summary>
internal static class LikenessOrder
{
    /// <summary>
    /// Joins the two most similar groups, by the mean similarity of their items, until one is left (average linkage). The groups are kept as rows, and each is
    /// turned so that the more similar ends meet.
    /// </summary>
    /// <param name="similarity">The similarity of each pair, symmetric.</param>
    /// <returns>The indices of the items in their new order.</returns>
    public static int[] Find(float[,] similarity)
    {
        int count = similarity.GetLength(0);
        double[,] sums = new double[count, count];
        Array.Copy(similarity, sums, sums.Length);
        List<int>?[] groups = [.. Enumerable.Range(0, count).Select(i => new List<int> { i })];
        var chain = new List<int>(); // each group and the one nearest to it; the last two are joined when they are nearest to each other
        for (int joins = 0; joins < count - 1;)
        {
            if (chain.Count == 0)
            {
                chain.Add(Array.FindIndex(groups, group => group is not null));
            }

            int last = chain[^1], before = chain.Count > 1 ? chain[^2] : -1;
            int nearest = before;
            for (int other = 0; other < count; other++)
            {
                if (other != last && groups[other] is not null && (nearest < 0 || Mean(last, other) > Mean(last, nearest)))
                {
                    nearest = other;
                }
            }

            if (nearest != before)
            {
                chain.Add(nearest);
                continue;
            }

            chain.RemoveRange(chain.Count - 2, 2);
            Join(Math.Min(last, before), Math.Max(last, before));
            joins++;
        }

        return [.. groups.Single(group => group is not null)!];

        double Mean(int a, int b) => sums[a, b] / ((double)groups[a]!.Count * groups[b]!.Count);

        void Join(int kept, int joined)
        {
            List<int> left = groups[kept]!, right = groups[joined]!;
            (float Similarity, bool TurnLeft, bool TurnRight) best = new[]
            {
                (similarity[left[^1], right[0]], false, false),
                (similarity[left[^1], right[^1]], false, true),
                (similarity[left[0], right[0]], true, false),
                (similarity[left[0], right[^1]], true, true),
            }.MaxBy(ends => ends.Item1);
            if (best.TurnLeft)
            {
                left.Reverse();
            }

            if (best.TurnRight)
            {
                right.Reverse();
            }

            left.AddRange(right);
            groups[joined] = null;
            for (int other = 0; other < count; other++)
            {
                sums[kept, other] = sums[other, kept] += sums[joined, other];
            }
        }
    }
}
