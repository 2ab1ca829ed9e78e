using Data2Vec.Recognition.LanguageModels;
using static Data2Vec.Recognition.Tests.LanguageModels.NGramFixture;

namespace Data2Vec.Recognition.Tests.LanguageModels;

public class KenLmFileTests
{
    public static TheoryData<string> Binaries => NGramFixture.Binaries;

    [Theory, MemberData(nameof(Binaries))]
    public void Every_layout_scores_as_KenLM_does(string file)
    {
        using NGramModel model = NGramModel.Open(PathOf(file));
        Assert.Equal(4, model.Order);
        Assert.Equal(4, model.Counts.Count);
        Assert.NotEqual(NGramModel.Unknown, model.EndOfSentence);
        AssertScores(Path.GetFileNameWithoutExtension(file), model);
    }

    [Theory, MemberData(nameof(Binaries))]
    public void Every_layout_lists_its_words(string file)
    {
        using NGramModel model = NGramModel.Open(PathOf(file));
        IReadOnlyList<string>? words = model.ReadWords();
        if (file == "no-words.bin")
        {
            Assert.Null(words);
            return;
        }

        Assert.Equal(106, words!.Count);
        Assert.Equal("<unk>", words[0]);
        Assert.All(Enumerable.Range(1, words.Count - 1), id => Assert.Equal(id, model.Find(words[id])));
    }

    [Theory]
    [InlineData("trie.bin", "KenLM trie")]
    [InlineData("probing.bin", "KenLM probing")]
    [InlineData("quantized-array.bin", "KenLM quantized trie with arrays")]
    public void The_format_names_the_layout(string file, string format)
    {
        using NGramModel model = NGramModel.Open(PathOf(file));
        Assert.Equal(format, model.Format);
    }

    [Theory, MemberData(nameof(Binaries))]
    public void States_forget_words_that_no_n_gram_continues(string file)
    {
        using NGramModel model = NGramModel.Open(PathOf(file)), arpa = NGramModel.Open(PathOf("model.arpa.gz"));
        NGramState state = model.BeginOfSentence, expected = arpa.BeginOfSentence;
        foreach (string word in string.Join(' ', Sentences).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            model.Score(state, model.Find(word), out state);
            arpa.Score(expected, arpa.Find(word), out expected);
            Assert.Equal(expected.Length, state.Length);
        }
    }

    [Theory, MemberData(nameof(Binaries))]
    public void A_gzipped_binary_file_is_refused_with_the_way_out(string file)
    {
        var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
        {
            gzip.Write(File.ReadAllBytes(PathOf(file)));
        }

        using var written = new TemporaryFile(packed.ToArray());
        Assert.Contains("unpack it with gunzip", Assert.Throws<InvalidDataException>(() => NGramModel.Open(written.Path)).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Binaries))]
    public void Cut_files_are_refused(string file)
    {
        byte[] bytes = File.ReadAllBytes(PathOf(file));
        for (int length = 0; length < bytes.Length; length += length < 200 ? 1 : 97)
        {
            AssertRefusedOrRead(bytes[..length]);
        }
    }

    [Theory, MemberData(nameof(Binaries))]
    public void Changed_files_are_refused_or_give_other_numbers(string file)
    {
        byte[] original = File.ReadAllBytes(PathOf(file)), bytes = new byte[original.Length];
        var random = new Random(file.Length);
        for (int round = 0; round < 400; round++)
        {
            original.CopyTo(bytes, 0);
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                // Half of the changes are in the header.
                int at = random.Next(2) == 0 ? random.Next(56, 168) : random.Next(bytes.Length);
                bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(bytes[at] ^ (1 << random.Next(8))), _ => 0xFF };
            }

            AssertRefusedOrRead(bytes);
        }
    }

    [Fact]
    public void Other_versions_are_refused()
    {
        byte[] bytes = File.ReadAllBytes(PathOf("trie.bin"));
        bytes["mmap lm http://kheafield.com/code format version ".Length] = (byte)'4';
        using var file = new TemporaryFile(bytes);
        Assert.Contains("version", Assert.Throws<InvalidDataException>(() => NGramModel.Open(file.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Opening_a_mapped_file_reads_only_its_header()
    {
        using var large = new TemporaryFile([]);
        using (FileStream stream = File.OpenWrite(large.Path))
        {
            stream.Write(File.ReadAllBytes(PathOf("no-words.bin")));
            stream.SetLength(1L << 40);
        }

        using NGramModel model = NGramModel.Open(large.Path);
        AssertScores("trie", model);
    }

    private static void AssertRefusedOrRead(byte[] bytes)
    {
        using var file = new TemporaryFile(bytes);
        try
        {
            using NGramModel model = NGramModel.Open(file.Path);
            foreach (string sentence in Sentences)
            {
                model.ScoreSentence(sentence);
            }

            model.ReadWords();
        }
        catch (InvalidDataException error)
        {
            Assert.StartsWith(file.Path, error.Message, StringComparison.Ordinal);
        }
    }
}
