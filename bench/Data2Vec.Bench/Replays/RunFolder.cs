using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Data2Vec.Converters.Training;
using Data2Vec.IO;
using Data2Vec.Parameters;

namespace Data2Vec.Bench.Replays;

/// <summary>
/// A recorded run of fairseq's trainer: <c>init.pt</c>, <c>cfg.json</c>, <c>log.json</c> with an entry for each update, gradients of some updates in
/// <c>grads_stepN.npz</c>, and the inputs and masks as <c>.npy</c> files. The last weights are in <c>final.pt</c>, or every eighth number of them in
/// <c>final_sample.npz</c>, where the names of the teacher's tensors begin with <c>teacher/</c>.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const int SampleStep = 8;

    private readonly JsonDocument _config, _log;
    private readonly TrainingCheckpoint? _final;

    public RunFolder(string path)
    {
        Folder = path;
        _config = JsonDocument.Parse(File.ReadAllBytes(PathOf("cfg.json")));
        _log = JsonDocument.Parse(File.ReadAllBytes(PathOf("log.json")));
        Config = new RunConfig(_config.RootElement);
        Log = [.. _log.RootElement.EnumerateArray()];
        Initial = TrainingCheckpoint.Open(PathOf("init.pt"));
        if (Has("final.pt"))
        {
            _final = TrainingCheckpoint.Open(PathOf("final.pt"));
            (Final, FinalTeacher, FinalStep) = (_final.Read, _final.HasTeacher ? _final.ReadTeacher : null, 1);
        }
        else
        {
            IReadOnlyDictionary<string, float[]> sample = ReadArrays("final_sample.npz");
            (Final, FinalTeacher, FinalStep) = (parameter => PartOf(parameter, sample)!, parameter => PartOf(parameter, sample, "teacher/")!, SampleStep);
        }
    }

    public string Folder { get; }

    public RunConfig Config { get; }

    /// <summary>What fairseq logged, an entry for each update.</summary>
    public IReadOnlyList<JsonElement> Log { get; }

    /// <summary>The weights before the first update.</summary>
    public TrainingCheckpoint Initial { get; }

    /// <summary>The weights after the last update, of which every <see cref="FinalStep"/>th number is known.</summary>
    public Func<Parameter, float[]> Final { get; }

    /// <inheritdoc cref="Final"/>
    public Func<Parameter, float[]>? FinalTeacher { get; }

    /// <summary>The distance of the known numbers.</summary>
    public int FinalStep { get; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public bool Has(string name) => File.Exists(PathOf(name));

    public RunArray Array(string name) => new(NpyFile.Read(PathOf(name)));

    /// <summary>The files <c>STEM_0.npy</c>, <c>STEM_1.npy</c> …</summary>
    public IReadOnlyList<RunArray> Arrays(string stem) =>
        [.. Enumerable.Range(0, int.MaxValue).Select(i => $"{stem}_{i}.npy").TakeWhile(Has).Select(Array)];

    /// <summary>The gradients of an update by fairseq's names; null if they were not recorded.</summary>
    public IReadOnlyDictionary<string, float[]>? Gradients(long update)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"grads_step{update}.npz");
        return Has(name) ? ReadArrays(name) : null;
    }

    /// <summary>The part of fairseq's tensor that a parameter is.</summary>
    public float[]? PartOf(Parameter parameter, IReadOnlyDictionary<string, float[]> tensors, string prefix = "")
    {
        FairseqTensor place = Initial.FairseqName(parameter);
        if (!tensors.TryGetValue(prefix + place.Name, out float[]? all))
        {
            return null;
        }

        int size = all.Length / place.Parts;
        return all.AsSpan(place.Part * size, size).ToArray();
    }

    public void Dispose()
    {
        Initial.Dispose();
        _final?.Dispose();
        _config.Dispose();
        _log.Dispose();
    }

    private Dictionary<string, float[]> ReadArrays(string name)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf(name));
        var arrays = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream packed = entry.Open();
            using var unpacked = new MemoryStream();
            packed.CopyTo(unpacked);
            unpacked.Position = 0;
            arrays.Add(Path.ChangeExtension(entry.FullName, null), NpyFile.Read(unpacked).Floats());
        }

        return arrays;
    }
}

/// <summary>An array of a run, whose first axes may be the updates and the inputs.</summary>
internal sealed class RunArray(NpyArray array)
{
    private readonly Lazy<long[]> _integers = new(array.Int64s);
    private readonly Lazy<float[]> _floats = new(array.Floats);

    public IReadOnlyList<long> Shape { get; } = array.Shape;

    /// <summary>The numbers at the first indices.</summary>
    public float[] Floats(params ReadOnlySpan<long> at) => Slice(_floats.Value, at);

    /// <inheritdoc cref="Floats"/>
    public long[] Integers(params ReadOnlySpan<long> at) => Slice(_integers.Value, at);

    /// <summary>The inputs of an update. They may be the same in all updates; then the array has an axis less.</summary>
    /// <param name="update">The update.</param>
    /// <param name="axes">The axes of an input.</param>
    public ReadOnlyMemory<float>[] Inputs(long update, int axes)
    {
        bool changes = Shape.Count == axes + 2;
        return [.. Enumerable.Range(0, (int)Shape[changes ? 1 : 0]).Select(i => (ReadOnlyMemory<float>)(changes ? Floats(update % Shape[0], i) : Floats(i)))];
    }

    private T[] Slice<T>(T[] all, ReadOnlySpan<long> at)
    {
        int start = 0, size = all.Length;
        for (int i = 0; i < at.Length; i++)
        {
            size = (int)(size / Shape[i]);
            start += (int)at[i] * size;
        }

        return all.AsSpan(start, size).ToArray();
    }
}
