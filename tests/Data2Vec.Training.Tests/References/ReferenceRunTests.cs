using Data2Vec.Bench.Replays;
using Data2Vec.Training.Network;

namespace Data2Vec.Training.Tests.References;

/// <summary>Twenty updates by fairseq's trainer, repeated. The bounds are a few times the rounding errors of fairseq's own run.</summary>
public class ReferenceRunTests
{
    private const string Gradient = "gradient of a tensor, relative L2", WeightChange = "weights, L2 of the error over L2 of the change",
        TeacherChange = "teacher, L2 of the error over L2 of the change";

    private static readonly string[] s_runs =
        ["pretraining-audio", "pretraining-text", "pretraining-vision", "finetuning-ctc", "finetuning-text", "finetuning-vision"];

    public static TheoryData<string, string> Runs
    {
        get
        {
            var runs = new TheoryData<string, string>();
            foreach (string level in Levels.Names)
            {
                foreach (string run in s_runs)
                {
                    runs.Add(run, level);
                }
            }

            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Every_update_equals_fairseqs(string name, string level) => Check(name, level, new RecordingOptions());

    [Theory]
    [InlineData("pretraining-audio")]
    [InlineData("pretraining-vision")]
    [InlineData("finetuning-ctc")]
    public void Computing_activations_again_makes_no_difference(string name) => Check(name, Levels.Names.Last(), new RecordingOptions { KeptBytes = 0 });

    private static void Check(string name, string level, RecordingOptions options)
    {
        using var run = new RunFolder(Path.Combine(AppContext.BaseDirectory, "Fixtures", "runs", name));
        bool isPretraining = name.StartsWith("pretraining", StringComparison.Ordinal), isCtc = name == "finetuning-ctc";
        Assert.Equal(20, run.Log.Count);
        ReplayReport report = isPretraining
            ? PretrainingReplay.Run(run, options, Levels.Backend(level))
            : FineTuningReplay.Run(run, options, Levels.Backend(level));

        var bounds = new Dictionary<string, double>
        {
            ["loss, relative"] = isCtc ? 4e-6 : 2e-6,
            ["sample size, absolute"] = 0,
            ["learning rate, relative"] = 1e-12,
            ["gradient norm, relative"] = isCtc ? 5e-5 : 1e-5,
            ["gradients on one side only"] = 0,
            [Gradient] = isCtc ? 5e-5 : 1e-5,
            ["gradient of a tensor that is near 0, L2"] = 1e-6,
            [WeightChange] = isCtc ? 1e-3 : 5e-4,
        };
        if (isPretraining)
        {
            bounds.Add("teacher decay, relative", 1e-12);
            bounds.Add("teacher, largest", 5e-6);

            // The teacher changes by a few hundred units in the last place, of which twenty averages round off some.
            bounds.Add(TeacherChange, 3e-3);
        }
        else
        {
            bounds.Add("scores, largest", 1e-4);
        }

        foreach ((string difference, double bound) in bounds)
        {
            if (difference is "gradients on one side only" or "gradient of a tensor that is near 0, L2" && report.Rows.All(row => row.Name != difference))
            {
                continue;
            }

            (string _, double value, string where) = Assert.Single(report.Rows, row => row.Name == difference);
            Assert.True(value <= bound, $"{difference}: {value:0.0e+0} at {where}; the bound is {bound:0.0e+0}");
        }
    }
}
