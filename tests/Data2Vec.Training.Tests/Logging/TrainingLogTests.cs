using Data2Vec.Training.Logging;

namespace Data2Vec.Training.Tests.Logging;

public sealed class TrainingLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private string File => Path.Combine(_folder, "log.jsonl");

    [Fact]
    public void AppendsALineForEachUpdate()
    {
        using (var log = TrainingLog.Open(File, 0))
        {
            log.Append(1, ("loss", 3.5), ("lr", 0.0005));
            log.Append(2, ("loss", double.NaN));
        }

        Assert.Equal("{\"num_updates\":1,\"loss\":3.5,\"lr\":0.0005}\n{\"num_updates\":2,\"loss\":null}\n", System.IO.File.ReadAllText(File));
        IReadOnlyList<TrainingLogEntry> entries = TrainingLog.Read(File);
        Assert.Equal([1, 2], entries.Select(entry => entry.Update));
        Assert.Equal(new Dictionary<string, double> { ["loss"] = 3.5, ["lr"] = 0.0005 }, entries[0].Values);
        Assert.Empty(entries[1].Values);
    }

    [Theory]
    [InlineData(2, "{\"num_updates\":1}\n{\"num_updates\":2}\n{\"num_updates\":2,\"wer\":5}\n")]
    [InlineData(1, "{\"num_updates\":1}\n")]
    [InlineData(9, "{\"num_updates\":1}\n{\"num_updates\":2}\n{\"num_updates\":2,\"wer\":5}\n{\"num_updates\":3}\n")]
    [InlineData(0, "")]
    public void IsCutBackToTheUpdateOfTheState(long update, string left)
    {
        // The last line was being written when the process was killed.
        System.IO.File.WriteAllText(File, "{\"num_updates\":1}\n{\"num_updates\":2}\n{\"num_updates\":2,\"wer\":5}\n{\"num_updates\":3}\n{\"num_upd");
        using (var log = TrainingLog.Open(File, update))
        {
            log.Append(update + 1);
        }

        Assert.Equal($"{left}{{\"num_updates\":{update + 1}}}\n", System.IO.File.ReadAllText(File));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("{\"num_updates\":\"1\"}")]
    [InlineData("{\"num_updates\":1,\"\\ud800\":2}")]
    public void IsReadUpToTheFirstLineThatIsNotOfALog(string line)
    {
        System.IO.File.WriteAllText(File, $"{{\"num_updates\":1}}\n{line}\n{{\"num_updates\":2}}\n");
        Assert.Single(TrainingLog.Read(File));
    }

    [Fact]
    public void ReadsALongLogAndNoLineThatIsTooLong()
    {
        using (var log = TrainingLog.Open(File, 0))
        {
            for (int i = 1; i <= 60_000; i++)
            {
                log.Append(i, ("loss", 1.0 / i));
            }
        }

        System.IO.File.AppendAllText(File, $"{{\"num_updates\":7,\"x\":\"{new string('x', 2 << 20)}\"}}\n");
        IReadOnlyList<TrainingLogEntry> entries = TrainingLog.Read(File);
        Assert.Equal(60_000, entries.Count);
        Assert.All(entries.Index(), entry => Assert.Equal((entry.Index + 1, 1.0 / (entry.Index + 1)), (entry.Item.Update, entry.Item.Values["loss"])));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
