using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Data2Vec.Converters.Tests.Hub;

namespace Data2Vec.Cli.Tests;

/// <summary>
/// Runs the shell commands of the README, of CONTRIBUTING and of the pages under engine/docs. Each block is one script in a folder that has the
/// files the pages name. Only <see cref="s_replacements"/> differ from the text.
/// </summary>
public sealed partial class DocumentedCommandTests : IDisposable
{
    private static readonly string s_root = Root();

    /// <summary>Published models come from a local server, a GPU is the CPU here, a server ends at once, and 600 memes and whole runs take too long.</summary>
    private static readonly (string Documented, string Run)[] s_replacements =
    [
        ("dotnet run -c Release --project engine/Data2Vec.Cli --", "data2vec"),
        ("facebook/data2vec-audio-base-960h", FakeHub.Repository),
        ("facebook/data2vec-text-base", FakeHub.Repository),
        ("fairseq:data2vec2/nlp_base", FakeHub.Repository),
        ("--device cuda:1", "--device cpu"),
        ("data2vec serve --check", "data2vec serve"),
        ("data2vec serve", "data2vec serve --check"), // otherwise it does not end
        ("--count 600", "--count 60"),
        ("-o speech-run --", "-o speech-run --set updates=2 --"),
        ("tokenizer -o text-run", "tokenizer -o text-run --set updates=2"),
        ("pictures -o image-run", "pictures -o image-run --set updates=2"),
        ("--hold-out", "--set updates=2 --hold-out"),
    ];

    private static readonly string[] s_run = ["data2vec ", "cd ", s_replacements[0].Documented];

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-docs-").FullName;
    private readonly FakeHub _hub = new(TinyModel.Whole());

    public DocumentedCommandTests()
    {
        string fixtures = Path.Combine(s_root, "tests", "Fixtures"), tokenizer = Path.Combine(s_root, "tests", "Data2Vec.Tests", "Text", "Fixtures");
        string sample = Path.Combine("engine", "samples", "four-two.wav");
        Copy(Path.Combine(s_root, sample), sample);
        Copy(Path.Combine(s_root, sample), "recording.wav");
        Copy(Path.Combine(s_root, sample), "second.wav");
        Copy(Path.Combine(fixtures, "vision", "img0.png"), "photo.jpg");
        Copy(Path.Combine(fixtures, "audio", "audio_tiny_ctc.pt"), "audio_base_ls_960h.pt");
        Copy(Path.Combine(fixtures, "text", "text_tiny.pt"), "nlp_base.pt");
        Copy(Path.Combine(fixtures, "bert", "multimodal_HS.pt"), "multimodal_HS.pt");
        Copy(Path.Combine(fixtures, "bert", "hf", "vocab.txt"), "vocab.txt");
        Copy(Path.Combine(tokenizer, "encoder.json"), "encoder.json");
        Copy(Path.Combine(tokenizer, "vocab.bpe"), "vocab.bpe");
        // The small text model has 100 ids: four special ones, 95 byte pairs, <mask>.
        File.WriteAllLines(InFolder("dict.txt"), Enumerable.Range(0, 95).Select(i => $"{i} 1"));
        File.WriteAllText(InFolder("reviews.txt"), "dull\ngripping\n");
        File.WriteAllText(InFolder("pairs.txt"), "dull\tgripping\n");
        File.WriteAllLines(InFolder("model.arpa"), [@"\data\", "ngram 1=3", "ngram 2=1", @"\1-grams:", "-1 four", "-2 two", "-1 </s>", @"\2-grams:", "-1 four two", @"\end\"]);
        File.WriteAllText(InFolder("sentences.txt"), "four two\n");
        File.WriteAllText(InFolder("keys.txt"), "0123456789abcdef\n");
        File.WriteAllText(InFolder("server.json"), """{ "Data2Vec": { "MaxWait": "00:00:05" } }""");
        CopyTrainingData();
        DecodingFixture.Write(_folder);
        CopyEvaluationData();
        File.WriteAllText(InFolder("opinions.csv"), "text,label\n" + string.Concat(Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? $"good {i},good\n" : $"bad {i},bad\n")));
    }

    public static TheoryData<string> Pages =>
    [
        "README.md", "CONTRIBUTING.md", .. Directory.GetFiles(Path.Combine(s_root, "engine", "docs"), "*.md").Select(page => Path.GetRelativePath(s_root, page)).Order(StringComparer.Ordinal),
    ];

    public void Dispose()
    {
        _hub.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory, MemberData(nameof(Pages))]
    public async Task The_shell_commands_of_a_page_succeed(string page)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the blocks are scripts of a POSIX shell");
        foreach (string block in Block().Matches(await File.ReadAllTextAsync(Path.Combine(s_root, page))).Select(match => match.Groups[1].Value))
        {
            string[] commands = [.. block.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(IsRun)];
            if (commands.Length > 0)
            {
                (int code, string output) = await RunAsync(string.Join('\n', commands));
                Assert.True(code == 0, $"{page}: exit code {code}\n{block}\n{output}");
            }
        }
    }

    [Fact]
    public void The_first_two_commands_of_the_readme_are_a_transcription_and_a_classification()
    {
        string[] commands = [.. Block().Matches(File.ReadAllText(Path.Combine(s_root, "README.md"))).Select(match => match.Groups[1].Value.Trim())];
        Assert.StartsWith("dotnet run -c Release --project engine/Data2Vec.Cli -- transcribe ", commands[0], StringComparison.Ordinal);
        Assert.StartsWith("dotnet run -c Release --project engine/Data2Vec.Cli -- classify ", commands[1], StringComparison.Ordinal);
    }

    /// <summary>
    /// Whether a command is run here. Commands that build, test, pack or measure the repository, or change the user's .NET, are not; the projects and scripts
    /// that they name must exist.
    /// </summary>
    private static bool IsRun(string command)
    {
        if (s_run.Any(start => command.StartsWith(start, StringComparison.Ordinal)))
        {
            return true;
        }

        Assert.All(
            command.Split('#')[0].Split(' ').Where(word => RepositoryPath().IsMatch(word)),
            path => Assert.True(Path.Exists(Path.Combine(s_root, path)), $"{command}: there is no {path}"));
        return false;
    }

    private async Task<(int Code, string Output)> RunAsync(string script)
    {
        string tool = Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll");
        script = s_replacements.Aggregate(script, (text, pair) => text.Replace(pair.Documented, pair.Run, StringComparison.Ordinal));
        var start = new ProcessStartInfo("sh", ["-e", "-c", $"exec 2>&1\ndata2vec() {{ dotnet '{tool}' \"$@\"; }}\n{script}"]) { WorkingDirectory = _folder, RedirectStandardOutput = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("HF_", StringComparison.Ordinal) || name.StartsWith("HUGGING", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HF_HOME"] = InFolder(".cache");
        start.Environment["HF_ENDPOINT"] = _hub.Hub.Address.ToString();
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    private void CopyTrainingData()
    {
        using var files = new Training.RunFolder();
        Directory.Move(files.Recordings(), InFolder("recordings"));
        Directory.Move(files.Images(), InFolder("pictures"));
        Directory.Move(files.Tokenizer(), InFolder("tokenizer"));
        File.Move(files.Texts(), InFolder("texts.txt"));
        File.Move(files.Labelled(), InFolder("labelled.csv"));
    }

    private void CopyEvaluationData()
    {
        Copy(InFolder("recording.wav"), "speech/1/2/1-2-0000.wav");
        Write("speech/1/2/1-2.trans.txt", "1-2-0000 FOUR TWO\n");
        Write("said.txt", "four two\none\n");
        Write("recognized.txt", "four too\none\n");
        Copy(InFolder("photo.jpg"), "photos/ship/1.jpg");
        string rows = string.Concat(Enumerable.Range(0, 12).Select(i => $"{(i % 2 == 0 ? "gripping" : "dull")} {i}\t{(i + 1) % 2}\n"));
        Write("GLUE/SST-2/train.tsv", "sentence\tlabel\n" + rows);
        Write("GLUE/SST-2/dev.tsv", "sentence\tlabel\n" + rows);
        Write("cases.csv", "text,label,function\ngripping,gripping,praise\ndull,dull,blame\n");
        Write("pairs.tsv", "gripping film\tgripping\t4\ngripping\tdull\t1\ndull\tdull film\t5\n");
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(InFolder(name))!);
        File.WriteAllText(InFolder(name), text);
    }

    private void Copy(string source, string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(InFolder(name))!);
        File.Copy(source, InFolder(name));
    }

    private string InFolder(string name) => Path.Combine(_folder, name);

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^(kernels/|engine/|converters/|bench/|tests/|\\.ci/|Engine\\.sln)")]
    private static partial Regex RepositoryPath();
}
