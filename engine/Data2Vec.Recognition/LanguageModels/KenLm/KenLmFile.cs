using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>Opens binary files of KenLM.</summary>
internal static unsafe class KenLmFile
{
    /// <summary>Maps a file and checks that all its parts are inside.</summary>
    /// <param name="handle">The file, which can be closed afterwards.</param>
    /// <param name="path">Its name for later errors.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static NGramModel Open(SafeFileHandle handle, string path)
    {
        var file = new MappedFile(handle);
        try
        {
            KenLmHeader header = KenLmHeader.Read(new ReadOnlySpan<byte>(file.Start, (int)Math.Min(file.Length, KenLmHeader.MaxBytes)));
            var parts = new FileParts(path, file.Start, file.Length, (ulong)header.Bytes);
            return header.Kind is KenLmKind.Probing or KenLmKind.RestProbing ? Probing(file, header, parts) : TrieModel.Open(file, header, parts);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ProbingModel Probing(MappedFile file, KenLmHeader header, FileParts parts)
    {
        const int VocabularyEntry = 12, LongestEntry = 12, KeyBytes = 8;
        int unigramBytes = header.Kind == KenLmKind.RestProbing ? 12 : 8;
        uint* vocabulary = (uint*)parts.Take(1, sizeof(uint) * 2);
        (uint version, uint words) = (vocabulary[0], vocabulary[1]);
        if (version != 0 || words == 0 || words > header.Counts[0] + 1)
        {
            throw new InvalidDataException($"the vocabulary has version {version} and {words} words, and the header says {header.Counts[0]} words");
        }

        ProbingTable index = Table(header.Counts[0], VocabularyEntry);
        byte* unigrams = parts.Take(header.Counts[0] + 1, unigramBytes);
        var tables = new ProbingTable[header.Counts.Length - 1];
        for (int i = 0; i < tables.Length; i++)
        {
            tables[i] = Table(header.Counts[i + 1], i == tables.Length - 1 ? LongestEntry : KeyBytes + unigramBytes);
        }

        return new ProbingModel(
            file,
            header.Kind == KenLmKind.Probing ? "KenLM probing" : "KenLM probing with rest costs",
            [.. header.Counts.Select(count => (long)count)],
            index,
            (int)Math.Min(words, int.MaxValue),
            (nint)unigrams,
            unigramBytes,
            tables,
            WordList.OfFile(parts, (int)words, header.HasWords));

        ProbingTable Table(ulong entries, int entryBytes)
        {
            ulong buckets = ProbingTable.Buckets(entries, header.Multiplier) ?? throw FileParts.TooLong();
            return new ProbingTable(parts.Take(buckets, entryBytes), buckets, entryBytes);
        }
    }
}

/// <summary>Takes the parts of a mapped file one after the other, and checks that each is inside.</summary>
internal sealed unsafe class FileParts(string path, byte* start, ulong length, ulong position)
{
    /// <summary>The path of the file.</summary>
    public string Path => path;

    /// <summary>The bytes after the last part.</summary>
    public ulong Rest => length - position;

    /// <summary>Where the next part begins.</summary>
    public byte* Address => start + position;

    public static InvalidDataException TooLong() => new("the file is shorter than its header says; it is damaged or cut off");

    /// <summary>Takes a part.</summary>
    /// <param name="count">The number of its elements, of which no product with <paramref name="size"/> has been formed.</param>
    /// <param name="size">The bytes of an element, at least 1.</param>
    public byte* Take(ulong count, int size)
    {
        if (position > length || count > Rest / (uint)size)
        {
            throw TooLong();
        }

        byte* part = Address;
        position += count * (uint)size;
        return part;
    }
}
