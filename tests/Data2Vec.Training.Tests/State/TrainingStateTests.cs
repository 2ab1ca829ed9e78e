using System.Diagnostics;
using System.Runtime.CompilerServices;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.State;

public sealed class TrainingStateTests : IDisposable
{
    private const string SavesForever = "DATA2VEC_TEST_SAVES_FOREVER";

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private string File => Path.Combine(_folder, "state.d2v");

    /// <summary>Lets a process of these tests save states until it is killed.</summary>
    [ModuleInitializer]
    internal static void SaveForever()
    {
        if (Environment.GetEnvironmentVariable(SavesForever) is not { } path)
        {
            return;
        }

        using var run = new TinyRun(hidden: 256);
        for (long update = 1; ; update++)
        {
            run.Fill(update);
            TrainingState.Save(path, run.Progress(update), run.Parameters, run.Buffers);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RestoresEveryBitAndWhereTheRunStood(bool hasTeacher)
    {
        using var run = new TinyRun(hasTeacher: hasTeacher, start: 0.1f);
        using var other = new TinyRun(hasTeacher: hasTeacher, start: 50);
        TrainingProgress progress = run.Progress(40);
        TrainingState.Save(File, progress, run.Parameters, run.Buffers);

        using var state = TrainingState.Open(File);
        state.Restore(other.Parameters, other.Buffers);

        Assert.Equal(hasTeacher, state.HasTeacher);
        for (int i = 0; i < run.Parameters.Count; i++)
        {
            for (int buffer = 0; buffer < 4; buffer++)
            {
                if (hasTeacher || buffer != 1)
                {
                    Assert.Equal(run.Values(buffer, i), other.Values(buffer, i));
                }
            }
        }

        TrainingProgress restored = state.Progress;
        Assert.Equal(
            (40L, 3L, 7L, ulong.MaxValue, 0.1, progress.Data), (restored.Update, restored.Epoch, restored.Batch, restored.Seed, restored.BestMetric, restored.Data));
        Assert.Equal(progress.AdamSteps, restored.AdamSteps);
        Assert.Empty(RecipeDifferences.Find(progress.Recipe, restored.Recipe));
        Assert.Equal(progress.Model.ToJson().ToJsonString(), restored.Model.ToJson().ToJsonString());
    }

    [Fact]
    public void TheStudentAndTheTeacherAreModels()
    {
        using var run = new TinyRun(start: 0.1f);
        TrainingState.Save(File, run.Progress(1), run.Parameters, run.Buffers, new Dictionary<string, ReadOnlyMemory<byte>> { ["dict.txt"] = new byte[] { 5 } });

        using var state = TrainingState.Open(File);
        using D2vFile student = state.OpenStudent(), teacher = state.OpenTeacher();
        Assert.Equal("data2vec-vision", student.Architecture);
        Assert.Equal([5], student.Asset("dict.txt").ToArray());
        (Parameter parameter, long offset) = run.Parameters.First(entry => entry.Parameter.Name == "encoder.0.attention_norm.weight");
        float[] values = new float[parameter.Count];
        student.Read(student.Tensor(parameter.Name), values);
        Assert.Equal(0.1f + 0 + offset / 1024f, values[0]);
        teacher.Read(teacher.Tensor(parameter.Name), values);
        Assert.Equal(0.1f + 1 + offset / 1024f, values[0]);
    }

    [Fact]
    public void WritesTheModelWithoutThePartsOfTraining()
    {
        using var run = new TinyRun(start: 0.1f);
        var mask = (new Parameter("mask_embedding", [32], ParameterRole.Constant), 0L);
        IReadOnlyList<(Parameter, long)> all = [.. run.Parameters, mask];
        TrainingState.Save(File, run.Progress(1), all, run.Buffers, new Dictionary<string, ReadOnlyMemory<byte>> { ["dict.txt"] = new byte[] { 5 } });
        string fromState = Path.Combine(_folder, "teacher.d2v"), fromBuffer = Path.Combine(_folder, "buffer.d2v");
        using (var state = TrainingState.Open(File))
        {
            using D2vFile teacher = state.OpenTeacher(), student = state.OpenStudent();
            Assert.True(student.Tensors.ContainsKey("mask_embedding"));
            TrainedModel.Write(fromState, student);
        }

        TrainedModel.Write(fromBuffer, run.Config, all, run.Buffers.Student, new Dictionary<string, ReadOnlyMemory<byte>> { ["dict.txt"] = new byte[] { 5 } });
        Assert.Equal(System.IO.File.ReadAllBytes(fromState), System.IO.File.ReadAllBytes(fromBuffer));
        using D2vFile file = D2vFile.Open(fromState);
        Assert.Equal(run.Parameters.Select(entry => entry.Parameter.Name).Order(), file.Tensors.Keys.Order());
        Assert.Equal([5], file.Asset("dict.txt").ToArray());
        (Parameter parameter, long offset) = run.Parameters.First(entry => entry.Parameter.Name == "encoder.0.attention_norm.weight");
        float[] values = new float[parameter.Count];
        file.Read(file.Tensor(parameter.Name), values);
        Assert.Equal(0.1f + offset / 1024f, values[0]);
        Assert.Contains("has no 'patch_embedding.weight'", Assert.Throws<InvalidDataException>(
            () => TrainedModel.Write(fromState, run.Config, all.Where(entry => entry.Item1.Name != "patch_embedding.weight"), run.Buffers.Student)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesTheStateOfAnotherModel()
    {
        using var run = new TinyRun();
        using var wider = new TinyRun(hidden: 64);
        TrainingState.Save(File, run.Progress(1), run.Parameters, run.Buffers);
        using var state = TrainingState.Open(File);

        Assert.Contains("and the model of the run has [", Refuse(wider.Parameters, wider.Buffers), StringComparison.Ordinal);
        Assert.Contains("no place for 'student.", Refuse(run.Parameters[1..], run.Buffers), StringComparison.Ordinal);
        Assert.Contains("no place for 'teacher.", Refuse(run.Parameters, run.Buffers with { Teacher = 0 }), StringComparison.Ordinal);

        string Refuse(List<(Parameter, long)> parameters, TrainingBuffers buffers) =>
            Assert.Throws<InvalidDataException>(() => state.Restore(parameters, buffers)).Message;
    }

    [Fact]
    public void RefusesDamagedStatesAndOtherModels()
    {
        using var run = new TinyRun();
        TrainingState.Save(File, run.Progress(1), run.Parameters, run.Buffers);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes[^100] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => TrainingState.Open(File)).Message, StringComparison.Ordinal);

        using (D2vWriter writer = D2vWriter.Create(File, new D2vContents { Architecture = "vgg" }))
        {
            writer.Complete();
        }

        Assert.Contains("not the state of a training run", Assert.Throws<InvalidDataException>(() => TrainingState.Open(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKilledProcessLeavesAWholeState()
    {
        using var run = new TinyRun(hidden: 256);
        TrainingState.Save(File, run.Progress(0), run.Parameters, run.Buffers);
        var random = new Random(1);
        long most = 0;
        for (int i = 0; i < 12; i++)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { Environment = { [SavesForever] = File } };
            using Process process = Process.Start(start)!;
            Thread.Sleep(random.Next(100, 700));
            process.Kill();
            process.WaitForExit();

            using var state = TrainingState.Open(File);
            state.Restore(run.Parameters, run.Buffers);
            float first = run.Values(0, 0)[0];
            Assert.Equal(state.Progress.Update + run.Parameters[0].Offset / 1024f, first);
            most = Math.Max(most, state.Progress.Update);
        }

        Assert.True(most > 1, "no process saved anything");
        TrainingState.Save(File, run.Progress(0), run.Parameters, run.Buffers);
        Assert.Equal([File], Directory.GetFiles(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
