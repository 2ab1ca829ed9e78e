using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Readme;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>The README's C# is what <see cref="Snippets"/> compiles, and runs.</summary>
[Collection(nameof(ConcurrencyTests))]
public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_block_of_the_readme_is_a_snippet_and_every_snippet_a_block()
    {
        string[] source = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Snippets.cs"));
        string[] blocks = [.. Block().Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"))).Select(match => match.Groups[1].Value)];
        Assert.Equal(
            source.Where(line => Directive().IsMatch(line)),
            blocks.SelectMany(block => block.Split('\n')).Where(line => Directive().IsMatch(line)).Distinct()
                .OrderBy(line => line.TrimEnd(';'), StringComparer.Ordinal));
        Assert.Equal(
            [.. Marked(source)],
            blocks.Select(block => string.Join('\n', block.Split('\n').Where(line => !Directive().IsMatch(line))).Trim('\n')));
    }

    [Fact]
    public async Task The_snippets_do_what_the_readme_says()
    {
        using var folder = new Folder();
        Folder.Write("speech-ctc", folder.File("speech.d2v"));
        Folder.Write("text", folder.File("text.d2v"));
        Folder.Write("image", folder.File("image.d2v"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "four-two.wav"), folder.File("recording.wav"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Images", "rgb-420.jpg"), folder.File("photo.jpg"));
        string before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            float[][] vectors = await Snippets.Native();
            Assert.Equal(1, vectors[0].Sum(x => x * x), 1e-4);
            Assert.Equal(vectors[1], vectors[2]);
            GeneratedEmbeddings<Embedding<float>> embeddings = await Snippets.Generators();
            Assert.Equal([192, 192, 128], embeddings.Select(embedding => embedding.Dimensions));
            Assert.Equal("FOUR TWO", await Snippets.Transcripts());
            Assert.Equal(192, Snippets.OnDevice().Length);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static IEnumerable<string> Marked(string[] source)
    {
        for (int start = Array.IndexOf(source, "        // README"); start >= 0; start = Array.IndexOf(source, "        // README", start + 1))
        {
            int end = Array.IndexOf(source, "        // END", start);
            yield return string.Join('\n', source[(start + 1)..end].Select(line => line is [] or ['#', ..] ? line : line[8..]));
        }
    }

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex Directive();
}
