using Data2Vec.Kernels;
using Data2Vec.Training.Network;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Updates;

namespace Data2Vec.Bench.Replays;

/// <summary>Repeats a recorded run of pretraining with its own inputs and masks.</summary>
internal static class PretrainingReplay
{
    public static ReplayReport Run(RunFolder run, RecordingOptions options, Backend backend) => run.Initial.Config.Modality switch
    {
        Modality.Text => Run<int>(run, TextBatch(run), options, backend),
        Modality.Speech => Run<float>(run, SpeechBatch(run), options, backend),
        _ => Run<float>(run, ImageBatch(run), options, backend),
    };

    private static ReplayReport Run<T>(RunFolder run, Func<long, PretrainingBatch<T>> batchOf, RecordingOptions options, Backend backend)
    {
        var report = new ReplayReport(run.Folder);
        PretrainingObjective objective = run.Config.Objective(run.Initial.Config.Modality);
        using var pretrainer = new Pretrainer<T>(
            run.Initial.Config, objective, run.Config.Optimizer(null), run.Config.TeacherDecay(), options, backend,
            parameter => run.Initial.Has(parameter) ? run.Initial.Read(parameter) : null);
        foreach (var log in run.Log)
        {
            UpdateResult result = pretrainer.Update([batchOf(pretrainer.Updates)]);
            report.AddUpdate(result, log);
            report.AddGradients(run, pretrainer.Student.Buffers, result);
        }

        report.AddValues("weights", pretrainer.Student.Buffers, run, run.Final, _ => true);
        report.AddValues("teacher", pretrainer.Teacher.Buffers, run, run.FinalTeacher, parameter => objective.TeacherHas(parameter.Name));
        return report;
    }

    private static Func<long, PretrainingBatch<float>> SpeechBatch(RunFolder run)
    {
        RunArray source = run.Array("source.npy"), masks = run.Array("mask_indices.npy");
        return update =>
        {
            ReadOnlyMemory<float>[] inputs = source.Inputs(update, axes: 1);
            return new PretrainingBatch<float>(Numbers(inputs.Length), inputs, inputs, [.. masks.Integers(update).Select(mask => mask != 0)]);
        };
    }

    private static Func<long, PretrainingBatch<float>> ImageBatch(RunFolder run)
    {
        RunArray images = run.Array("img.npy"), masks = run.Array("mask.npy");
        return update =>
        {
            ReadOnlyMemory<float>[] inputs = images.Inputs(update, axes: 3);

            // The class token stands before the patches and is not masked.
            bool[] mask = [.. inputs.SelectMany((_, i) => masks.Integers(update, i).Select(patch => patch != 0).Prepend(false))];
            return new PretrainingBatch<float>(Numbers(inputs.Length), inputs, inputs, mask);
        };
    }

    private static Func<long, PretrainingBatch<int>> TextBatch(RunFolder run)
    {
        const int Padding = 1;
        RunArray source = run.Array("src_tokens.npy"), target = run.Array("target_tokens.npy");
        int maskToken = (int)source.Integers().Max();
        return update =>
        {
            bool changes = target.Shape.Count == 3;
            int count = (int)source.Shape[1];
            var inputs = new List<ReadOnlyMemory<int>>();
            var masked = new List<ReadOnlyMemory<int>>();
            var mask = new List<bool>();
            for (int i = 0; i < count; i++)
            {
                int[] tokens = [.. source.Integers(update, i).Where(token => token != Padding).Select(token => (int)token)];
                masked.Add(tokens);
                inputs.Add((changes ? target.Integers(update, i) : target.Integers(i)).Take(tokens.Length).Select(token => (int)token).ToArray());
                mask.AddRange(tokens.Select(token => token == maskToken));
            }

            return new PretrainingBatch<int>(Numbers(count), inputs, masked, [.. mask]);
        };
    }

    private static long[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (long)i)];
}
