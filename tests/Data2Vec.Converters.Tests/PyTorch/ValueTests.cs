using System.Globalization;
using System.Numerics;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

public class ValueTests
{
    public static TheoryData<string> Files =>
    [
        "values_protocol2.pt", "values_protocol3.pt", "values_protocol4.pt", "values_protocol5.pt", "values_legacy.pt",
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void Plain_python_values_come_out_as_they_were(string file)
    {
        using PyTorchFile checkpoint = Fixture.Open(file);
        var root = Assert.IsType<PickleDictionary>(checkpoint.Root);
        Assert.Null(root["none"]);
        Assert.Equal(true, root["true"]);
        Assert.Equal(false, root["false"]);
        Assert.Equal(
            [
                0L, 1L, -1L, 255L, 256L, 65535L, 65536L, (long)int.MinValue, 1L << 31, 1L << 62, long.MinValue,
                BigInteger.Pow(2, 63), -BigInteger.Pow(2, 63) - 1, BigInteger.Pow(10, 40),
            ],
            (PickleList)root["integers"]!);
        Assert.Equal([0.1, -1.5e300, double.PositiveInfinity, double.NaN], (PickleTuple)root["floats"]!);
        Assert.Equal(["", "plain", "Grüße, 世界 🎧", "line\nbreak \\u0041 \\"], (PickleList)root["texts"]!);
        Assert.Equal([0, 0xff, .. " text"u8], (byte[])root["bytes"]!);
        Assert.Equal([], (byte[])root["no_bytes"]!);
        Assert.Equal([1, 0x80], (byte[])root["bytearray"]!);
        Assert.Equal(new Complex(1.5, -2), root["complex"]);
        Assert.Equal([5L], (PickleList)root["set"]!);
        Assert.Equal([6L], (IReadOnlyList<object?>)root["frozenset"]!);
        Assert.Equal([0, 1, 2, 3, 4], ((PickleList)root["tuples"]!).Select(tuple => ((PickleTuple)tuple!).Count));
        Assert.Equal([1L, 2L, 3L, 4L], (PickleTuple)((PickleList)root["tuples"]!)[4]!);
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (object?)(long)i), (PickleList)root["long_list"]!);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Dictionaries_keep_their_order_and_find_keys_of_any_kind(string file)
    {
        using PyTorchFile checkpoint = Fixture.Open(file);
        var root = (PickleDictionary)checkpoint.Root!;
        var keys = (PickleDictionary)root["keys"]!;
        Assert.True(keys.TryGetValue(1, out object? one));
        Assert.Equal("one", one);
        Assert.True(keys.TryGetValue(null, out object? none));
        Assert.Equal("none", none);
        Assert.True(keys.TryGetValue(2.5, out object? half));
        Assert.Equal("half", half);
        Assert.Equal(["one", "none", "pair", "half", "y"], keys.Values);

        var ordered = (PickleDictionary)root["ordered"]!;
        Assert.Equal(["b", "a"], ordered.Keys);
        Assert.True(((PickleDictionary)ordered.State!).TryGet("_metadata", out PickleDictionary? metadata));
        Assert.Equal(2L, metadata!["version"]);
        Assert.Equal(2L, ((PickleDictionary)root["counter"]!)["a"]);
        Assert.Equal([1L], (PickleList)((PickleDictionary)root["defaults"]!)["x"]!);

        var shared = (PickleList)root["shared"]!;
        Assert.Same(shared[0], shared[1]);
        Assert.False(root.TryGetValue("missing", out _));
        Assert.Contains("missing", Assert.Throws<InvalidDataException>(() => root["missing"]).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Objects_of_any_class_are_readable_as_data(string file)
    {
        using PyTorchFile checkpoint = Fixture.Open(file);
        var root = (PickleDictionary)checkpoint.Root!;

        var arguments = (PickleObject)root["namespace"]!;
        Assert.Equal(("argparse", "Namespace"), (arguments.Module, arguments.Name));
        Assert.True(arguments.TryGetAttribute("layers", out object? layers));
        Assert.Equal(12L, layers);
        Assert.False(arguments.TryGetAttribute("missing", out _));

        var settings = (PickleObject)root["settings"]!;
        Assert.Equal("__main__.Settings", settings.ToString());
        Assert.True(settings.TryGetAttribute("nested", out object? nested));
        Assert.Equal(1L, ((PickleList)((PickleDictionary)nested!)["depth"]!)[0]);

        // Python 3.11 writes a member of an enumeration as getattr(class, name).
        var colour = (PickleObject)root["colour"]!;
        Assert.Equal("__main__.Colour", colour.Arguments[0]!.ToString());
        Assert.Equal("RED", colour.Arguments[1]);
        Assert.Equal(1L, ((PickleObject)root["words"]!).Entries!["hello"]);
        Assert.Equal(["x", "y"], ((PickleObject)root["names"]!).Items!);
        Assert.Equal(["1.25"], ((PickleObject)root["decimal"]!).Arguments);
        Assert.Equal("torch.float16", Assert.IsType<PickleGlobal>(root["dtype"]).ToString());
        Assert.Equal([2L, 3L], (PickleTuple)root["size"]!);
        Assert.Equal(["cpu"], ((PickleObject)root["device"]!).Arguments);
        var scalar = (PickleObject)root["numpy_scalar"]!;
        Assert.Equal("scalar", scalar.Name);
        Assert.Equal(0.25, BitConverter.ToDouble((byte[])scalar.Arguments[1]!));
        Assert.StartsWith("numpy.core", ((PickleObject)root["numpy_array"]!).Module, StringComparison.Ordinal);
        Assert.Equal([1, 2], Checkpoint.ReadAll((PyTorchTensor)root["tensor"]!));
    }

    // The bytes are those of Python's pickle.dumps(value, protocol=0) for the values in the comments.
    [Theory]
    [InlineData("I01\n.", "True")] // True
    [InlineData("I-5\n.", "-5")] // -5
    [InlineData("L12345678901234567890L\n.", "12345678901234567890")] // 12345678901234567890
    [InlineData("F0.1\n.", "0.1")] // 0.1
    [InlineData("Fnan\n.", "NaN")] // nan
    [InlineData("VGr\\u4e16\\U0001f3a7\u00fc\np0\n.", "Gr世🎧ü")] // 'Gr世🎧ü'
    [InlineData("S'it\\'s \\x41\\101\\n'\np0\n.", "it's AA\n")] // Python 2's "it's AA\n"
    [InlineData("S\"it's\"\n.", "it's")] // Python 2's "it's"
    public void Protocol_zero_is_text(string pickle, string expected)
    {
        object? value = Checkpoint.Load(new PickleBuilder().Op(pickle).ToArray());
        Assert.Equal(expected, Convert.ToString(value, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Protocol_zero_containers_and_objects_are_read()
    {
        // pickle.dumps({'a': [1, (2,)], 'n': argparse.Namespace(x=3)}, protocol=0)
        byte[] pickle = new PickleBuilder().Op(
            "(dp0\nVa\np1\n(lp2\nI1\na(I2\ntp3\nasVn\np4\nccopy_reg\n_reconstructor\np5\n(cargparse\nNamespace\np6\n" +
            "c__builtin__\nobject\np7\nNtp8\nRp9\n(dp10\nVx\np11\nI3\nsbs.").ToArray();
        var root = Assert.IsType<PickleDictionary>(Checkpoint.Load(pickle));
        Assert.Equal(2L, ((PickleTuple)((PickleList)root["a"]!)[1]!)[0]);
        var arguments = Assert.IsType<PickleObject>(root["n"]);
        Assert.Equal("argparse.Namespace", arguments.ToString());
        Assert.True(arguments.TryGetAttribute("x", out object? x));
        Assert.Equal(3L, x);
    }

    [Fact]
    public void Strings_of_python_2_that_are_no_text_stay_bytes() =>
        Assert.Equal([0xff, 0xfe], Assert.IsType<byte[]>(Checkpoint.Load(new PickleBuilder().Op("U\x02\xff\xfe.").ToArray())));

    [Fact]
    public void Setting_a_key_again_replaces_its_value()
    {
        byte[] pickle = PickleBuilder.Start().EmptyDict().Mark()
            .Text("a").Int(1).Text("b").Int(2).Text("a").Int(3).Op("u").Stop();
        var root = (PickleDictionary)Checkpoint.Load(pickle)!;
        Assert.Equal(["a", "b"], root.Keys);
        Assert.Equal(3L, root["a"]);
    }
}
