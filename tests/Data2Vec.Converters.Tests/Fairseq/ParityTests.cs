using Data2Vec.IO;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>What comparisons with fairseq's activations have in common.</summary>
/// <param name="kind">The folder of checkpoints and activations.</param>
public abstract class ParityTests(string kind) : IDisposable
{
    /// <summary>Activations have unit scale.</summary>
    private const double Bound = 1e-4;

    private readonly string _fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", kind);

    public static TheoryData<string> Levels =>
        new(Enum.GetValues<CpuLevel>().Where(level => level <= CpuLevels.Best).Select(level => level.ToString()).ToArray());

    /// <summary>A folder for files that a test writes.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("data2vec").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Fixture(string name) => Path.Combine(_fixtures, name);

    protected NpyArray Read(string name) => NpyFile.Read(Fixture(name));

    protected void Close(string name, float[] actual) => Close(Read(name).Floats(), actual, name);

    protected static void Close(float[] expected, float[] actual, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        float worst = expected.Zip(actual, (a, b) => MathF.Abs(a - b)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {worst}");
        Assert.True(worst <= Bound, $"{name}: largest difference {worst}");
    }

    protected TModel Load<TModel>(string checkpoint, CpuBackend? backend = null, ConversionOptions? options = null)
        where TModel : Data2VecModel =>
        Data2VecModel.Load<TModel>(Convert(checkpoint, options), new ModelOptions { Backend = backend, Threads = 2 });

    protected string Convert(string checkpoint, ConversionOptions? options = null)
    {
        string file = Path.Combine(Folder, checkpoint + ".d2v");
        CheckpointConverter.Convert(Fixture(checkpoint), file, options);
        return file;
    }
}
