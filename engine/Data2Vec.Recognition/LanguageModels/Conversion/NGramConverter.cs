using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels.Arpa;
using Data2Vec.Recognition.LanguageModels.KenLm;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>The kinds of files that <see cref="NGramConverter"/> writes.</summary>
public enum NGramFormat
{
    /// <summary>KenLM's trie: small.</summary>
    Trie,

    /// <summary>KenLM's hash tables: fast, and about twice as large.</summary>
    Probing,
}

/// <summary>Converts ARPA files to binary files of KenLM (version 5), which need no loading.</summary>
public static class NGramConverter
{
    /// <summary>Buckets of a hash table per entry, KenLM's default.</summary>
    internal const float BucketsPerEntry = 1.5f;

    // The n-grams are read from the text, for the contexts that are missing, for the counts, and for the result.
    private const int Passes = 3;

    /// <summary>
    /// Converts a file. Beside the words, which are held in memory, it needs at most some hundred megabytes, whatever the size of the model. Temporary files
    /// beside the result take up to some three times as much room as the result.
    /// </summary>
    /// <param name="source">An ARPA file, also gzipped.</param>
    /// <param name="target">The file to write. It appears when it is complete.</param>
    /// <param name="format">What to write.</param>
    /// <param name="progress">Told of the share that is done.</param>
    /// <param name="cancellation">Ends the conversion. Nothing is left behind.</param>
    /// <exception cref="InvalidDataException">The file is damaged, no ARPA file, or has words but no longer n-grams, which KenLM does not support.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Convert(string source, string target, NGramFormat format, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (!Enum.IsDefined(format))
        {
            throw new ArgumentOutOfRangeException(nameof(format));
        }

        var files = new TemporaryFiles(target);
        using SortedModel model = FileErrors.Named(source, () => Read(source, files, new ConversionProgress(progress, cancellation)));
        using var probabilities = new BlankProbabilities(model, files);
        string temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                if (format == NGramFormat.Trie)
                {
                    TrieFileWriter.Write(file, model, probabilities);
                }
                else
                {
                    ProbingFileWriter.Write(file, model, probabilities, files);
                }

                RandomAccess.FlushToDisk(file);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes the words at the end of a file.</summary>
    internal static void WriteWords(SafeFileHandle file, long position, SortedWords words)
    {
        var region = new FileRegion(file, position);
        for (int i = 0; i < words.Count; i++)
        {
            region.Write(words.Word(i));
            region.Write<byte>(0);
        }

        region.Finish();
    }

    private static SortedModel Read(string source, TemporaryFiles files, ConversionProgress progress)
    {
        using FileStream stream = File.OpenRead(source);
        byte[] start = new byte[KenLmHeader.Magic.Length];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (KenLmHeader.IsKenLm(start))
        {
            throw new InvalidDataException("this is a binary file of KenLM already; give the ARPA file");
        }

        using var reader = new ArpaReader(ArpaReader.Text(start, stream));
        progress.Total = reader.Counts.Skip(1).Sum(count => Math.Min(count, long.MaxValue / (2 * NGramModel.MaxOrder * Passes))) * Passes;
        return reader.Order > 1
            ? new SortedModel(reader, files, progress)
            : throw new InvalidDataException("the model has words only, and files of KenLM need n-grams of at least two words");
    }
}
