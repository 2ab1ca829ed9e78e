using System.Globalization;
using System.IO.Compression;
using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Tests.LanguageModels;

/// <summary>The n-gram models that <c>Fixtures/ngrams/make.py</c> made, and KenLM's scores.</summary>
internal static class NGramFixture
{
    /// <summary>KenLM prints seven digits.</summary>
    public const double Tolerance = 2e-5;

    public static string[] Sentences { get; } = File.ReadAllLines(PathOf("sentences.txt"));

    /// <summary>The KenLM files.</summary>
    public static TheoryData<string> Binaries => ["trie.bin", "probing.bin", "rest.bin", "array.bin", "quantized.bin", "quantized-array.bin", "no-words.bin"];

    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "ngrams", name);

    public static string ArpaText()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(PathOf("model.arpa.gz")), CompressionMode.Decompress), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>log10 of each sentence's probability and the number of unknown words.</summary>
    /// <param name="name">The name of a column.</param>
    public static IEnumerable<(double LogProbability, int Unknown)> Scores(string name)
    {
        string[][] rows = [.. File.ReadLines(PathOf("scores.tsv")).Select(line => line.Split('\t'))];
        int column = Array.IndexOf(rows[0], name), unknown = Array.IndexOf(rows[0], "unknown");
        return rows.Skip(1).Select(row => (double.Parse(row[column], CultureInfo.InvariantCulture), int.Parse(row[unknown], CultureInfo.InvariantCulture)));
    }

    public static void AssertScores(string name, NGramModel model)
    {
        foreach ((string sentence, (double expected, int unknown)) in Sentences.Zip(Scores(name)))
        {
            NGramScore score = model.ScoreSentence(sentence);
            Assert.Equal(expected, score.LogProbability, Tolerance);
            Assert.Equal(unknown, score.UnknownWords);
        }
    }
}
