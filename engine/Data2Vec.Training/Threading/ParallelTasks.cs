namespace Data2Vec.Training.Threading;

/// <summary>Runs independent pieces of work on several threads. Each piece has its own results, so that these do not depend on the threads.</summary>
internal static class ParallelTasks
{
    public static void Run(int count, int threads, Action<int> run)
    {
        if (count <= 1 || threads <= 1)
        {
            for (int i = 0; i < count; i++)
            {
                run(i);
            }

            return;
        }

        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, run);
    }
}
