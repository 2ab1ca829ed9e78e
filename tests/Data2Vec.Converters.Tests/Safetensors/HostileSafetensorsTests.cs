using System.Globalization;
using System.Text;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Tests.Safetensors;

/// <summary>Files that contradict themselves or the format.</summary>
public class HostileSafetensorsTests
{
    /// <summary>Headers before eight bytes of numbers.</summary>
    public static TheoryData<string, string> Headers => new()
    {
        { "", "the header does not begin with '{'" },
        { " {}", "the header does not begin with '{'" },
        { "[]", "the header does not begin with '{'" },
        { "\uFEFF{}", "the header does not begin with '{'" },
        { "{", "the header is not valid JSON: *" },
        { "{}}", "the header is not valid JSON: *" },
        { "{}\0", "the header is not valid JSON: *" },
        { "{/**/}", "the header is not valid JSON: *" },
        { """{"a":{"shape":[[[0]]]}}""", "the header is not valid JSON: *" },
        { """{"\ud800":1}""", "the header is not valid JSON: *" },
        { """{"a":1}""", "tensor 'a' is not a JSON object" },
        { """{"a":null}""", "tensor 'a' is not a JSON object" },
        { """{"a":[]}""", "tensor 'a' is not a JSON object" },
        { """{"a":{}}""", "tensor 'a' lacks dtype" },
        { """{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "tensor 'a' lacks shape" },
        { """{"a":{"dtype":"F32","shape":[2]}}""", "tensor 'a' lacks data_offsets" },
        { """{"a":{"dtype":"F32","dtype":"F32"}}""", "tensor 'a' has dtype twice" },
        { """{"a":{"shape":[2],"shape":[2]}}""", "tensor 'a' has shape twice" },
        { """{"a":{"data_offsets":[0,8],"data_offsets":[0,8]}}""", "tensor 'a' has data_offsets twice" },
        { """{"a":{"stride":[1]}}""", "tensor 'a' has 'stride', which the format does not know" },
        { """{"a":{"dtype":1}}""", "the dtype of tensor 'a' is not a string" },
        { """{"a":{"shape":2}}""", "the shape of tensor 'a' is not a JSON array" },
        { """{"a":{"shape":["2"]}}""", "the shape of tensor 'a' holds something that is not a number" },
        { """{"a":{"shape":[-1]}}""", "the shape of tensor 'a' holds -1, not a whole number from 0 to 9223372036854775807" },
        { """{"a":{"shape":[2.0]}}""", "the shape of tensor 'a' holds 2.0, not a whole number from 0 to 9223372036854775807" },
        {
            """{"a":{"shape":[9223372036854775808]}}""",
            "the shape of tensor 'a' holds 9223372036854775808, not a whole number from 0 to 9223372036854775807"
        },
        { """{"a":{"data_offsets":{}}}""", "data_offsets of tensor 'a' is not a JSON array" },
        { """{"a":{"data_offsets":[0,8e0]}}""", "data_offsets of tensor 'a' holds 8e0, not a whole number from 0 to 9223372036854775807" },
        { """{"a":{"data_offsets":[-0,8]}}""", "data_offsets of tensor 'a' holds -0, not a whole number from 0 to 9223372036854775807" },
        {
            """{"a":{"data_offsets":[0,18446744073709551616]}}""",
            "data_offsets of tensor 'a' holds 18446744073709551616, not a whole number from 0 to 9223372036854775807"
        },
        { """{"a":{"data_offsets":[0,null]}}""", "data_offsets of tensor 'a' holds something that is not a number" },
        { """{"a":{"data_offsets":[0,4,8]}}""", "data_offsets of tensor 'a' holds more than 2 numbers" },
        { Entry("F32", "2", "8"), "data_offsets of tensor 'a' holds 1 numbers; it takes 2" },
        { Entry("F32", "2", "8,0"), "tensor 'a' begins at 8 but ends at 0" },
        { Entry("F32", "2", "0,7"), "tensor 'a': F32 [2] takes 8 bytes, but data_offsets [0, 7] hold 7" },
        { Entry("F32", "3", "0,8"), "tensor 'a': F32 [3] takes 12 bytes, but data_offsets [0, 8] hold 8" },
        { Entry("F32", "0", "0,8"), "tensor 'a': F32 [0] takes 0 bytes, but data_offsets [0, 8] hold 8" },
        { Entry("F32", "", "0,8"), "tensor 'a': F32 [] takes 4 bytes, but data_offsets [0, 8] hold 8" },
        { Entry("F4", "3", "0,1"), "tensor 'a': F4 [3] takes 12 bits, not whole bytes" },
        {
            Entry("F32", "4611686018427387904,4", "0,0"),
            "tensor 'a' has more elements than can be counted: [4611686018427387904, 4]"
        },
        { Entry("U8", "9223372036854775807", "0,8"), "tensor 'a' has more elements than can be counted: [9223372036854775807]" },
        {
            Entry("F32", "1099511627776,1099511627776,0", "0,0"),
            "tensor 'a' has more elements than can be counted: [1099511627776, 1099511627776, 0]"
        },
        {
            Entry("F128", "4611686018427387904,4", "0,0"),
            "tensor 'a' has more elements than can be counted: [4611686018427387904, 4]"
        },
        {
            Entry("F32", "1000000000", "0,4000000000"),
            "tensor 'a' ends at 4000000000, but the file has 8 bytes of tensors; it was not downloaded completely"
        },
        {
            Entry("WHAT", "2", "0,9223372036854775807"),
            "tensor 'a' ends at 9223372036854775807, but the file has 8 bytes of tensors; it was not downloaded completely"
        },
        { Entry("F32", "1", "4,8"), "tensor 'a' begins at 4, but the header ends at 0: there is a gap" },
        { Entry("F32", "1", "0,4"), "the tensors end at 4, but the file has 8 bytes of tensors" },
        { "{}", "the tensors end at 0, but the file has 8 bytes of tensors" },
        { Two("0,4", "0,4"), "tensor 'b' begins at 0, but tensor 'a' ends at 4: they overlap" },
        { Two("0,4", "3,7"), "tensor 'b' begins at 3, but tensor 'a' ends at 4: they overlap" },
        { Two("4,8", "3,7"), "tensor 'b' begins at 3, but the header ends at 0: there is a gap" },
        { Two("0,4", "5,9"), "tensor 'b' begins at 5, but tensor 'a' ends at 4: there is a gap" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}""",
            "tensor 'b' begins at 4, but tensor 'a' ends at 8: they overlap" },
        {
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
            "the header has tensor 'a' twice"
        },
        { """{"":{}}""", "the name of tensor '' has 0 characters; 1 to 1024 are allowed" },
        { "{\"" + new string('n', 1025) + "\":{}}",
            $"the name of tensor '{new string('n', 100)}…' has 1025 characters; 1 to 1024 are allowed" },
        { "{\"a\":{\"shape\":[" + string.Join(',', new int[65]) + "]}}", "the shape of tensor 'a' holds more than 64 numbers" },
        { """{"__metadata__":null}""", "'__metadata__' is not a JSON object" },
        { """{"__metadata__":"pt"}""", "'__metadata__' is not a JSON object" },
        { """{"__metadata__":{"a":1}}""", "'a' in '__metadata__' is not a string" },
        { """{"__metadata__":{"a":null}}""", "'a' in '__metadata__' is not a string" },
        { """{"__metadata__":{"a":{}}}""", "'a' in '__metadata__' is not a string" },
        { """{"__metadata__":{"a":"","a":""}}""", "'a' in '__metadata__' appears twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", "the header has '__metadata__' twice" },
        { """{"\u001b[31m\n":1}""", "tensor '?[31m?' is not a JSON object" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Wrong_headers_are_refused_with_the_reason(string header, string reason)
    {
        string message = Folder.Refuse(SafetensorsBuilder.File(header, new byte[8]));
        if (reason.EndsWith('*'))
        {
            Assert.StartsWith(reason[..^1], message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(reason, message);
        }
    }

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused()
    {
        byte[] header = [.. Encoding.UTF8.GetBytes("{\"a"), 0xFF, .. Encoding.UTF8.GetBytes("\":{}}")];
        Assert.Equal("the header is not valid UTF-8", Folder.Refuse(SafetensorsBuilder.File(header, [])));
    }

    [Theory]
    [InlineData(3UL, "the header claims 3 bytes, but only 2 follow; the file was not downloaded completely")]
    [InlineData(25_000_000UL, "the header claims 25000000 bytes, but only 2 follow; the file was not downloaded completely")]
    [InlineData(25_000_001UL, "the header claims 25000001 bytes, of which 25000000 are allowed; this is hardly a safetensors file")]
    [InlineData(ulong.MaxValue, "the header claims 18446744073709551615 bytes, of which 25000000 are allowed; this is hardly a safetensors file")]
    [InlineData(1UL << 63, "the header claims 9223372036854775808 bytes, of which 25000000 are allowed; this is hardly a safetensors file")]
    [InlineData(0UL, "the header does not begin with '{'")]
    public void Wrong_lengths_of_the_header_are_refused(ulong length, string reason) =>
        Assert.Equal(reason, Folder.Refuse(SafetensorsBuilder.Claim(length, "{}"u8.ToArray())));

    [Fact]
    public void A_file_too_short_for_a_header_is_refused() =>
        Assert.Equal("the file has 7 bytes; the length of a safetensors header alone takes 8", Folder.Refuse(new byte[7]));

    [Fact]
    public void A_pointer_of_Git_LFS_is_told_from_a_file() => Assert.Equal(
        "a Git LFS pointer, not the file itself; run git lfs pull",
        Folder.Refuse("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"u8.ToArray()));

    [Theory]
    [InlineData(25_000_000UL, "{}")]
    [InlineData(ulong.MaxValue, "{}")]
    [InlineData(null, """{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}""")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[100000000000000000],"data_offsets":[0,100000000000000000]}}""")]
    public void Big_claims_cost_no_memory(ulong? length, string header)
    {
        byte[] file = length is { } claim
            ? SafetensorsBuilder.Claim(claim, Encoding.UTF8.GetBytes(header))
            : SafetensorsBuilder.File(header, []);
        using var folder = new Folder();
        string path = folder.Add("a.safetensors", file);
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        long used = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(used < 200_000, string.Create(CultureInfo.InvariantCulture, $"{used} bytes were allocated"));
    }

    [Fact]
    public void Numbers_that_vanish_after_opening_are_reported_with_file_and_tensor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be cut off");
        using var folder = new Folder();
        byte[] file = new SafetensorsBuilder().Tensor("x", "F32", [2], SafetensorsBuilder.Floats(1, 2)).ToArray();
        string path = folder.Add("a.safetensors", file);
        using SafetensorsFile opened = SafetensorsFile.Open(path);
        using (var cut = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cut.SetLength(file.Length - 2);
        }

        Assert.Equal(
            "a.safetensors: tensor 'x': the file ends too early; it was not downloaded completely",
            Assert.Throws<InvalidDataException>(() => opened.Tensors["x"].Read(0, new float[2])).Message);
    }

    private static string Entry(string type, string shape, string offsets) =>
        $$$"""{"a":{"dtype":"{{{type}}}","shape":[{{{shape}}}],"data_offsets":[{{{offsets}}}]}}""";

    private static string Two(string first, string second) =>
        $$$"""
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[{{{first}}}]},"b":{"dtype":"F32","shape":[1],"data_offsets":[{{{second}}}]}}
        """;
}
