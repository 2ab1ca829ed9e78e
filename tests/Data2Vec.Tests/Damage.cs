namespace Data2Vec.Tests;

/// <summary>Passes damaged files to a reader, which must read them or reject them with InvalidDataException.</summary>
internal static class Damage
{
    private const long MostBytesAllocated = 2 << 20;

    public static void CutAtEveryByte(byte[] file, Action<Stream> read)
    {
        for (int length = 0; length < file.Length; length++)
        {
            ReadOrReject(file[..length], read);
        }
    }

    /// <summary>Sets one to four random bytes of the first <paramref name="among"/> to random values.</summary>
    public static void ChangeBytes(byte[] file, int among, int times, Action<Stream> read)
    {
        var random = new Random(20220207);
        for (int i = 0; i < times; i++)
        {
            byte[] damaged = [.. file];
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                damaged[random.Next(among)] = (byte)random.Next(256);
            }

            ReadOrReject(damaged, read);
        }
    }

    private static void ReadOrReject(byte[] file, Action<Stream> read)
    {
        foreach (Stream stream in (Stream[])[new MemoryStream(file), new OneWayStream(file, 1000)])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(stream);
            }
            catch (InvalidDataException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"{error.GetType().Name} for {Convert.ToHexString(file.AsSpan(0, Math.Min(80, file.Length)))}: {error}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytesAllocated);
        }
    }
}
