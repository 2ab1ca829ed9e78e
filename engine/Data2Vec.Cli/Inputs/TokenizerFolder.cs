using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>Reads the tokenizer in a folder, for a new text model.</summary>
internal static class TokenizerFolder
{
    /// <summary>What such a folder has, in words.</summary>
    public const string Contents = "a folder with encoder.json, vocab.bpe and dict.txt, or with tokenizer.json, or with vocab.json and merges.txt";

    private static readonly (string[] Files, Func<ReadOnlyMemory<byte>[], TextTokenizer> Read)[] s_kinds =
    [
        (["encoder.json", "vocab.bpe", "dict.txt"], files => TextTokenizer.FromFairseq(files[0], files[1], files[2])),
        (["tokenizer.json"], files => TextTokenizer.FromTokenizerJson(files[0])),
        (["vocab.json", "merges.txt"], files => TextTokenizer.FromVocabAndMerges(files[0], files[1])),
    ];

    /// <summary>Reads a tokenizer.</summary>
    /// <exception cref="InvalidDataException">There is none in the folder, or it is damaged.</exception>
    /// <exception cref="IOException">The folder does not exist, or a file cannot be read.</exception>
    public static TextTokenizer Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new IOException($"{folder}: {(File.Exists(folder) ? "a file; the tokenizer is given by its folder" : "no such folder")}");
        }

        foreach ((string[] names, Func<ReadOnlyMemory<byte>[], TextTokenizer> read) in s_kinds)
        {
            string[] files = [.. names.Select(name => Path.Combine(folder, name))];
            if (files.All(File.Exists))
            {
                try
                {
                    return read([.. files.Select(ReadFile)]);
                }
                catch (InvalidDataException error)
                {
                    throw new InvalidDataException($"{(files.Length == 1 ? files[0] : folder)}: {error.Message}", error);
                }
            }
        }

        throw new InvalidDataException($"{folder}: no tokenizer in this folder: neither {string.Join(", nor ", s_kinds.Select(kind => string.Join(" with ", kind.Files)))}");
    }

    private static ReadOnlyMemory<byte> ReadFile(string path) => new FileInfo(path).Length <= TextTokenizer.MaxFileBytes
        ? File.ReadAllBytes(path)
        : throw new InvalidDataException($"{Path.GetFileName(path)} is larger than {TextTokenizer.MaxFileBytes:N0} bytes, which no file of a tokenizer is");
}
