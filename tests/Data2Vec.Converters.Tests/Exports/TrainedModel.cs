using Data2Vec.Converters.Training;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Tests.Exports;

/// <summary>A student and a teacher as the state of a run has them: with the parameters that training alone uses.</summary>
internal sealed class TrainedModel : IDisposable
{
    public TrainedModel(string file)
    {
        Source = Path.Combine(AppContext.BaseDirectory, "Fixtures", file);
        using var checkpoint = TrainingCheckpoint.Open(Source);
        (Config, Updates) = (checkpoint.Config, checkpoint.Updates);
        Student = Write("student", checkpoint, checkpoint.Read);
        Teacher = checkpoint.HasTeacher ? Write("teacher", checkpoint, checkpoint.ReadTeacher) : null;
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public string Source { get; }

    public ModelConfig Config { get; }

    public long Updates { get; }

    public D2vFile Student { get; }

    public D2vFile? Teacher { get; }

    public static float[] Read(D2vFile file, string name)
    {
        float[] values = new float[file.Tensor(name).Count];
        file.Read(file.Tensor(name), values);
        return values;
    }

    /// <summary>Asserts that a model file has the same encoder and head, bit by bit.</summary>
    public void AssertIsEncoderOf(string path, D2vFile? expected = null)
    {
        using D2vFile file = D2vFile.Open(path);
        expected ??= Student;
        string[] names = [.. expected.Tensors.Keys.Where(name => name != "mask_embedding" && !name.StartsWith("predictor.", StringComparison.Ordinal))];
        Assert.Equal(names.Order(), file.Tensors.Keys.Order());
        Assert.All(names, name => Assert.Equal(Read(expected, name), Read(file, name)));
    }

    public void Dispose()
    {
        Student.Dispose();
        Teacher?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private D2vFile Write(string name, TrainingCheckpoint checkpoint, Func<Parameter, float[]> read)
    {
        string path = Path.Combine(Folder, $"{name}.d2v");
        var contents = new D2vContents
        {
            Architecture = Config.Architecture,
            Config = Config.ToJson(),
            Tensors = [.. checkpoint.Parameters.Select(parameter => parameter.Declare(ElementType.F32))],
        };
        using (D2vWriter writer = D2vWriter.Create(path, contents))
        {
            foreach (Parameter parameter in checkpoint.Parameters)
            {
                float[] values = read(parameter);
                writer.Write(parameter.Name, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination));
            }

            writer.Complete();
        }

        return D2vFile.Open(path);
    }
}
