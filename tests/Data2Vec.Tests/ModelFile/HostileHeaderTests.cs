using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

/// <summary>Files with a valid CRC and a malicious header.</summary>
public class HostileHeaderTests
{
    // The header is padded with spaces, so the data always begins here.
    private const int DataStart = 4096;
    private const int DataBytes = 1024;
    private const string ZeroCrc64 = "03c8eb67"; // the CRC-32C of 64 zero bytes

    [Fact]
    public void The_template_itself_is_valid()
    {
        Assert.Equal(ZeroCrc64, Crc32CTests.Bitwise(new byte[64]).ToString("x8", CultureInfo.InvariantCulture));
        byte[] file = Build(Header(Fill(0)));
        using D2vFile opened = D2vFile.Open(file, "good");
        Assert.Equal(16, opened.Tensors.Count);
    }

    [Theory]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", null)]
    [InlineData("""{"dtype":"f32","shape":[16],"layout":"rows","groups":1,"offset":OFFSET,"bytes":64,"crc32c":"03C8EB67","later":[]}""", null)]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":60,"crc32c":"03c8eb67"}""", "takes 64")]
    [InlineData("""{"dtype":"f32","shape":[15],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "takes 60")]
    [InlineData("""{"dtype":"f16","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "takes 32")]
    [InlineData("""{"dtype":"f64","shape":[8],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "dtype")]
    [InlineData("""{"dtype":1,"shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"dtype\" must be a string, not")]
    [InlineData("""{"shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"dtype\" must be a string but is missing")]
    [InlineData("""{"dtype":"f32","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array but is missing")]
    [InlineData("""{"dtype":"f32","shape":[16],"bytes":64,"crc32c":"03c8eb67"}""", "\"offset\" must be an integer from 0 to 9223372036854775807 but is missing")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"crc32c":"03c8eb67"}""", "\"bytes\" must be an integer from 0 to 9223372036854775807 but is missing")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64}""", "\"crc32c\" must be a string but is missing")]
    [InlineData("""{"dtype":"f32","shape":16,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array, not '16'")]
    [InlineData("""{"dtype":"f32","shape":[16.0],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array of at most 8 integers")]
    [InlineData("""{"dtype":"f32","shape":["16"],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array of at most 8 integers")]
    [InlineData("""{"dtype":"f32","shape":[-4,-4],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "a dimension of -4")]
    [InlineData("""{"dtype":"f32","shape":[0],"offset":OFFSET,"bytes":0,"crc32c":"00000000"}""", "a dimension of 0")]
    [InlineData("""{"dtype":"f32","shape":[4294967312],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array of at most 8 integers")]
    [InlineData("""{"dtype":"f32","shape":[2147483647,2147483647],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "more than")]
    [InlineData("""{"dtype":"f32","shape":[65536,65536,65536,65536],"offset":OFFSET,"bytes":0,"crc32c":"00000000"}""", "more than")]
    [InlineData("""{"dtype":"f32","shape":[1,1,1,1,1,1,1,1,16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"shape\" must be an array of at most 8 integers")]
    [InlineData("""{"dtype":"f32","shape":[65536,65536,16],"offset":OFFSET,"bytes":274877906944,"crc32c":"03c8eb67"}""", "past the end")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":-64,"crc32c":"03c8eb67"}""", "\"bytes\" must be an integer from 0")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":6.4e1,"crc32c":"03c8eb67"}""", "\"bytes\" must be an integer from 0")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":-64,"bytes":64,"crc32c":"03c8eb67"}""", "\"offset\" must be an integer from 0")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":9223372036854775808,"bytes":64,"crc32c":"03c8eb67"}""", "\"offset\" must be an integer from 0")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":9223372036854775744,"bytes":64,"crc32c":"03c8eb67"}""", "past the end")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":"4096","bytes":64,"crc32c":"03c8eb67"}""", "\"offset\" must be an integer from 0")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":4097,"bytes":64,"crc32c":"03c8eb67"}""", "multiple of 64")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":4160,"bytes":64,"crc32c":"03c8eb67"}""", "4160")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":64,"bytes":64,"crc32c":"03c8eb67"}""", "overlaps the header")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":5120,"bytes":64,"crc32c":"03c8eb67"}""", "past the end")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":1048576,"bytes":64,"crc32c":"03c8eb67"}""", "past the end")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb6"}""", "8 hexadecimal")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":" 3c8eb67"}""", "8 hexadecimal")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":63499111}""", "\"crc32c\" must be a string, not")]
    [InlineData("""{"dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb60"}""", "is damaged")]
    [InlineData("""{"dtype":"f32","dtype":"f32","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "JSON")]
    [InlineData("""{"dtype":"f32","shape":[4,4],"layout":"columns","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "layout")]
    [InlineData("""{"dtype":"f32","shape":[4,4],"layout":null,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"layout\" must be a string but is missing")]
    [InlineData("""{"dtype":"f32","shape":[16,1],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", null)]
    [InlineData("""{"dtype":"f32","shape":[17,1],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "takes 128")]
    [InlineData("""{"dtype":"f32","shape":[16],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "needs at least 2")]
    [InlineData("""{"dtype":"f16","shape":[16,1],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", null)]
    [InlineData("""{"dtype":"i8","shape":[16,1,2],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "2 dimensions")]
    [InlineData("""{"dtype":"i8","shape":[16,1],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "takes 128")]
    [InlineData("""{"dtype":"bf16","shape":[16,3],"layout":"panels","offset":OFFSET,"bytes":96,"crc32c":"03c8eb67"}""", "takes 128")]
    [InlineData("""{"dtype":"f32","shape":[16,1],"layout":"panels","groups":0,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "0 groups")]
    [InlineData("""{"dtype":"f32","shape":[16,1],"layout":"panels","groups":3,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "3 groups")]
    [InlineData("""{"dtype":"f32","shape":[16,1],"layout":"panels","groups":2147483648,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "\"groups\" must be an integer from 0 to 2147483647")]
    [InlineData("""{"dtype":"f32","shape":[2147483647,1],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "too large")]
    [InlineData("""{"dtype":"f32","shape":[1,65536,65536],"layout":"panels","offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "too large")]
    [InlineData("""{"dtype":"f32","shape":[16,1],"groups":2,"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "only the layout")]
    [InlineData("""{"dtype":"i8","shape":[16],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "at least 2")]
    [InlineData("""{"dtype":"i8","shape":[16,4],"offset":OFFSET,"bytes":64,"crc32c":"03c8eb67"}""", "takes 128")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("7", "not a JSON object")]
    public void A_tensor_entry_is_checked(string entry, string? expected)
    {
        string offset = DataStart.ToString(CultureInfo.InvariantCulture);
        string tensors = $"\"lie\":{entry.Replace("OFFSET", offset, StringComparison.Ordinal)},{Fill(1)}";
        AssertRefused(Build(Header(tensors)), expected);
    }

    [Theory]
    [InlineData("""{"offset":5056,"bytes":64,"crc32c":"03c8eb67"}""", null)]
    [InlineData("""{"offset":5056,"bytes":63,"crc32c":"03c8eb67"}""", "asset 'lie' is damaged")]
    [InlineData("""{"offset":5056,"bytes":2147483648,"crc32c":"03c8eb67"}""", "\"bytes\" must be an integer from 0 to 2147483647")]
    [InlineData("""{"offset":5056,"bytes":65,"crc32c":"03c8eb67"}""", "asset 'lie' reaches past the end")]
    [InlineData("""{"offset":4992,"bytes":128,"crc32c":"03c8eb67"}""", "overlaps")]
    [InlineData("""{"offset":5056,"bytes":0,"crc32c":"00000000"}""", "the data ends at byte 5056")]
    [InlineData("""{"offset":5056,"bytes":64}""", "\"crc32c\" must be a string but is missing")]
    [InlineData("\"\"", "not a JSON object")]
    public void An_asset_entry_is_checked(string entry, string? expected) =>
        AssertRefused(Build(Header(Fill(0, 15), $"\"lie\":{entry}")), expected);

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{}", "\"architecture\" must be a string but is missing")]
    [InlineData("""{"architecture":7,"config":{},"tensors":{},"assets":{},"provenance":{}}""", "\"architecture\" must be a string, not '7'")]
    [InlineData("""{"architecture":"a b","config":{},"tensors":{},"assets":{},"provenance":{}}""", "\"architecture\" must be 1 to 255 letters")]
    [InlineData("""{"architecture":"a","tensors":{},"assets":{},"provenance":{}}""", "\"config\" must be an object but is missing")]
    [InlineData("""{"architecture":"a","config":[],"tensors":{},"assets":{},"provenance":{}}""", "\"config\" must be an object, not")]
    [InlineData("""{"architecture":"a","config":{},"tensors":[],"assets":{},"provenance":{}}""", "\"tensors\" must be an object, not")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":null,"provenance":{}}""", "\"assets\" must be an object but is missing")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":{}}""", "\"provenance\" must be an object but is missing")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":{},"provenance":{}}""", "the data ends at byte 4096")]
    [InlineData("""{"architecture":"a","config":{"x":"\ud800"},"tensors":{},"assets":{},"provenance":{}}""", "JSON")]
    [InlineData("""{"architecture":"a","config":{"\udc00":1},"tensors":{},"assets":{},"provenance":{}}""", "JSON")]
    [InlineData("""{"architecture":"a","config":{"x":1,"x":2},"tensors":{},"assets":{},"provenance":{}}""", "JSON")]
    [InlineData("""{"architecture":"a","config":{"x":1,"\u0078":2},"tensors":{},"assets":{},"provenance":{}}""", "JSON")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{"":{}},"assets":{},"provenance":{}}""", "a name under 'tensors'")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":{"../x":{}},"provenance":{}}""", "a name under 'assets'")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{"\u001b[2J":{}},"assets":{},"provenance":{}}""", "a name under 'tensors'")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":{},"provenance":{}} {}""", "JSON")]
    [InlineData("""{"architecture":"a","config":{},"tensors":{},"assets":{},"provenance":{} """, "JSON")]
    public void The_header_is_checked(string json, string expected) => AssertRefused(Build(json), expected);

    [Fact]
    public void Two_tensors_with_the_same_name_are_refused() =>
        AssertRefused(Build(Header(Fill(0, 8) + "," + Fill(0, 8))), "JSON");

    [Fact]
    public void Overlapping_tensors_are_refused() =>
        AssertRefused(Build(Header(Fill(0) + "," + Fill(0, 1).Replace("t0", "lie", StringComparison.Ordinal))), "overlaps");

    [Fact]
    public void Deep_nesting_is_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 1500)) + string.Concat(Enumerable.Repeat("]", 1500));
        string json = $$$"""{"architecture":"a","config":{"x":{{{deep}}}},"tensors":{},"assets":{},"provenance":{}}""";
        AssertRefused(Build(json), "JSON");
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        byte[] json = Encoding.Latin1.GetBytes("""{"architecture":"a","config":{"x":"é"},"tensors":{}}""");
        AssertRefused(Build(json), "UTF-8");
    }

    [Theory]
    [InlineData(4, 2ul, "version 2")]
    [InlineData(8, ulong.MaxValue, "is the most")]
    [InlineData(8, 1ul << 63, "is the most")]
    [InlineData(8, 5057ul, "past the end")]
    [InlineData(8, 60ul << 20, "past the end")]
    [InlineData(8, 0ul, "damaged")]
    [InlineData(16, ulong.MaxValue, "should have")]
    [InlineData(16, 1ul << 63, "should have")]
    [InlineData(16, 0ul, "should have")]
    public void The_preamble_is_checked(int at, ulong value, string expected)
    {
        byte[] file = Build(Header(Fill(0)));
        if (at == 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        }

        AssertRefused(file, expected);
    }

    [Fact]
    public void Any_mutation_of_the_header_with_a_valid_CRC_opens_or_is_refused_as_invalid_data()
    {
        const string Alphabet = "{}[]\",:0123456789-eE.\\u tnfl\0\u007f";
        var random = new Random(1);
        string good = Header(Fill(0, 15), $$"""
            "a":{"offset":5056,"bytes":64,"crc32c":"{{ZeroCrc64}}"}
            """);
        int opened = 0;
        for (int i = 0; i < 5_000; i++)
        {
            var mutated = new StringBuilder(good);
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(mutated.Length);
                switch (random.Next(3))
                {
                    case 0: mutated[at] = Alphabet[random.Next(Alphabet.Length)]; break;
                    case 1: mutated.Remove(at, Math.Min(random.Next(1, 20), mutated.Length - at)); break;
                    default: mutated.Insert(at, Alphabet[random.Next(Alphabet.Length)]); break;
                }
            }

            try
            {
                using D2vFile file = D2vFile.Open(Build(mutated.ToString()), "mutated");
                opened++;
                foreach (TensorInfo tensor in file.Tensors.Values)
                {
                    file.Read(tensor, new float[tensor.Count]);
                }
            }
            catch (InvalidDataException)
            {
            }
        }

        Assert.InRange(opened, 1, 2_500);
    }

    private static void AssertRefused(byte[] file, string? expected)
    {
        if (expected is null)
        {
            D2vFile.Open(file, "model.d2v").Dispose();
            return;
        }

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => D2vFile.Open(file, "model.d2v"));
        Assert.StartsWith("model.d2v: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    // Tensors of 64 zero bytes side by side.
    private static string Fill(int first, int end = DataBytes / 64) =>
        string.Join(',', Enumerable.Range(first, end - first).Select(i =>
            $$"""
            "t{{i}}":{"dtype":"f32","shape":[16],"offset":{{DataStart + 64 * i}},"bytes":64,"crc32c":"{{ZeroCrc64}}"}
            """));

    private static string Header(string tensors, string assets = "") =>
        $$$"""{"architecture":"a","config":{},"tensors":{ {{{tensors}}} },"assets":{ {{{assets}}} },"provenance":{}}""";

    private static byte[] Build(string json) => Build(Encoding.UTF8.GetBytes(json));

    private static byte[] Build(byte[] json)
    {
        byte[] file = new byte[DataStart + DataBytes];
        Span<byte> header = file.AsSpan(64, DataStart - 64);
        header.Fill((byte)' ');
        json.CopyTo(header);
        "D2V\0"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), (ulong)header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(16), (ulong)file.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(24), Crc32CTests.Bitwise(header));
        return file;
    }
}
