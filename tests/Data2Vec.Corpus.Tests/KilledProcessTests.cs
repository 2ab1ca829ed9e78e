using System.Diagnostics;

namespace Data2Vec.Corpus.Tests;

public sealed class KilledProcessTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_processes_lose_and_double_nothing()
    {
        string texts = _folder.Texts(3000);
        CorpusJob expected = _folder.Embed("undisturbed", texts, 100), job = _folder.Embed("killed", texts, 100);
        await TestFolder.RunAsync(expected);

        // A process is killed at a random moment after it has begun a shard.
        var random = new Random(7);
        for (int kills = 0; kills < 8; kills++)
        {
            using Process process = ChildProcess.Start(job.Folder);
            while (!process.HasExited && !Directory.EnumerateFiles(job.Folder, "*", SearchOption.AllDirectories).Any(path => File.GetLastWriteTimeUtc(path) > process.StartTime.ToUniversalTime()))
            {
                await Task.Delay(1);
            }

            await Task.Delay(random.Next(500));
            process.Kill();
            await process.WaitForExitAsync();
        }

        Assert.InRange(job.ReadDone().Count, 1, job.Shards - 1);
        using (Process process = ChildProcess.Start(job.Folder))
        {
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        TestFolder.SameBytes(expected, job);
        Assert.Empty(Directory.GetFiles(job.Folder, "*.tmp"));
        Assert.Equal(3000, (await TestFolder.RowsAsync(job)).DistinctBy(row => row.Id).Count());
    }

    [Fact]
    public async Task An_input_that_ends_its_process_is_found_and_the_others_are_done()
    {
        string texts = _folder.Write("texts.txt", string.Concat(Enumerable.Range(0, 120).Select(i => i == 77 ? "this is poison\n" : $"text {i}\n")));
        CorpusJob job = _folder.Embed("poisoned", texts, 50);
        int starts = 0;
        for (int code = -1; code != 0; starts++)
        {
            Assert.True(starts < 30, "the input is not found");
            using Process process = ChildProcess.Start(job.Folder, "poison");
            await process.WaitForExitAsync();
            code = process.ExitCode;
        }

        List<CorpusRow> rows = await TestFolder.RowsAsync(job);
        Assert.Equal(120, rows.Count);
        CorpusRow bad = Assert.Single(rows, row => row.Error is not null);
        Assert.Equal((texts + ":78", "killed"), (bad.Id, bad.ErrorKind));
        Assert.Empty(Directory.GetFiles(Path.Combine(job.Folder, "journal")));

        // The results of the others are those of a run without it.
        CorpusJob whole = _folder.Embed("whole", texts, 50);
        await TestFolder.RunAsync(whole);
        Assert.Equal((await TestFolder.RowsAsync(whole)).Where(row => row.Id != bad.Id).Select(row => row.Vector), rows.Where(row => row.Error is null).Select(row => row.Vector));
    }
}
