using System.Globalization;

namespace Data2Vec.Corpus;

/// <summary>
/// Which parts of a shard were begun and ended: a line for each. What was begun and not ended had a worker that was killed. It survives the worker, not
/// the loss of power, which is no fault of an input.
/// </summary>
internal sealed class ShardJournal
{
    private const string Begun = "begin", Ended = "end";

    private readonly string _path;
    private readonly Dictionary<(int First, int Rows), int> _open = [];

    public ShardJournal(string path)
    {
        _path = path;
        foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            // The last line may lack its end.
            if (line.Split(' ') is [Begun or Ended, var first, var rows, "."]
                && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int at)
                && int.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            {
                Count((at, count), line.StartsWith(Begun, StringComparison.Ordinal) ? 1 : -1);
            }
        }
    }

    /// <summary>How often a part was begun and not ended.</summary>
    public int Unfinished(int first, int rows) => _open.GetValueOrDefault((first, rows));

    public void Begin(int first, int rows) => Add(Begun, first, rows, 1);

    /// <summary>A part is done, or was left on purpose.</summary>
    public void End(int first, int rows) => Add(Ended, first, rows, -1);

    /// <summary>The shard is done.</summary>
    public void Delete() => File.Delete(_path);

    private void Add(string what, int first, int rows, int change)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);

        // Two workers may write at the same time, if one was believed dead.
        using var stream = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        stream.Write(PlanRecord.Encoding.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{what} {first} {rows} .\n")));
        Count((first, rows), change);
    }

    private void Count((int First, int Rows) part, int change) => _open[part] = Math.Max(0, _open.GetValueOrDefault(part) + change);
}
