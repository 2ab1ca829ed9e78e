using System.Text;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Tests.Safetensors;

public class SafetensorsSetTests
{
    private const string IndexName = "model.safetensors.index.json";

    public static TheoryData<string, string> Indexes => new()
    {
        { "", $"{IndexName}: the index is not valid JSON: *" },
        { "[]", $"{IndexName}: the index is not a JSON object" },
        { "{}", $"{IndexName}: the index lacks 'weight_map'" },
        { "{}{}", $"{IndexName}: the index is not valid JSON: *" },
        { """{"weight_map":[]}""", $"{IndexName}: 'weight_map' is not a JSON object" },
        { """{"weight_map":{},"weight_map":{}}""", $"{IndexName}: the index has 'weight_map' twice" },
        { Map("""{"a":1}"""), $"{IndexName}: the file of tensor 'a' is not a string" },
        { Map("""{"a":"1.safetensors","a":"1.safetensors"}"""), $"{IndexName}: the index has tensor 'a' twice" },
        { Map("""{"a":"1.safetensors","\u0061":"2.safetensors"}"""), $"{IndexName}: the index has tensor 'a' twice" },
        { Map("""{"a":"3.safetensors"}"""), $"{IndexName}: 3.safetensors, which holds tensor 'a', is not in its folder" },
        { Map("""{"a":"1.safetensors","x":"1.safetensors"}"""), $"1.safetensors: lacks tensor 'x', which {IndexName} says it holds" },
        { Map("""{"b":"2.safetensors"}"""), $"2.safetensors: tensor 'c' is not in {IndexName}" },
        {
            Map("""{"a":"1.safetensors","b":"copy.safetensors"}"""),
            $"copy.safetensors: tensor 'a' is in this file, but {IndexName} says it is in 1.safetensors"
        },
        { Map("""{"a":"broken.safetensors"}"""), "broken.safetensors: the header does not begin with '{'" },
        { Map("""{"__metadata__":"1.safetensors","a":"1.safetensors"}"""),
            $"1.safetensors: lacks tensor '__metadata__', which {IndexName} says it holds" },
    };

    public static TheoryData<string> OutsideNames =>
    [
        "", ".", "..", ".safetensors", "../1.safetensors", "/etc/1.safetensors", "sub/1.safetensors", "..\\1.safetensors",
        "C:1.safetensors", "C:\\1.safetensors", "//host/1.safetensors", "1.safetensors:stream.safetensors", "1.bin",
        "1.safetensors/", "1.safetensors\0.safetensors", "\n.safetensors", new string('n', 250) + ".safetensors",
    ];

    [Fact]
    public void A_single_file_is_a_set()
    {
        using Folder folder = Shards();
        using SafetensorsSet set = SafetensorsSet.Open(folder.PathOf("2.safetensors"));
        Assert.Equal("2.safetensors", Assert.Single(set.Files).FileName);
        Assert.Equal(["b", "c"], set.Tensors.Keys.Order());
        Assert.Equal([20], Folder.Numbers(set.Tensors["b"]));
    }

    [Fact]
    public void Shards_are_read_as_one()
    {
        using Folder folder = Shards();
        string path = folder.Add(IndexName, Encoding.UTF8.GetBytes(Map(
            """{"b":"2.safetensors","a":"1.safetensors","c":"2.safetensors"}""")));
        using SafetensorsSet set = SafetensorsSet.Open(path);
        Assert.Equal(["2.safetensors", "1.safetensors"], set.Files.Select(file => file.FileName));
        Assert.Equal("pt", set.Files[1].Metadata["format"]);
        Assert.Equal(["a", "b", "c"], set.Tensors.Keys.Order());
        Assert.Equal([10], Folder.Numbers(set.Tensors["a"]));
        Assert.Equal([20], Folder.Numbers(set.Tensors["b"]));
        Assert.Equal([30], Folder.Numbers(set.Tensors["c"]));
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Wrong_indexes_are_refused_with_the_reason(string index, string reason)
    {
        using Folder folder = Shards();
        string path = folder.Add(IndexName, Encoding.UTF8.GetBytes(index));
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsSet.Open(path)).Message;
        if (reason.EndsWith('*'))
        {
            Assert.StartsWith(reason[..^1], message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(reason, message);
        }
    }

    [Theory]
    [MemberData(nameof(OutsideNames))]
    public void An_index_reaches_no_file_but_plain_ones_of_its_folder(string file)
    {
        using Folder folder = Shards();
        string path = folder.Add(IndexName, Encoding.UTF8.GetBytes(
            Map($$"""{"a":{{System.Text.Json.JsonSerializer.Serialize(file)}}}""")));
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsSet.Open(path)).Message;
        Assert.StartsWith($"{IndexName}: tensor 'a' is listed in '", message, StringComparison.Ordinal);
        Assert.EndsWith("', which is not the plain name of a .safetensors file", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_of_more_files_than_can_be_open_is_refused()
    {
        using Folder folder = Shards();
        string map = string.Join(',', Enumerable.Range(0, 4097).Select(i => $"\"t{i}\":\"f{i}.safetensors\""));
        string path = folder.Add(IndexName, Encoding.UTF8.GetBytes(Map($"{{{map}}}")));
        Assert.Equal(
            $"{IndexName}: the index names more than 4096 files",
            Assert.Throws<InvalidDataException>(() => SafetensorsSet.Open(path)).Message);
    }

    [Fact]
    public void An_index_too_large_is_refused_unread()
    {
        using var folder = new Folder();
        string path = folder.PathOf(IndexName);
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(25_000_001);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(
            $"{IndexName}: the index has 25000001 bytes, of which 25000000 are allowed",
            Assert.Throws<InvalidDataException>(() => SafetensorsSet.Open(path)).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000);
    }

    [Fact]
    public void A_refused_set_leaves_no_file_open()
    {
        using Folder folder = Shards();
        string path = folder.Add(IndexName, Encoding.UTF8.GetBytes(Map("""{"a":"1.safetensors","b":"2.safetensors"}""")));
        Assert.Throws<InvalidDataException>(() => SafetensorsSet.Open(path));
        foreach (string name in (string[])["1.safetensors", "2.safetensors", IndexName])
        {
            using (new FileStream(folder.PathOf(name), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                continue;
            }
        }
    }

    private static string Map(string map) => $$$"""{"metadata":{"total_size":12,"deep":[[{}]]},"weight_map":{{{map}}}}""";

    private static Folder Shards()
    {
        var folder = new Folder();
        folder.Add("1.safetensors", new SafetensorsBuilder().Metadata("""{"format":"pt"}""")
            .Tensor("a", "F32", [1], SafetensorsBuilder.Floats(10)).ToArray());
        folder.Add("2.safetensors", new SafetensorsBuilder()
            .Tensor("b", "F32", [1], SafetensorsBuilder.Floats(20)).Tensor("c", "U8", [1], [30]).ToArray());
        folder.Add("copy.safetensors", new SafetensorsBuilder()
            .Tensor("b", "F32", [1], SafetensorsBuilder.Floats(20)).Tensor("a", "F32", [1], SafetensorsBuilder.Floats(11)).ToArray());
        folder.Add("broken.safetensors", new byte[8]);
        return folder;
    }
}
