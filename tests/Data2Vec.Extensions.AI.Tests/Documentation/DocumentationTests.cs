using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Data2Vec.Recognition.LanguageModels;
using Data2Vec.Server;
using Documentation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>The README and the pages under engine/docs: their C# is compiled and run as <see cref="Snippets"/>, and their links lead somewhere.</summary>
[Collection(nameof(ConcurrencyTests))]
public sealed partial class DocumentationTests
{
    private static readonly string s_source = Source();
    private static readonly string s_root = Path.GetFullPath(Path.Combine(s_source, "..", "..", ".."));

    public static TheoryData<string> Pages =>
    [
        "README.md", "CONTRIBUTING.md", "engine/Data2Vec.Cli/models/README.md", "bench/results/gpu-h200.md", "engine/Data2Vec/ModelFile/FORMAT.md",
        .. Directory.GetFiles(Path.Combine(s_root, "engine", "docs"), "*.md").Select(page => Path.GetRelativePath(s_root, page).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    [Theory, MemberData(nameof(Pages))]
    public void The_csharp_blocks_of_a_page_are_its_snippets(string page)
    {
        string[] source = File.ReadAllLines(Path.Combine(s_source, "Snippets.cs"));
        string[] blocks = [.. CSharpBlock().Matches(Text(page)).Select(match => match.Groups[1].Value)];
        Assert.Equal(
            [.. Marked(source, page)],
            blocks.Select(block => string.Join('\n', block.Split('\n').Where(line => !Directive().IsMatch(line))).Trim('\n')));
        string[] directives = [.. source.Where(line => Directive().IsMatch(line))];
        Assert.All(blocks.SelectMany(block => block.Split('\n')).Where(line => Directive().IsMatch(line)), line => Assert.Contains(line, directives));
    }

    [Theory, MemberData(nameof(Pages))]
    public void The_links_of_a_page_lead_to_files_and_headings_that_exist(string page)
    {
        foreach (string link in Link().Matches(Text(page)).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)))
        {
            string[] parts = link.Split('#');
            string target = parts[0].Length == 0 ? page : Path.GetRelativePath(s_root, Path.GetFullPath(Path.Combine(s_root, Path.GetDirectoryName(page)!, parts[0])));
            Assert.True(Path.Exists(Path.Combine(s_root, target)), $"{page}: there is no {link}");
            Assert.True(parts.Length == 1 || Anchors(Text(target)).Contains(parts[1]), $"{page}: there is no heading {link}");
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void The_source_files_that_a_page_names_exist(string page)
    {
        string[] files =
        [
            .. new[] { "kernels", "engine", "converters", "bench", "tests" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(s_root, folder), "*.cs", SearchOption.AllDirectories))
                .Select(path => path.Replace('\\', '/')).Where(path => !path.Contains("/obj/", StringComparison.Ordinal)),
        ];
        Assert.All(
            SourceFile().Matches(Text(page)).Select(match => match.Groups[1].Value),
            name => Assert.True(files.Any(path => path.EndsWith($"/{name}", StringComparison.Ordinal)), $"{page}: there is no {name}"));
    }

    [Fact]
    public async Task The_snippets_give_the_documented_results()
    {
        using var folder = new Folder();
        Folder.Write("speech-ctc", folder.File("speech.d2v"));
        Folder.Write("text", folder.File("text.d2v"));
        Folder.Write("text-sentiment", folder.File("text-sentiment.d2v"));
        Folder.Write("image", folder.File("image.d2v"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "four-two.wav"), folder.File("recording.wav"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Images", "rgb-420.jpg"), folder.File("photo.jpg"));
        Directory.CreateDirectory(folder.File("recordings"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "four-two.wav"), Path.Combine(folder.File("recordings"), "recording.wav"));
        Directory.CreateDirectory(folder.File("pictures"));
        File.Copy(folder.File("photo.jpg"), Path.Combine(folder.File("pictures"), "photo.jpg"));
        File.WriteAllText(folder.File("model.bin"), "\\data\\\nngram 1=3\n\\1-grams:\n-0.5 four\n-0.25 two\n-0.125 </s>\n\\end\\\n");
        string before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            float[] vector = Snippets.ReadmeSpeech();
            Assert.Equal(1, vector.Sum(x => x * x), 1e-4);
            Assert.Equal("speech at 16000 Hz", Snippets.Loaded());
            (float[] one, float[][] many, float[][] layers) = await Snippets.Speech();
            Assert.Equal(vector, one);
            Assert.Equal(many[0], many[1]);
            Assert.Equal(7, layers.Length);
            Assert.Equal(many[0], layers[^1]);
            (vector, LabelProbability[] labels) = Snippets.Text();
            Assert.Equal((192, "positive", 0.93), (vector.Length, labels[0].Label, Math.Round(labels[0].Probability, 2)));
            Assert.Equal(128, Snippets.Image().Length);
            GeneratedEmbeddings<Embedding<float>> embeddings = await Snippets.Generators();
            Assert.Equal([192, 192, 128], embeddings.Select(embedding => embedding.Dimensions));
            Assert.Equal("FOUR TWO", await Snippets.Transcripts());
            Assert.Equal("FOUR TWO", Snippets.WordsAndLive());
            Assert.Equal(192, Snippets.OnDevice().Length);
            await using (WebApplication server = Snippets.Served())
            {
                server.Urls.Add("http://127.0.0.1:0");
                await server.StartAsync();
                await server.Services.GetRequiredService<ServerState>().Started;
                await server.StopAsync();
            }

            Assert.Equal(1, await Snippets.Embedded());
            Assert.Equal((new NGramScore(-0.875, 2, 0), -0.5f, 4), Snippets.LanguageModel());
            Assert.Equal(192, await Snippets.Pretrained());
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static string Text(string page) => File.ReadAllText(Path.Combine(s_root, page));

    private static IEnumerable<string> Marked(string[] source, string page)
    {
        string mark = $"        // {page}";
        for (int start = Array.IndexOf(source, mark); start >= 0; start = Array.IndexOf(source, mark, start + 1))
        {
            int end = Array.IndexOf(source, "        // END", start);
            yield return string.Join('\n', source[(start + 1)..end].Select(line => line is [] or ['#', ..] ? line : line[8..]));
        }
    }

    /// <summary>The names that GitHub gives to the headings of a page.</summary>
    private static IEnumerable<string> Anchors(string page) => Heading().Matches(page).Select(match =>
        string.Concat(match.Groups[1].Value.Trim().ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-'));

    private static string Source([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:[\w.]+/)*\w[\w.]*\.cs)`")]
    private static partial Regex SourceFile();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
