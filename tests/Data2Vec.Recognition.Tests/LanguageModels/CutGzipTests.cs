using System.IO.Compression;
using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Tests.LanguageModels;

/// <summary>ARPA files in gzip that were cut off, and whole ones of unusual forms.</summary>
public class CutGzipTests
{
    private static readonly byte[] s_text = Encoding.ASCII.GetBytes(Model());

    [Fact]
    public void A_cut_file_is_refused_because_it_ends_early()
    {
        byte[] whole = Pack(s_text);
        for (int length = 12; length < whole.Length; length += length > whole.Length - 20 ? 1 : 131)
        {
            string message = Assert.Throws<InvalidDataException>(() => Open(whole[..length])).Message;
            Assert.Contains("the gzip stream ends early", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_of_several_members_is_read_and_a_cut_one_refused()
    {
        byte[] first = Pack(s_text.AsSpan(0, 1000)), members = [.. first, .. Pack(s_text.AsSpan(1000))];
        Assert.Equal(2000, Open(members));
        Assert.Contains("ends early", Assert.Throws<InvalidDataException>(() => Open(members[..(first.Length + 9)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_padded_file_is_read() => Assert.Equal(2000, Open([.. Pack(s_text), .. new byte[512]]));

    [Fact]
    public void A_changed_file_does_not_end_early()
    {
        byte[] bytes = Pack(s_text);
        bytes[bytes.Length / 2] ^= 0x55;
        Assert.DoesNotContain("ends early", Assert.Throws<InvalidDataException>(() => Open(bytes)).Message, StringComparison.Ordinal);
    }

    private static long Open(byte[] bytes)
    {
        using var file = new TemporaryFile(bytes);
        using NGramModel model = NGramModel.Open(file.Path);
        return model.Counts[0];
    }

    private static byte[] Pack(ReadOnlySpan<byte> text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    private static string Model()
    {
        var random = new Random(1);
        IEnumerable<string> words = Enumerable.Range(0, 1997).Select(i => $"w{i}").Concat(["<s>", "</s>", "<unk>"]);
        return $"\\data\\\nngram 1=2000\n\n\\1-grams:\n{string.Concat(words.Select(word => FormattableString.Invariant($"-{random.NextDouble():0.0000}\t{word}\n")))}\n\\end\\\n";
    }
}
