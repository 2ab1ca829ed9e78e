using System.Text.Json;
using Data2Vec.Kernels;
using Data2Vec.Parameters;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Updates;
using Data2Vec.Vision;

namespace Data2Vec.Bench.Replays;

/// <summary>Repeats a recorded run of fine-tuning with its own inputs, targets and masks.</summary>
internal static class FineTuningReplay
{
    public static ReplayReport Run(RunFolder run, RecordingOptions options, Backend backend)
    {
        ModelConfig config = run.Initial.Config;
        switch (config.Modality)
        {
            case Modality.Speech:
                JsonElement targets = JsonDocument.Parse(File.ReadAllBytes(run.PathOf("targets.json"))).RootElement;
                return Run(run, config, new TranscriptLoss(targets.GetProperty("blank").GetInt32()), Utterances(run, targets), options, backend);
            case Modality.Text when run.Config.Flag("task", "regression_target") || run.Config.Flag("criterion", "regression_target"):
                return Run(run, config, new NumberLoss(), Texts(run, (array, update) => array.Floats(update)), options, backend);
            case Modality.Text:
                return Run(run, config, new ClassLoss(0), Texts(run, (array, update) => Classes(array, update)), options, backend);
            default:
                var loss = new ClassLoss(run.Config.Number(0, "model", "label_smoothing"));

                // The variants of the head differ in whether the mean leaves out the first patch, which the files do not tell; the recorded scores do.
                VisionConfig[] variants = [(VisionConfig)config, (VisionConfig)config with { PoolSkipsFirstPatch = !((VisionConfig)config).PoolSkipsFirstPatch }];
                ReplayReport[] reports = [.. variants.Select(variant => Run(run, variant, loss, Images(run), options, backend))];
                return reports.MinBy(report => report.ScoreDifference)!;
        }
    }

    private static ReplayReport Run<T, TTarget>(
        RunFolder run, ModelConfig config, IHeadLoss<TTarget> loss, Func<long, IReadOnlyList<FineTuningBatch<T, TTarget>>> batchesOf, RecordingOptions options, Backend backend)
    {
        var report = new ReplayReport(run.Folder);
        long frozen = (long)run.Config.Number(0, "model", "freeze_finetune_updates");
        bool fixesExtractor = run.Config.Number(1, "model", "feature_grad_mult") == 0;
        using var tuner = new FineTuner<T, TTarget>(
            config, loss, run.Config.Optimizer(Groups(run)), options, backend, parameter => run.Initial.Has(parameter) ? run.Initial.Read(parameter) : null,
            (parameter, update) => FineTuningRules.Learns(parameter.Name, update < frozen, fixesExtractor));
        foreach (JsonElement log in run.Log)
        {
            var scores = new List<float[]>();
            UpdateResult result = tuner.Update(batchesOf(tuner.Updates), scores.Add);
            report.AddUpdate(result, log);
            report.AddScores(run, scores, result.Update);
            report.AddGradients(run, tuner.Network.Buffers, result);
        }

        report.AddValues("weights", tuner.Network.Buffers, run, run.Final, _ => true);
        return report;
    }

    /// <summary>Each parameter's factor of the rate and its weight decay, where the run recorded them.</summary>
    private static Func<Parameter, ParameterGroup>? Groups(RunFolder run)
    {
        if (!run.Has("groups.json"))
        {
            return null;
        }

        JsonElement groups = JsonDocument.Parse(File.ReadAllBytes(run.PathOf("groups.json"))).RootElement;
        return parameter => groups.TryGetProperty(run.Initial.FairseqName(parameter).Name, out JsonElement group)
            ? new ParameterGroup(group.GetProperty("weight_decay").GetDouble(), group.GetProperty("lr_scale").GetDouble())
            : new ParameterGroup(0);
    }

    /// <summary>Each utterance is a micro-batch, as padding would leak into its neighbours.</summary>
    private static Func<long, IReadOnlyList<FineTuningBatch<float, ReadOnlyMemory<int>>>> Utterances(RunFolder run, JsonElement targets)
    {
        IReadOnlyList<RunArray> sources = run.Arrays("source"), times = run.Arrays("time_mask"), channels = run.Arrays("channel_mask");
        return update => [.. sources.Select((source, i) =>
        {
            int[] labels = [.. targets.GetProperty("targets")[i].EnumerateArray().Select(label => label.GetInt32())];
            return new FineTuningBatch<float, ReadOnlyMemory<int>>([i], [source.Floats()], [labels])
            {
                TimeMask = times.Count == 0 ? null : [.. times[i].Integers(update).Select(mask => mask != 0)],
                ChannelMask = channels.Count == 0 ? null : [Marked(channels[i].Integers(update))],
            };
        })];
    }

    private static Func<long, IReadOnlyList<FineTuningBatch<int, TTarget>>> Texts<TTarget>(RunFolder run, Func<RunArray, long, TTarget[]> targetsOf)
    {
        const int Padding = 1;
        RunArray tokens = run.Array("tokens.npy"), targets = run.Array("target.npy");
        return update =>
        {
            ReadOnlyMemory<int>[] inputs = [.. Enumerable.Range(0, (int)tokens.Shape[1]).Select(i =>
                (ReadOnlyMemory<int>)tokens.Integers(update, i).Where(token => token != Padding).Select(token => (int)token).ToArray())];
            return [new FineTuningBatch<int, TTarget>(Numbers(inputs.Length), inputs, targetsOf(targets, update))];
        };
    }

    private static Func<long, IReadOnlyList<FineTuningBatch<float, int>>> Images(RunFolder run)
    {
        RunArray images = run.Array("img.npy"), labels = run.Array("label.npy");
        return update =>
        {
            ReadOnlyMemory<float>[] inputs = images.Inputs(update, axes: 3);
            return [new FineTuningBatch<float, int>(Numbers(inputs.Length), inputs, Classes(labels, update))];
        };
    }

    private static int[] Classes(RunArray labels, long update) => [.. labels.Integers(update).Select(label => (int)label)];

    private static int[] Marked(long[] mask) => [.. Enumerable.Range(0, mask.Length).Where(i => mask[i] != 0)];

    private static long[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (long)i)];
}
