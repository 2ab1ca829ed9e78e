using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Tests.Safetensors;

/// <summary>Files damaged at random: they are read or refused, and nothing else ever happens.</summary>
public class DamagedSafetensorsTests
{
    private static readonly byte[] s_file = new SafetensorsBuilder()
        .Metadata("""{"format":"pt"}""")
        .Tensor("a.weight", "F32", [2, 2], SafetensorsBuilder.Floats(1, 2, 3, 4))
        .Tensor("none", "I64", [0], [])
        .Tensor("scalar", "BF16", [], [0, 1])
        .Tensor("odd", "F8_E4M3", [3], [1, 2, 3]).ToArray();

    private static readonly byte[] s_index = """
        {"metadata":{"total_size":21},"weight_map":{"a.weight":"model.safetensors",
        "none":"model.safetensors","scalar":"model.safetensors","odd":"model.safetensors"}}
        """u8.ToArray();

    [Fact]
    public void Cut_off_anywhere_a_file_is_refused()
    {
        for (int length = 0; length < s_file.Length; length++)
        {
            Folder.Refuse(s_file[..length]);
        }

        using var folder = new Folder();
        SafetensorsFile.Open(folder.Add("model.safetensors", s_file)).Dispose();
    }

    [Fact]
    public void Longer_by_one_byte_a_file_is_refused() =>
        Assert.Equal("the tensors end at 21, but the file has 22 bytes of tensors", Folder.Refuse([.. s_file, 0]));

    [Fact]
    public void Flipped_bytes_are_read_or_refused()
    {
        using var folder = new Folder();
        var random = new Random(20240501);
        int refused = 0;
        for (int round = 0; round < 2000; round++)
        {
            if (!IsRead(folder.Add("model.safetensors", Damage(s_file, random))))
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 1999);
    }

    [Fact]
    public void Flipped_bytes_of_an_index_are_read_or_refused()
    {
        using var folder = new Folder();
        folder.Add("model.safetensors", s_file);
        string path = folder.Add("model.safetensors.index.json", s_index);
        Assert.True(IsRead(path));
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            IsRead(folder.Add("model.safetensors.index.json", Damage(s_index, random)));
        }

        for (int length = 0; length < s_index.Length; length++)
        {
            Assert.False(IsRead(folder.Add("model.safetensors.index.json", s_index[..length])));
        }
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] file = (byte[])original.Clone();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            file[random.Next(file.Length)] ^= (byte)random.Next(1, 256);
        }

        return file;
    }

    private static bool IsRead(string path)
    {
        try
        {
            using SafetensorsSet set = SafetensorsSet.Open(path);
            foreach (CheckpointTensor tensor in set.Tensors.Values)
            {
                if (tensor.Type != CheckpointType.Other)
                {
                    tensor.Read(0, new float[tensor.Count]);
                }
            }

            return true;
        }
        catch (InvalidDataException error)
        {
            Assert.Contains("model.safetensors", error.Message, StringComparison.Ordinal);
            return false;
        }
    }
}
