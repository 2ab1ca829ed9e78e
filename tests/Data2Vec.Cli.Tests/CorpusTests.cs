using System.Diagnostics;

namespace Data2Vec.Cli.Tests;

public sealed class CorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-corpus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Bad_files_are_results_and_the_exit_code_is_0()
    {
        string images = Images("a.png", "b.png", "bad.png");
        (int code, _, string error) = CommandLine.Run("corpus", "run", images, "-o", InFolder("out"), "--device", "cpu");
        Assert.Equal(0, code);
        Assert.Contains("3 of 3 inputs are done; 1 bad (1 bad): see the column error", error, StringComparison.Ordinal);
        (code, string output, _) = CommandLine.Run("corpus", "status", InFolder("out"));
        Assert.Equal((0, "shards\t1\tof 1\ninputs\t3\tof 3\nbad\t1\nbad: bad\t1\n"), (code, output[..output.IndexOf("seconds", StringComparison.Ordinal)].ReplaceLineEndings("\n")));
        Assert.Equal(0, CommandLine.Run("corpus", "verify", InFolder("out")).Code);
        Assert.Equal(0, CommandLine.Run("corpus", "export", "npy", InFolder("out"), "-o", InFolder("out.npy")).Code);
        Assert.Equal([2, 128], IO.NpyFile.Read(InFolder("out.npy")).Shape);
        File.WriteAllText(InFolder("lines.jsonl"), "");
        File.CreateSymbolicLink(InFolder("link.jsonl"), InFolder("lines.jsonl"));
        Assert.Equal(0, CommandLine.Run("corpus", "export", "jsonl", InFolder("out"), "-o", InFolder("link.jsonl")).Code);
        Assert.Equal(2, File.ReadAllLines(InFolder("lines.jsonl")).Length);
        Assert.NotNull(new FileInfo(InFolder("link.jsonl")).LinkTarget);

        File.Copy(Path.Combine(images, "a.png"), Path.Combine(images, "bad.png"), overwrite: true);
        (code, _, error) = CommandLine.Run("corpus", "retry-errors", InFolder("out"), "--device", "cpu");
        Assert.Equal((0, "data2vec: 1 bad inputs were run again"), (code, error.Trim()));
        Assert.Contains("bad\t0", CommandLine.Run("corpus", "status", InFolder("out")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_ends_at_the_first_bad_file()
    {
        string images = Images("a.png", "bad.png", "c.png");
        (int code, _, string error) = CommandLine.Run("corpus", "run", images, "-o", InFolder("out"), "--strict", "--device", "cpu");
        Assert.Equal(1, code);
        Assert.Contains($"data2vec: {Path.Combine(images, "bad.png")}: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_but_bad_files_is_an_error()
    {
        (int code, _, string error) = CommandLine.Run("corpus", "run", Images("bad.png"), "-o", InFolder("out"), "--device", "cpu", "--model", Path.Combine(AppContext.BaseDirectory, "models", "image.d2v"));
        Assert.Equal(1, code);
        Assert.Contains("all inputs are bad", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_job_in_the_folder_is_refused()
    {
        string texts = Texts(3);
        Assert.Equal(0, CommandLine.Run("corpus", "run", texts, "-o", InFolder("out"), "--device", "cpu").Code);
        (int code, _, string error) = CommandLine.Run("corpus", "run", texts, "-o", InFolder("out"), "--normalize", "--device", "cpu");
        Assert.Equal(1, code);
        Assert.Contains("the option normalize is true, and was the default", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("corpus run -o x --part 2/2", "--part 2/2: not a part")]
    [InlineData("corpus run -o x --normalize", "--normalize has no effect without inputs")]
    [InlineData("corpus run photo.png -o x --window 5", "--window has no effect")]
    [InlineData("corpus run photo.png -o x --task transcribe --normalize", "--normalize has no effect with --task transcribe")]
    [InlineData("corpus run -o x --task memes photo.png", "--task memes needs a meme model")]
    public void Wrong_command_lines_are_refused(string command, string problem)
    {
        File.WriteAllBytes(InFolder("photo.png"), []);
        (int code, _, string error) = CommandLine.Run(command.Replace("photo.png", InFolder("photo.png"), StringComparison.Ordinal).Split(' '));
        Assert.Equal(2, code);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_without_a_job_are_named()
    {
        Directory.CreateDirectory(InFolder("empty"));
        Assert.Equal((1, $"data2vec: {InFolder("empty")}: there is no job in this folder"), Error("corpus", "status", InFolder("empty")));
        Assert.Equal((1, $"data2vec: {InFolder("none")}: no such folder"), Error("corpus", "run", "-o", InFolder("none")));
        Assert.Equal((1, $"data2vec: {InFolder("none")}: no such file or folder"), Error("corpus", "run", InFolder("none"), "-o", InFolder("out")));

        static (int Code, string Error) Error(params string[] arguments)
        {
            (int code, _, string error) = CommandLine.Run(arguments);
            return (code, error.Trim());
        }
    }

    [Fact]
    public async Task A_killed_command_goes_on_and_gives_the_same_bytes()
    {
        string texts = Texts(1500);
        Assert.Equal(0, CommandLine.Run("corpus", "run", texts, "-o", InFolder("whole"), "--shard-rows", "100", "--device", "cpu").Code);
        for (int kills = 0; kills < 3; kills++)
        {
            using Process process = Start(texts);
            for (int before = Shards(); !process.HasExited && Shards() == before;)
            {
                await Task.Delay(2);
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        Assert.InRange(Shards(), 1, 14);
        using (Process process = Start(texts))
        {
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        foreach (string shard in Directory.GetFiles(InFolder("whole"), "*.parquet"))
        {
            Assert.Equal(File.ReadAllBytes(shard), File.ReadAllBytes(Path.Combine(InFolder("killed"), Path.GetFileName(shard))));
        }

        Assert.Equal(15, Shards());

        int Shards() => Directory.Exists(InFolder("killed")) ? Directory.GetFiles(InFolder("killed"), "*.parquet").Length : 0;
    }

    private Process Start(string texts) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), "corpus", "run", texts, "-o", InFolder("killed"), "--shard-rows", "100", "--device", "cpu"])
    { RedirectStandardError = false })!;

    private string Texts(int count)
    {
        File.WriteAllLines(InFolder("texts.txt"), Enumerable.Range(0, count).Select(i => $"a gripping and funny film, number {i}"));
        return InFolder("texts.txt");
    }

    private string Images(params string[] names)
    {
        string images = Directory.CreateDirectory(InFolder("images")).FullName;
        foreach (string name in names)
        {
            File.WriteAllBytes(Path.Combine(images, name), name.StartsWith("bad", StringComparison.Ordinal) ? "no image"u8.ToArray() : File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "vision", "img0.png")));
        }

        return images;
    }

    private string InFolder(string name) => Path.Combine(_folder, name);
}
