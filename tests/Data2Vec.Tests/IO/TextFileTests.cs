using System.Text;
using Data2Vec.IO;

namespace Data2Vec.Tests.IO;

public class TextFileTests
{
    private const string Text = "Grüße 😀\r\n\r\nzwei\rdrei\nend";

    private static readonly string[] s_lines = ["Grüße 😀", "", "zwei", "drei", "end"];

    public static TheoryData<string> Encodings => new("utf-8", "utf-16", "utf-16BE", "utf-32", "utf-32BE");

    [Theory]
    [MemberData(nameof(Encodings))]
    public void An_encoding_with_a_byte_order_mark_is_read(string name)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        byte[] bytes = [.. encoding.GetPreamble(), .. encoding.GetBytes(Text)];
        Assert.Equal(s_lines, TextFile.ReadLines(new MemoryStream(bytes)));
        Assert.Equal(s_lines, TextFile.ReadLines(new OneWayStream(bytes)));
    }

    [Fact]
    public void Text_without_a_mark_is_UTF_8() => Assert.Equal(s_lines, TextFile.ReadLines(new MemoryStream(Encoding.UTF8.GetBytes(Text))));

    [Theory]
    [InlineData("one\ntwo\nC\u00F4te\nfour", "line 3 is not UTF-8")]
    [InlineData("\u00E9", "line 1 is not UTF-8")]
    [InlineData("cut \u00E2\u0082", "line 1 is not UTF-8")]
    [InlineData("one\r\ntwo\0", "line 2 has a NUL")]
    [InlineData("o\0n\0e\0", "line 1 has a NUL")]
    public void What_is_no_text_is_refused_at_its_line(string latin1, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => TextFile.ReadLines(new MemoryStream(Encoding.Latin1.GetBytes(latin1))).ToList());
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RIFF\u0024\0\0\0WAVEfmt ", "this is a recording, not a text file")]
    [InlineData("\u0089PNG\r\n\u001A\n\0\0", "this is an image, not a text file")]
    [InlineData("%PDF-1.7\n%\u00E2\u00E3\u00CF\u00D3\n", "this is a PDF document, not a text file")]
    [InlineData("{\"a\": 1}\n{\"b\": \"\0\"}\n", "line 2 has a NUL")]
    public void A_file_of_another_kind_is_called_what_it_is(string latin1, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => TextFile.ReadLines(new MemoryStream(Encoding.Latin1.GetBytes(latin1))).ToList());
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'a', 0, (byte)'\n', 0, 0x00, 0xD8, (byte)'b', 0 }, "line 2 is damaged: it is not UTF-16")]
    [InlineData(new byte[] { 0xFE, 0xFF, 0, (byte)'a', 0 }, "line 1 is damaged: it is not UTF-16BE")]
    public void Damaged_UTF_16_is_refused_at_its_line(byte[] bytes, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => TextFile.ReadLines(new MemoryStream(bytes)).ToList());
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_name_a_stream_that_has_a_name()
    {
        using IEnumerator<string> lines = TextFile.ReadLines(new MemoryStream("one\n\0"u8.ToArray()), "list.txt").GetEnumerator();
        Assert.True(lines.MoveNext());
        Assert.Equal("one", lines.Current);
        Assert.StartsWith("list.txt: line 2 has a NUL", Assert.Throws<InvalidDataException>(() => lines.MoveNext()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lines_before_a_bad_one_are_read()
    {
        var read = new List<string>();
        Assert.Throws<InvalidDataException>(() =>
        {
            foreach (string line in TextFile.ReadLines(new MemoryStream([(byte)'a', (byte)'\n', 0xFF])))
            {
                read.Add(line);
            }
        });
        Assert.Equal(["a"], read);
    }

    [Fact]
    public void A_file_is_named_in_errors_and_limited()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "one\ntwo\n");
            Assert.Equal(["one", "two"], TextFile.ReadLines(path, 8));
            Assert.StartsWith($"{path}: ", Assert.Throws<InvalidDataException>(() => TextFile.ReadLines(path, 7)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html>", "an HTML page")]
    [InlineData("\n  <HTML lang='de'>", "an HTML page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer")]
    [InlineData("<?xml version='1.0'?><a/>", "an XML document")]
    [InlineData("{\"error\": 404}", "a JSON document")]
    [InlineData("name,age\nEve,7\n", "a text file")]
    [InlineData("PK\u0003\u0004abc", "a zip archive")]
    [InlineData("", "an empty file")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005", "a file of unknown kind, which begins with the bytes 01020304")]
    public void A_foreign_file_is_described_by_its_beginning(string latin1, string expected) =>
        Assert.StartsWith(expected, ForeignFile.Describe(Encoding.Latin1.GetBytes(latin1)), StringComparison.Ordinal);

    [Fact]
    public void Text_may_end_within_a_character() => Assert.True(ForeignFile.IsText([(byte)'a', 0xE2, 0x82]));
}
