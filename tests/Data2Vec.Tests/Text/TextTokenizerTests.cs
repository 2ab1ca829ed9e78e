using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

public class TextTokenizerTests
{
    private static readonly TextTokenizer s_tokenizer = TokenizerFixtures.Tokenizer;

    [Fact]
    public void Ids_equal_those_of_fairseq()
    {
        Assert.Equal(5, TokenizerFixtures.FairseqCases.Count);
        Assert.All(TokenizerFixtures.FairseqCases, item => Assert.Equal(item.Ids, s_tokenizer.Encode(item.Text)));
    }

    [Fact]
    public void Ids_of_10000_texts_in_all_scripts_equal_those_of_an_independent_implementation()
    {
        Assert.Equal(10_000, TokenizerFixtures.Reference.Count);
        Assert.All(TokenizerFixtures.Reference, item => Assert.Equal(item.Ids, s_tokenizer.Encode(item.Text)));
    }

    [Fact]
    public void Decoding_returns_the_encoded_text()
    {
        Assert.All(TokenizerFixtures.Reference, item => Assert.Equal(item.Text, s_tokenizer.Decode(s_tokenizer.Encode(item.Text))));
    }

    [Fact]
    public void Special_ids_and_size_equal_those_of_the_fairseq_dictionary()
    {
        Assert.Equal((0, 1, 2, 3), (s_tokenizer.BeginId, s_tokenizer.PadId, s_tokenizer.EndId, s_tokenizer.UnknownId));
        Assert.Equal(4 + 4100 + 1, s_tokenizer.VocabularySize);
        Assert.Equal(s_tokenizer.VocabularySize - 1, s_tokenizer.MaskId);
    }

    [Fact]
    public void An_empty_text_is_begin_and_end()
    {
        Assert.Equal([0, 2], s_tokenizer.Encode(""));
        Assert.Empty(s_tokenizer.EncodeWithoutSpecials(""));
        Assert.Equal("", s_tokenizer.Decode([]));
    }

    [Fact]
    public void The_encoding_methods_agree()
    {
        Assert.Equal([.. s_tokenizer.Encode("It's 42 °C")[1..^1]], s_tokenizer.EncodeWithoutSpecials("It's 42 °C"));
    }

    [Theory]
    [InlineData("<s>")]
    [InlineData("</s>")]
    [InlineData("<mask>")]
    [InlineData("<pad>")]
    [InlineData("<unk>")]
    [InlineData("<|endoftext|>")]
    [InlineData("madeupword0000")]
    public void The_name_of_a_special_token_in_a_text_is_plain_text(string name)
    {
        int[] ids = s_tokenizer.EncodeWithoutSpecials(name);

        Assert.True(ids.Length > 1);
        Assert.DoesNotContain(ids, id => id <= 3 || id == s_tokenizer.MaskId);
        Assert.Equal(name, s_tokenizer.Decode(ids));
    }

    [Fact]
    public void An_unpaired_surrogate_is_refused_with_its_place()
    {
        // Inline data is stored as UTF-8, which cannot represent unpaired surrogates.
        (string Text, int Place)[] cases = [("\ud800", 0), ("a\udc00b", 1), ("\udc00\ud800", 0), (" \ud83d \ude00", 1), ("\ud835\udc9c\ud835", 2)];
        Assert.All(cases, item => Assert.Contains(
            $"half of a surrogate pair is at character {item.Place}.", Assert.Throws<ArgumentException>(() => s_tokenizer.Encode(item.Text)).Message, StringComparison.Ordinal));
        Assert.Equal("\ud835\udc9c", s_tokenizer.Decode(s_tokenizer.Encode("\ud835\udc9c")));
    }

    [Fact]
    public void A_zero_character_is_a_byte_like_others() => Assert.Equal("a\0b", s_tokenizer.Decode(s_tokenizer.Encode("a\0b")));

    [Fact]
    public void Decoding_drops_begin_end_and_padding_and_names_other_special_tokens()
    {
        int[] text = s_tokenizer.EncodeWithoutSpecials("film");

        Assert.Equal("film<mask><unk>", s_tokenizer.Decode([0, .. text, s_tokenizer.MaskId, 3, 2, 1, 1]));
    }

    [Fact]
    public void Decoding_part_of_a_character_gives_the_replacement_character()
    {
        int[] ids = s_tokenizer.EncodeWithoutSpecials("東");

        Assert.True(ids.Length > 1);
        Assert.Equal("\ufffd", s_tokenizer.Decode(ids.AsSpan(0, 1)));
    }

    [Fact]
    public void Decoding_an_id_outside_the_vocabulary_is_rejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => s_tokenizer.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_tokenizer.Decode([s_tokenizer.VocabularySize]));
    }

    [Fact]
    public void Windows_are_ids_between_begin_and_end()
    {
        int[] ids = s_tokenizer.EncodeWithoutSpecials("The plot is dull, lifeless and far too long.");
        TextWindows result = s_tokenizer.EncodeWindows("The plot is dull, lifeless and far too long.", 8, LongTextPolicy.Chunk, 2);

        Assert.Equal(12, ids.Length);
        Assert.Equal([0, .. ids[..6], 2], result.Windows[0].Ids);
        Assert.Equal([0, .. ids[4..10], 2], result.Windows[1].Ids);
        Assert.Equal([0, .. ids[8..], 2], result.Windows[2].Ids);
    }

    [Fact]
    public void Null_is_rejected()
    {
        Assert.Throws<ArgumentNullException>(() => s_tokenizer.Encode(null!));
        Assert.Throws<ArgumentNullException>(() => s_tokenizer.EncodeWithoutSpecials(null!));
        Assert.Throws<ArgumentNullException>(() => s_tokenizer.EncodeWindows(null!, 8, LongTextPolicy.Chunk));
    }

    [Fact]
    public void Eight_concurrent_threads_get_the_ids_of_one()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFairseq(TokenizerFixtures.EncoderJson, TokenizerFixtures.VocabBpe, TokenizerFixtures.DictTxt);
        IReadOnlyList<(string Text, int[] Ids)> reference = TokenizerFixtures.Reference;

        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
        {
            for (int i = 0; i < 2000; i++)
            {
                (string text, int[] ids) = reference[(i + (worker * 500)) % reference.Count];
                Assert.Equal(ids, tokenizer.Encode(text));
            }
        });
    }
}
