namespace Data2Vec.Training.Data;

/// <summary>
/// Text for pretraining: a sentence in each line, and empty lines between documents. An item is the begin id, then sentences with the end id after each. A
/// sentence that is longer than an item is divided. The token ids are kept in memory: about 4 bytes a token.
/// </summary>
public sealed class CorpusData : TrainingData<int, NoTarget>
{
    private const int LinesAtOnce = 1 << 13;

    private readonly List<(string File, int Line, int[] Ids)> _items = [];

    private CorpusData(string path, IReadOnlyList<string> files, TextEncoding encoding, CorpusItems items, SkippedItems skipped)
    {
        foreach (string file in files)
        {
            // A file is a document at least.
            var block = new Block(this, file, encoding);
            foreach ((int number, int[]? ids, string? problem) in Tokens(file, encoding))
            {
                if (problem is not null)
                {
                    skipped.AddBad(DataFile.LineName(file, number), problem);
                }
                else if (ids is null)
                {
                    block.End();
                }
                else
                {
                    block.Add(number, ids);
                    if (items == CorpusItems.Lines)
                    {
                        block.End();
                    }
                }
            }

            block.End();
        }

        Skipped = skipped.Finish(path, _items.Count);
    }

    /// <inheritdoc/>
    public override int Count => _items.Count;

    /// <summary>The number of tokens of all items.</summary>
    public long TokenCount => _items.Sum(item => (long)item.Ids.Length);

    /// <summary>Reads text.</summary>
    /// <param name="path">A text file, or a folder whose <c>.txt</c> files are read, in the order of their names.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="items">How lines become items.</param>
    /// <param name="strict">Whether a line that cannot be used ends the reading.</param>
    /// <exception cref="InvalidDataException">There is no text, a file is not a text file, or too many lines cannot be used. The message names the file.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static CorpusData Open(string path, TextEncoding encoding, CorpusItems items = CorpusItems.Documents, bool strict = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoding);
        encoding.Check();
        var skipped = new SkippedItems(strict);
        return new CorpusData(path, Directory.Exists(path) ? FolderFiles.Find(path, FolderFiles.IsText, skipped) : [path], encoding, items, skipped);
    }

    /// <inheritdoc/>
    public override string Name(int item) => DataFile.LineName(_items[item].File, _items[item].Line);

    /// <inheritdoc/>
    public override int Length(int item) => _items[item].Ids.Length;

    private protected override void AppendFingerprint(int item, FingerprintCrc crc) => crc.Append(_items[item].Ids);

    /// <inheritdoc/>
    protected override TrainingItem<int, NoTarget> LoadItem(int item, EpochRandom random) => new(item, _items[item].Ids, default);

    /// <summary>The ids of each line of a file; null for an empty line.</summary>
    private static IEnumerable<(int Line, int[]? Ids, string? Problem)> Tokens(string file, TextEncoding encoding)
    {
        int number = 0;
        foreach (string[] lines in DataFile.Lines(file).Chunk(LinesAtOnce))
        {
            var results = new (int[]? Ids, string? Problem)[lines.Length];
            Parallel.For(0, lines.Length, i =>
            {
                try
                {
                    results[i].Ids = string.IsNullOrWhiteSpace(lines[i]) ? null : encoding.Tokenize(lines[i].Trim());
                }
                catch (ArgumentException error)
                {
                    results[i].Problem = error.Message;
                }
            });
            foreach ((int[]? ids, string? problem) in results)
            {
                yield return (++number, ids, problem);
            }
        }
    }

    /// <summary>The item that sentences are added to.</summary>
    private sealed class Block(CorpusData data, string file, TextEncoding encoding)
    {
        private readonly List<int> _ids = [encoding.BeginId];
        private int _line;

        /// <summary>Adds a sentence. If it does not fit, the item ends before it.</summary>
        public void Add(int line, ReadOnlySpan<int> sentence)
        {
            if (_ids.Count + sentence.Length + 1 > encoding.MaxTokens)
            {
                End();
            }

            for (int most = encoding.MaxTokens - 2; sentence.Length > most; sentence = sentence[most..])
            {
                data._items.Add((file, line, [encoding.BeginId, .. sentence[..most], encoding.EndId]));
            }

            if (!sentence.IsEmpty)
            {
                _line = _ids.Count == 1 ? line : _line;
                _ids.AddRange(sentence);
                _ids.Add(encoding.EndId);
            }
        }

        public void End()
        {
            if (_ids.Count > 1)
            {
                data._items.Add((file, _line, [.. _ids]));
                _ids.RemoveRange(1, _ids.Count - 1);
            }
        }
    }
}
