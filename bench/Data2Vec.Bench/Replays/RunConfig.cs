using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Data2Vec.Training.Losses;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Updates;

namespace Data2Vec.Bench.Replays;

/// <summary>fairseq's configuration of a run, in terms of this library.</summary>
internal sealed partial class RunConfig(JsonElement root)
{
    /// <summary>A setting by its path; undefined if it is missing or null.</summary>
    public JsonElement Get(params string[] path)
    {
        JsonElement at = root;
        foreach (string name in path)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                return default;
            }
        }

        return at.ValueKind == JsonValueKind.Null ? default : at;
    }

    public double Number(double otherwise, params string[] path) => Get(path) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : otherwise;

    public bool Flag(params string[] path) => Get(path).ValueKind == JsonValueKind.True;

    public string? Text(params string[] path) => Get(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The objective of a pretraining run.</summary>
    public PretrainingObjective Objective(Modality modality)
    {
        PretrainingObjective objective = PretrainingObjective.Of(modality);
        bool copies = modality switch
        {
            Modality.Speech => Flag("model", "ema_layers_only"),
            Modality.Text => Flag("model", "ema_transformer_layers_only"),
            _ => false,
        };
        return objective with
        {
            TopLayers = (int)Number(objective.TopLayers, "model", "average_top_k_layers"),
            AfterFeedForward = modality != Modality.Vision || !Flag("model", "end_of_block_targets"),
            Targets = new RegressionTargets(
                Norm("instance_norm_target_layer", "layer_norm_target_layer"), Norm("instance_norm_targets", "layer_norm_targets")),
            Loss = objective.Loss with
            {
                Beta = Number(objective.Loss.Beta, "model", "loss_beta"),
                Scale = Get("model", "loss_scale") is { ValueKind: JsonValueKind.Number } scale ? scale.GetDouble() : objective.Loss.Scale,
            },
            IsCopied = copies ? objective.IsCopied : _ => false,
        };
    }

    public TeacherDecaySchedule TeacherDecay() => new(
        Number(0.999, "model", "ema_decay"), Number(0.9999, "model", "ema_end_decay"),
        (long)Number(Number(0, "model", "max_update"), "model", "ema_anneal_end_step"));

    /// <summary>The optimizer, with its schedule and its groups.</summary>
    /// <param name="groupOf">The group of a parameter; null for one group of all.</param>
    public OptimizerRecipe Optimizer(Func<Data2Vec.Parameters.Parameter, ParameterGroup>? groupOf)
    {
        JsonElement optimizer = Get("optimizer"), schedule = Get("lr_scheduler");
        double rate = Get("optimization", "lr")[0].GetDouble();
        if (Text("optimizer", "_name") == "composite")
        {
            JsonElement group = Get("optimizer", "groups").EnumerateObject().First().Value;
            (optimizer, schedule, rate) = (group.GetProperty("optimizer"), group.GetProperty("lr_scheduler"), group.GetProperty("lr_float").GetDouble());
        }

        (double beta1, double beta2) = Betas(optimizer.GetProperty("adam_betas"));
        double decay = optimizer.GetProperty("weight_decay").GetDouble();
        return new OptimizerRecipe
        {
            Schedule = Schedule(schedule, rate),
            Adam = new AdamOptions { Beta1 = beta1, Beta2 = beta2, Epsilon = optimizer.GetProperty("adam_eps").GetDouble() },
            ClipNorm = Number(0, "optimization", "clip_norm"),
            GroupOf = groupOf ?? (_ => new ParameterGroup(decay)),
        };
    }

    private LearningRateSchedule Schedule(JsonElement schedule, double rate)
    {
        double most = Number(0, "optimization", "max_update");
        switch (schedule.GetProperty("_name").GetString())
        {
            case "fixed":
                return new ConstantSchedule(rate, (long)Setting("warmup_updates", 0));
            case "tri_stage":
                double initial = Setting("init_lr_scale", 0.01), final = Setting("final_lr_scale", 0.01);
                return schedule.TryGetProperty("phase_ratio", out JsonElement ratios) && ratios.ValueKind == JsonValueKind.Array
                    ? TriStageSchedule.FromRatios(rate, (long)Setting("max_update", most), ratios[0].GetDouble(), ratios[1].GetDouble(), ratios[2].GetDouble(), initial, final)
                    : new TriStageSchedule(rate, (long)Setting("warmup_steps", 0), (long)Setting("hold_steps", 0), (long)Setting("decay_steps", 0), initial, final);
            case "polynomial_decay":
                return new PolynomialSchedule(
                    rate, (long)Setting("total_num_update", most), (long)Setting("warmup_updates", 0), Setting("end_learning_rate", 0), Setting("power", 1));
            case "cosine":
                double from = Setting("warmup_init_lr", -1);
                return new CosineSchedule(
                    rate, (long)Setting("max_update", most), (long)Setting("warmup_updates", 0), Setting("min_lr", 0), from < 0 ? null : from);
            case var name:
                throw new InvalidDataException($"the schedule '{name}' is not supported; fixed, tri_stage, polynomial_decay and cosine are");
        }

        double Setting(string name, double otherwise) =>
            schedule.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;
    }

    private TargetNorm Norm(string instance, string layer) => Flag("model", instance) ? TargetNorm.Instance
        : Flag("model", layer) ? TargetNorm.Layer
        : TargetNorm.None;

    private static (double First, double Second) Betas(JsonElement betas)
    {
        double[] numbers = betas.ValueKind == JsonValueKind.Array
            ? [.. betas.EnumerateArray().Select(beta => beta.GetDouble())]
            : [.. Number().Matches(betas.GetString()!).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];
        return (numbers[0], numbers[1]);
    }

    [GeneratedRegex(@"[0-9.]+(e-?\d+)?")]
    private static partial Regex Number();
}
