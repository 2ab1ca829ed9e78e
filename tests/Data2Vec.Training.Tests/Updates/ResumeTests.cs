using Data2Vec.Parameters;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Tests.Updates;

/// <summary>A run that was saved and continued has the bits of one that never stopped.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private string File => Path.Combine(_folder, "state.d2v");

    [Fact]
    public void Pretraining()
    {
        var losses = new List<double>();
        using Pretrainer<float> whole = TinyRuns.Pretrainer(), first = TinyRuns.Pretrainer();
        Train(whole, 40, losses);
        Train(first, 20, null);
        Save(first.Student, first.Teacher, first.Adam, first.Updates);

        using Pretrainer<float> second = TinyRuns.Pretrainer(threads: 1);
        second.Updates = Restore(second.Student, second.Teacher, second.Adam);
        var rest = new List<double>();
        Train(second, 40, rest);

        Assert.Equal(losses[20..], rest);
        RequireEqual(whole.Student, second.Student);
        Assert.Equal(TinyRuns.Values(whole.Teacher), TinyRuns.Values(second.Teacher));
        Assert.True(losses[^1] != losses[^2], "the run does not change");

        static void Train(Pretrainer<float> run, long updates, List<double>? losses)
        {
            while (run.Updates < updates)
            {
                double loss = run.Update([TinyRuns.Recordings(run.Updates), TinyRuns.Recordings(run.Updates, 4, 2)]).LossSum;
                losses?.Add(loss);
            }
        }
    }

    /// <summary>The encoder learns from update 10 on, so that Adam has counted fewer steps for it.</summary>
    [Fact]
    public void FineTuning()
    {
        static bool Learns(Parameter parameter, long update) => FineTuningRules.Learns(parameter.Name, update < 10, isExtractorFixed: true);
        using FineTuner<float, ReadOnlyMemory<int>> whole = TinyRuns.Recognizer(Learns), first = TinyRuns.Recognizer(Learns), second = TinyRuns.Recognizer(Learns, threads: 1);
        Train(whole, 40);
        Train(first, 20);
        Save(first.Network, null, first.Adam, first.Updates);
        second.Updates = Restore(second.Network, null, second.Adam);
        Train(second, 40);

        RequireEqual(whole.Network, second.Network);
        Assert.Equal(whole.Adam.Steps, second.Adam.Steps);
        Assert.Equal(
            [0L, 30, 40],
            new[] { "feature_extractor.0.conv.weight", "feature_projection.linear.weight", "ctc.weight" }.Select(name => whole.Adam.Steps[whole.Network.Buffers.IndexOf(name)]));

        static void Train(FineTuner<float, ReadOnlyMemory<int>> run, long updates)
        {
            while (run.Updates < updates)
            {
                run.Update([TinyRuns.Transcripts(run.Updates)]);
            }
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Save(TrainableNetwork<float> student, TrainableNetwork<float>? teacher, Adam adam, long updates)
    {
        var steps = new Dictionary<string, long>();
        for (int i = 0; i < student.Buffers.Places.Count; i++)
        {
            steps.Add(student.Buffers.Places[i].Parameter.Name, adam.Steps[i]);
        }

        var progress = new TrainingProgress
        {
            Recipe = [],
            Model = student.Config,
            Update = updates,
            Epoch = 0,
            Seed = TinyRuns.Seed,
            Data = new DataFingerprint(12, 0),
            AdamSteps = steps,
        };
        TrainingState.Save(File, progress, Places(student), Buffers(student, teacher));
    }

    private long Restore(TrainableNetwork<float> student, TrainableNetwork<float>? teacher, Adam adam)
    {
        using var state = TrainingState.Open(File);
        state.Restore(Places(student), Buffers(student, teacher));
        adam.Restore([.. student.Buffers.Places.Select(place => state.Progress.AdamSteps[place.Parameter.Name])]);
        student.Refresh();
        teacher?.Refresh();
        return state.Progress.Update;
    }

    private static List<(Parameter Parameter, long Offset)> Places(TrainableNetwork<float> network) =>
        [.. network.Buffers.Places.Select(place => (place.Parameter, (long)place.Offset))];

    private static TrainingBuffers Buffers(TrainableNetwork<float> student, TrainableNetwork<float>? teacher) => new(
        ParameterBuffers.AddressOf(student.Buffers.Values),
        teacher is null ? 0 : ParameterBuffers.AddressOf(teacher.Buffers.Values),
        ParameterBuffers.AddressOf(student.Buffers.Means),
        ParameterBuffers.AddressOf(student.Buffers.Squares));

    private static void RequireEqual(TrainableNetwork<float> expected, TrainableNetwork<float> actual)
    {
        Assert.True(expected.Buffers.Values.SequenceEqual(actual.Buffers.Values), "values");
        Assert.True(expected.Buffers.Means.SequenceEqual(actual.Buffers.Means), "first moments");
        Assert.True(expected.Buffers.Squares.SequenceEqual(actual.Buffers.Squares), "second moments");
    }
}
