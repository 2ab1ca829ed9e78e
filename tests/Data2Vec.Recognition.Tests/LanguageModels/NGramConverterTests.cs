using Data2Vec.Recognition.LanguageModels;
using Data2Vec.Recognition.LanguageModels.Conversion;
using static Data2Vec.Recognition.Tests.LanguageModels.NGramFixture;

namespace Data2Vec.Recognition.Tests.LanguageModels;

public sealed class NGramConverterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private string Result => Path.Combine(_folder, "model.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(NGramFormat.Trie)]
    [InlineData(NGramFormat.Probing)]
    public void Converted_files_score_as_the_text_does(NGramFormat format)
    {
        NGramConverter.Convert(PathOf("model.arpa.gz"), Result, format);
        using NGramModel model = NGramModel.Open(Result), arpa = NGramModel.Open(PathOf("model.arpa.gz"));
        AssertScores("arpa", model);
        Assert.Equal(arpa.ReadWords()!.Order(), model.ReadWords()!.Order());
        Assert.Equal([Result], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_trie_has_the_bytes_that_KenLM_writes()
    {
        NGramConverter.Convert(PathOf("model.arpa.gz"), Result, NGramFormat.Trie);
        Assert.Equal(File.ReadAllBytes(PathOf("trie.bin")), File.ReadAllBytes(Result));
    }

    [Theory]
    [InlineData(NGramFormat.Trie)]
    [InlineData(NGramFormat.Probing)]
    public void N_grams_that_the_text_lacks_are_added(NGramFormat format)
    {
        string text = Path.Combine(_folder, "model.arpa");
        File.WriteAllText(text, """
            \data\
            ngram 1=8
            ngram 2=2
            ngram 3=1
            ngram 4=1
            ngram 5=1

            \1-grams:
            -1 <unk>
            -1 a -0.1
            -1.1 b -0.2
            -1.2 c -0.3
            -1.3 x -0.4
            -1.4 y -0.5
            -1.5 z -0.6
            -1.6 w -0.7

            \2-grams:
            -0.5 y z -0.05
            -0.6 x y -0.06

            \3-grams:
            -0.25 a b c

            \4-grams:
            -0.125 x y z w -0.01

            \5-grams:
            -0.0625 a x y z w

            \end\
            """);
        NGramConverter.Convert(text, Result, format);
        using NGramModel model = NGramModel.Open(Result), arpa = NGramModel.Open(text);
        var random = new Random(3);
        string[] words = ["a", "b", "c", "x", "y", "z", "w", "?"];
        for (int round = 0; round < 500; round++)
        {
            string sentence = string.Join(' ', Enumerable.Range(0, 8).Select(i => words[i > 0 && random.Next(3) > 0 ? Math.Min(7, (round + i) % 8) : random.Next(8)]));
            foreach (string tried in new[] { sentence, "a x y z w", "b x y z w a b c", "y z w", "z w" })
            {
                Assert.Equal(arpa.ScoreSentence(tried, false, false).LogProbability, model.ScoreSentence(tried, false, false).LogProbability, 4);
            }
        }

        Assert.Equal(-1 - 0.1 - 1.3 - 0.6 - 0.06 - 0.5 - 0.0625, model.ScoreSentence("a x y z w", false, false).LogProbability, 5);
    }

    [Fact]
    public void More_n_grams_than_memory_are_sorted_in_files()
    {
        var random = new Random(5);
        var files = new TemporaryFiles(Result);
        using var sorter = new ExternalSorter(20, 12, files);
        byte[] record = new byte[20];
        const int Count = 4_000_000;
        long sum = 0;
        for (int i = 0; i < Count; i++)
        {
            random.NextBytes(record);
            record[0] &= 3;
            sum += record[19];
            sorter.Add(record);
        }

        sorter.Finish();
        Assert.Single(Directory.GetFiles(_folder));
        for (int pass = 0; pass < 2; pass++)
        {
            byte[] previous = new byte[12];
            (int read, long left) = (0, sum);
            for (SortedRecords records = sorter.Read(); records.Read(); read++)
            {
                Assert.True(records.Current[..12].SequenceCompareTo(previous) >= 0);
                records.Current[..12].CopyTo(previous);
                left -= records.Current[19];
            }

            Assert.Equal((Count, 0), (read, left));
        }
    }

    [Fact]
    public void A_hash_table_goes_on_at_its_begin()
    {
        string arpa = Path.Combine(_folder, "many.arpa");
        const int Words = 400;
        File.WriteAllText(arpa, $"\\data\\\nngram 1={Words}\nngram 2={Words}\n\\1-grams:\n"
            + string.Concat(Enumerable.Range(0, Words).Select(i => $"-1 w{i} -0.5\n")) + "\\2-grams:\n"
            + string.Concat(Enumerable.Range(0, Words).Select(i => $"-0.{i + 100} w{i} w{i * 7 % Words}\n")) + "\\end\\\n");
        NGramConverter.Convert(arpa, Result, NGramFormat.Probing);
        using NGramModel model = NGramModel.Open(Result);
        Assert.All(Enumerable.Range(0, Words), i =>
            Assert.Equal(-1 - (i + 100) / 1000.0, model.ScoreSentence($"w{i} w{i * 7 % Words}", false, false).LogProbability, 5));
    }

    [Theory]
    [InlineData("\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\\n", "words only")]
    [InlineData("\\data\\\nngram 1=1\nngram 2=2\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a a\n-2 a a\n\\end\\\n", "'a a' is given twice")]
    [InlineData("\\data\\\nngram 1=1\nngram 2=2\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a a\n\\end\\\n", "\\2-grams:")]
    [InlineData("mmap lm http://kheafield.com/code format version 5\n\0", "KenLM already")]
    public void Files_that_cannot_be_converted_leave_nothing(string text, string message)
    {
        string path = Path.Combine(_folder, "model.arpa");
        File.WriteAllText(path, text);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => NGramConverter.Convert(path, Result, NGramFormat.Trie));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(_folder));
    }
}
