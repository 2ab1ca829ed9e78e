using System.Reflection;

namespace Data2Vec.Samples.Tests;

/// <summary>The samples that search, by their entry points.</summary>
public sealed class SearchTests
{
    [Fact]
    public void The_nearest_item_of_each_kind_is_the_query_itself()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("data2vec-");
        try
        {
            string recording = Path.Combine(folder.FullName, "four-two.wav"), image = Path.Combine(AppContext.BaseDirectory, "Images", "rgb.png");
            File.Copy(Path.Combine(AppContext.BaseDirectory, "four-two.wav"), recording);
            File.WriteAllLines(Path.Combine(folder.FullName, "texts.txt"), ["a dull film", "the river rises in the north", "a funny film"]);
            string[] texts = Search(folder.FullName, "the river rises in the north");
            Assert.Equal(3, texts.Length);
            Assert.Equal("1.000  the river rises in the north", texts[0]);
            Assert.Equal([$"1.000  {recording}"], Search(folder.FullName, recording));

            // Endings of any case, and more recordings and texts than are embedded at a time.
            string shouted = Path.Combine(folder.FullName, "LOUD.WAV");
            File.Copy(recording, shouted);
            Assert.Equal([$"1.000  {recording}", $"1.000  {shouted}"], Search(folder.FullName, shouted).Order(StringComparer.OrdinalIgnoreCase));
            File.WriteAllLines(Path.Combine(folder.FullName, "many.TXT"), Enumerable.Range(0, 150).Select(i => $"a long story of {i} cats"));
            Assert.Equal("1.000  a long story of 149 cats", Search(folder.FullName, "a long story of 149 cats")[0]);
            string[] images = Search(Path.Combine(AppContext.BaseDirectory, "Images"), image);
            Assert.Equal(5, images.Length);
            Assert.Contains($"1.000  {image}", images);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Sentences_of_the_same_meaning_are_found()
    {
        // None of these has a word of the sentence that is meant, but for "I" and "my".
        Assert.EndsWith("  How do I get a refund for my order?", Run("Data2Vec.Samples.Sentences", "I want my money back")[0], StringComparison.Ordinal);
        Assert.EndsWith("  Where can I see the status of my parcel?", Run("Data2Vec.Samples.Sentences", "has the package been sent yet")[0], StringComparison.Ordinal);
        Assert.EndsWith("  My password does not work any more.", Run("Data2Vec.Samples.Sentences", "I cannot log in")[0], StringComparison.Ordinal);
    }

    private static string[] Search(params string[] arguments) => Run("Data2Vec.Samples.Search", arguments);

    private static string[] Run(string sample, params string[] arguments)
    {
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Assert.Equal(0, Assembly.Load(sample).EntryPoint!.Invoke(null, [arguments]));
        }
        finally
        {
            Console.SetOut(before);
        }

        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
