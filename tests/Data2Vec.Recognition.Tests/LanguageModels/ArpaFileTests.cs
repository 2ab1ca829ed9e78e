using System.Text;
using Data2Vec.Recognition.LanguageModels;
using static Data2Vec.Recognition.Tests.LanguageModels.NGramFixture;

namespace Data2Vec.Recognition.Tests.LanguageModels;

public class ArpaFileTests
{
    private const string Small = """
        \data\
        ngram 1=4
        ngram 2=3
        ngram 3=1

        \1-grams:
        -1.5 <unk>
        -99 <s> -0.5
        -0.7 </s>
        -0.25 a -0.125

        \2-grams:
        -0.5 <s> a -0.0625
        -0.75 a a
        -0.875 a </s>

        \3-grams:
        -0.375 <s> a a

        \end\
        """;

    [Fact]
    public void A_compressed_file_scores_as_KenLM_does()
    {
        using NGramModel model = NGramModel.Open(PathOf("model.arpa.gz"));
        Assert.Equal("ARPA", model.Format);
        Assert.Equal([106, 465, 808, 908], model.Counts);
        AssertScores("arpa", model);
        IReadOnlyList<string> words = model.ReadWords()!;
        Assert.Equal(106, words.Count);
        Assert.All(Enumerable.Range(0, words.Count), id => Assert.Equal(id, model.Find(words[id])));
    }

    [Fact]
    public void Dialects_of_the_text_score_alike()
    {
        string text = ArpaText();
        string[] dialects =
        [
            text.Replace("\n", "\r\n", StringComparison.Ordinal),
            text.Replace('\t', ' '),
            text.Replace(' ', '\t').Replace("ngram\t", "ngram ", StringComparison.Ordinal),
            "Language model of a test\nof 300 lines\n\n" + text,
            "\uFEFF" + text,
            text.Replace("<unk>", "<UNK>", StringComparison.Ordinal),
            text.Replace("-grams:\n", "-grams:\n\n", StringComparison.Ordinal),
            text.Replace("=", " =   ", StringComparison.Ordinal),
            text.Replace("\n-", "\n  -", StringComparison.Ordinal),
            text.Replace("\\end\\\n", "", StringComparison.Ordinal),
            text + "\ntrailing text\n",
        ];
        Assert.All(dialects, dialect =>
        {
            using var file = new TemporaryFile(dialect);
            using NGramModel model = NGramModel.Open(file.Path);
            AssertScores("arpa", model);
        });
    }

    [Theory]
    [InlineData("a", -0.5 - 0.0625 - 0.875)]
    [InlineData("a a", -0.5 - 0.375 - 0.875)]
    [InlineData("b", -0.5 - 1.5 - 0.7)]
    [InlineData("", -0.5 - 0.7)]
    public void Back_off_follows_the_definition(string sentence, double expected)
    {
        using NGramModel model = Open(Small);
        Assert.Equal(expected, model.ScoreSentence(sentence).LogProbability, 6);
    }

    [Fact]
    public void Sentences_can_go_without_begin_and_end()
    {
        using NGramModel model = Open(Small);
        Assert.Equal(new NGramScore(-0.25 - 0.75, 2, 0), model.ScoreSentence(" a\ta\n", begin: false, end: false));
        Assert.Equal(new NGramScore(-0.25 - 0.875, 1, 0), model.ScoreSentence("a", begin: false));
        Assert.Equal(new NGramScore(-0.5, 1, 0), model.ScoreSentence("a", end: false));
    }

    [Fact]
    public void Unknown_words_have_log_probability_minus_100_without_unk()
    {
        using NGramModel model = Open(Small.Replace("-1.5 <unk>\n", "", StringComparison.Ordinal).Replace("1=4", "1=3", StringComparison.Ordinal));
        Assert.Equal(-100, model.ScoreSentence("b", begin: false, end: false).LogProbability);
        Assert.Equal("<unk>", model.ReadWords()![0]);
    }

    [Fact]
    public void Unigram_models_have_no_states()
    {
        using NGramModel model = Open("\\data\\\nngram 1=3\n\n\\1-grams:\n-1 </s> 0.5\n-2 a -0.5\n-3 b\n\\end\\\n");
        Assert.Equal(1, model.Order);
        Assert.Equal(-6, model.ScoreSentence("a b").LogProbability);
        model.Score(NGramModel.Empty, model.Find("a"), out NGramState after);
        Assert.Equal(NGramModel.Empty, after);
    }

    [Theory]
    [InlineData("0.3 a", 0)]
    [InlineData("-inf a", double.NegativeInfinity)]
    [InlineData("-1.#INF a", double.NegativeInfinity)]
    [InlineData("-1e-1 a", -0.1f)]
    [InlineData("-0.30000000000000000001 a", -0.3f)]
    [InlineData("-1 a", -1)]
    public void Numbers_are_read_as_programs_write_them(string line, double expected)
    {
        using NGramModel model = Open($"\\data\\\nngram 1=1\n\\1-grams:\n{line}\n\\end\\\n");
        Assert.Equal(expected, model.ScoreSentence("a", begin: false, end: false).LogProbability, 7);
    }

    [Theory]
    [InlineData("ngram 2=3", "ngram 2=2", "\\2-grams:")]
    [InlineData("ngram 2=3", "ngram 2=4", "\\2-grams:")]
    [InlineData("ngram 1=4", "ngram 1=5", "\\1-grams:")]
    [InlineData("ngram 3=1\n", "", "\\2-grams:")]
    [InlineData("ngram 3=1\n", "ngram 3=1\nngram 4=2\n", "\\4-grams:")]
    [InlineData("ngram 2=3\n", "", "'ngram 2='")]
    [InlineData("ngram 2=3\n", "ngram 2=-3\n", "'ngram 2='")]
    [InlineData("ngram 1=4\nngram 2=3\nngram 3=1\n", "", "\\1-grams:")]
    [InlineData("\\2-grams:", "\\3-grams:", "\\2-grams:")]
    [InlineData("-0.75 a a", "nan a a", "line 14")]
    [InlineData("-0.75 a a", "x a a", "line 14")]
    [InlineData("-0.75 a a", "-0.75 a", "line 14")]
    [InlineData("-0.75 a a", "-0.75 a a 0 0", "line 14")]
    [InlineData("-0.75 a a", "-0.75 a a nan", "line 14")]
    [InlineData("-0.75 a a", "-0.75 a a inf", "line 14")]
    [InlineData("-0.75 a a", "-0.75 a b", "'b' is not among the 1-grams")]
    [InlineData("-0.75 a a", "-0.75 <s> a", "given twice")]
    [InlineData("-0.7 </s>", "-0.7 a", "given twice")]
    [InlineData("\\data\\", "data", "\\data\\")]
    public void Damaged_files_are_refused(string old, string changed, string message)
    {
        Assert.Contains(old, Small, StringComparison.Ordinal);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(Small.Replace(old, changed, StringComparison.Ordinal)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\\data\\")]
    [InlineData("\\data\\\nngram 1=9223372036854775807\n\\1-grams:\n")]
    [InlineData("\\data\\\nngram 1=2\nngram 2=9223372036854775807\n\\1-grams:\n-1 a\n-1 b\n\\2-grams:\n-1 a b\n")]
    [InlineData("\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\nngram 7=1\nngram 8=1\nngram 9=1\n\\1-grams:\n")]
    [InlineData("PK\u0003\u0004\0\0\0\0")]
    [InlineData("<html></html>")]
    public void Other_files_are_refused(string content)
    {
        using var file = new TemporaryFile(content);
        Assert.StartsWith(file.Path, Assert.Throws<InvalidDataException>(() => NGramModel.Open(file.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_without_lines_is_refused_without_reading_it_all()
    {
        using var file = new TemporaryFile(new string('a', 5_000_000));
        Assert.Throws<InvalidDataException>(() => NGramModel.Open(file.Path));
    }

    [Fact]
    public void Cut_compressed_files_are_refused()
    {
        byte[] bytes = File.ReadAllBytes(PathOf("model.arpa.gz"));
        foreach (int length in new[] { 10, 30, 100, 5000, bytes.Length / 2 })
        {
            using var file = new TemporaryFile(bytes[..length]);
            Assert.Throws<InvalidDataException>(() => NGramModel.Open(file.Path));
        }
    }

    [Fact]
    public void Contexts_and_ends_that_the_model_lacks_change_nothing()
    {
        // Neither "b c" nor "a b" is there for "a b c"; nor "y z" for "x y z w".
        using NGramModel model = Open("""
            \data\
            ngram 1=8
            ngram 2=1
            ngram 3=1
            ngram 4=1

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

            \3-grams:
            -0.25 a b c

            \4-grams:
            -0.125 x y z w

            \end\
            """);
        Assert.Equal(-1 - 0.1 - 1.1 - 0.25, Score("a b c"), 5);
        Assert.Equal(-1.3 - 0.4 - 1.4 - 0.5 - 0.125, Score("x y z w"), 5);
        Assert.Equal(-1.4 - 0.5 - 0.05 - 0.6 - 1.6, Score("y z w"), 5);
        Assert.Equal(-1.1 - 0.2 - 1.2, Score("b c"), 5);

        double Score(string sentence) => model.ScoreSentence(sentence, begin: false, end: false).LogProbability;
    }

    [Fact]
    public void Scoring_allocates_nothing()
    {
        using NGramModel model = NGramModel.Open(PathOf("model.arpa.gz"));
        string sentence = Sentences[1];
        model.ScoreSentence(sentence);
        long before = GC.GetAllocatedBytesForCurrentThread();
        model.ScoreSentence(sentence);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Changed_files_are_refused_or_give_other_numbers()
    {
        byte[] original = Encoding.UTF8.GetBytes(Small);
        var random = new Random(1);
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = [.. original];
            bytes[random.Next(bytes.Length)] = (byte)"\\ \n\t0123456789-=.ae<>"[random.Next(20)];
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var file = new TemporaryFile(bytes);
            try
            {
                using NGramModel model = NGramModel.Open(file.Path);
                model.ScoreSentence("a a b a");
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Fact]
    public void A_disposed_model_and_ids_of_another_are_refused()
    {
        NGramModel model = Open(Small);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Score(NGramModel.Empty, -1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Score(NGramModel.Empty, 4, out _));
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Score(NGramModel.Empty, 0, out _));
        Assert.Throws<ObjectDisposedException>(() => model.Find("a"));
    }

    private static NGramModel Open(string text)
    {
        using var file = new TemporaryFile(text);
        return NGramModel.Open(file.Path);
    }
}
