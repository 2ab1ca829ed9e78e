using System.Buffers.Binary;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>The n-grams of one order, sorted by their words, the newest word first.</summary>
internal sealed class SortedNGrams : IDisposable
{
    private const int ValueBytes = 2 * sizeof(float);

    private readonly int _order;
    private readonly ExternalSorter _sorter;

    public SortedNGrams(int order, TemporaryFiles files)
    {
        _order = order;
        _sorter = new ExternalSorter(order * sizeof(int) + ValueBytes, order * sizeof(int), files);
    }

    /// <summary>Adds an n-gram.</summary>
    /// <param name="words">Its words, newest first.</param>
    /// <param name="probability">Its log-probability.</param>
    /// <param name="backoff">Its back-off weight.</param>
    public void Add(ReadOnlySpan<int> words, float probability, float backoff)
    {
        Span<byte> record = stackalloc byte[_sorter.RecordBytes];
        WriteWords(words, record);
        BinaryPrimitives.WriteSingleLittleEndian(record[^ValueBytes..], probability);
        BinaryPrimitives.WriteSingleLittleEndian(record[^sizeof(float)..], backoff);
        _sorter.Add(record);
    }

    /// <summary>Says that a longer n-gram continues these words.</summary>
    public void AddContext(ReadOnlySpan<int> words) => Add(words, float.NaN, 0);

    public void Finish() => _sorter.Finish();

    public Reader Read() => new(_order, _sorter.Read());

    public void Dispose() => _sorter.Dispose();

    /// <summary>Writes words so that their bytes are in the order of the words.</summary>
    public static void WriteWords(ReadOnlySpan<int> words, Span<byte> bytes)
    {
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes[(i * sizeof(int))..], words[i]);
        }
    }

    /// <summary>Reads the n-grams, each once.</summary>
    internal sealed class Reader
    {
        private readonly SortedRecords _records;
        private readonly int[] _words;
        private readonly byte[] _key;
        private bool _hasNext;

        public Reader(int order, SortedRecords records)
        {
            _records = records;
            _words = new int[order];
            _key = new byte[order * sizeof(int)];
            _hasNext = records.Read();
        }

        /// <summary>The words, newest first.</summary>
        public ReadOnlySpan<int> Words => _words;

        /// <summary>Whether the model has the n-gram. Otherwise longer ones continue it.</summary>
        public bool IsReal { get; private set; }

        /// <summary>The number of times the n-gram was added.</summary>
        public int Times { get; private set; }

        public float Probability { get; private set; }

        public float Backoff { get; private set; }

        /// <summary>The key of the n-gram.</summary>
        public ReadOnlySpan<byte> Key => _key;

        /// <summary>Reads the next n-gram.</summary>
        /// <returns>False at the end.</returns>
        public bool Next()
        {
            if (!_hasNext)
            {
                return false;
            }

            _records.Current[.._key.Length].CopyTo(_key);
            for (int i = 0; i < _words.Length; i++)
            {
                _words[i] = BinaryPrimitives.ReadInt32BigEndian(_key.AsSpan(i * sizeof(int)));
            }

            bool isContext = false;
            (Times, Probability, Backoff) = (0, 0, 0);
            do
            {
                ReadOnlySpan<byte> values = _records.Current[_key.Length..];
                float probability = BinaryPrimitives.ReadSingleLittleEndian(values);
                if (float.IsNaN(probability))
                {
                    isContext = true;
                }
                else
                {
                    (Times, Probability, Backoff) = (Times + 1, probability, BinaryPrimitives.ReadSingleLittleEndian(values[sizeof(float)..]));
                }

                _hasNext = _records.Read();
            }
            while (_hasNext && _records.Current.StartsWith(_key));
            IsReal = Times > 0;
            Backoff = Backoff != 0 ? Backoff : isContext ? 0 : KenLm.Backoff.None;
            return true;
        }
    }
}
