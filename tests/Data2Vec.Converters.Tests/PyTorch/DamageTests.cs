using System.Diagnostics;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Real files, damaged at random: they are read or refused, and nothing else ever happens.</summary>
public class DamageTests
{
    public static TheoryData<string> Files =>
        ["tensors.pt", "tensors_legacy.pt", "tensors_deflated.pt", "values_protocol4.pt", "values_legacy.pt"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Cut_off_anywhere_a_file_is_refused(string fixture)
    {
        byte[] file = Fixture.Bytes(fixture);
        for (int cut = 0; cut < 400; cut++)
        {
            int length = (int)((long)file.Length * cut / 400);
            Checkpoint.Refuse(file[..length]);
        }

        for (int cut = 1; cut < 100; cut++)
        {
            Checkpoint.Refuse(file[..^cut]);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Flipped_bytes_are_read_or_refused(string fixture)
    {
        byte[] original = Fixture.Bytes(fixture);
        var random = new Random(20240501);
        var watch = Stopwatch.StartNew();
        for (int round = 0; round < 2000; round++)
        {
            byte[] file = (byte[])original.Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                file[random.Next(file.Length)] ^= (byte)random.Next(1, 256);
            }

            ReadOrRefuse(file);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), $"it took {watch.Elapsed}");
    }

    // The checksum shields the pickle from damage by chance, not from one who computes it anew.
    [Theory]
    [InlineData("tensors.pt")]
    [InlineData("values_protocol2.pt")]
    [InlineData("values_protocol4.pt")]
    public void Flipped_bytes_of_a_pickle_with_a_right_checksum_are_read_or_refused(string fixture)
    {
        (byte[] pickle, (string Name, byte[] Content)[] others) = Unzip(fixture);
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = (byte[])pickle.Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            }

            var zip = new ZipBuilder();
            zip.Add("a/data.pkl", damaged);
            foreach ((string name, byte[] content) in others)
            {
                zip.Add(name, content);
            }

            ReadOrRefuse(zip.ToArray());
        }
    }

    private static (byte[] Pickle, (string Name, byte[] Content)[] Others) Unzip(string fixture)
    {
        using var archive = System.IO.Compression.ZipFile.OpenRead(Fixture.PathOf(fixture));
        var entries = archive.Entries.Select(entry =>
        {
            using var content = new MemoryStream();
            using Stream stream = entry.Open();
            stream.CopyTo(content);
            return (Name: "a" + entry.FullName[entry.FullName.IndexOf('/', StringComparison.Ordinal)..], Content: content.ToArray());
        }).ToArray();
        return (entries.Single(entry => entry.Name == "a/data.pkl").Content,
            [.. entries.Where(entry => entry.Name != "a/data.pkl")]);
    }

    private static void ReadOrRefuse(byte[] file)
    {
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(file);
            if (checkpoint.Root is not PickleDictionary root)
            {
                return;
            }

            float[] piece = new float[1000];
            foreach (PyTorchTensor tensor in root.Values.OfType<PyTorchTensor>())
            {
                tensor.Read(0, piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.Count)));
            }
        }
        catch (InvalidDataException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }
}
