using System.Globalization;
using System.Text.Json.Nodes;
using Data2Vec.Parameters;
using Data2Vec.Training.Network;
using Data2Vec.Training.Updates;

namespace Data2Vec.Bench.Replays;

/// <summary>The largest differences between a replay and a recorded run.</summary>
internal sealed class ReplayReport(string folder)
{
    /// <summary>Tensors below this norm are rounding errors: the gradient of a bias of keys is 0.</summary>
    private const double LeastNorm = 1e-6;

    private const string Scores = "scores, largest";

    private readonly List<(string Name, double Value, string Where)> _rows = [];

    public void Add(string name, double value, string where)
    {
        int at = _rows.FindIndex(row => row.Name == name);
        if (at < 0)
        {
            _rows.Add((name, value, where));
        }
        else if (double.IsNaN(value) || value > _rows[at].Value)
        {
            _rows[at] = (name, value, where);
        }
    }

    /// <summary>Compares an update with its entry in the log.</summary>
    public void AddUpdate(UpdateResult result, System.Text.Json.JsonElement log)
    {
        string where = $"update {result.Update}";
        Add("loss, relative", Relative(result.LossSum, log.GetProperty("loss_sum").GetDouble()), where);
        Add("sample size, absolute", Math.Abs(result.SampleSize - log.GetProperty("sample_size").GetDouble()), where);
        Add("learning rate, relative", Relative(result.Rate, log.GetProperty("lr").GetDouble()), where);
        Add("gradient norm, relative", Relative(result.GradientNorm, log.GetProperty("grad_norm").GetDouble()), where);
        if (result.Update > 0 && log.TryGetProperty("ema_decay_used", out var decay))
        {
            Add("teacher decay, relative", Relative(result.TeacherDecay, decay.GetDouble()), where);
        }
    }

    /// <summary>The largest differences.</summary>
    public IReadOnlyList<(string Name, double Value, string Where)> Rows => _rows;

    /// <summary>The largest difference of recorded scores so far.</summary>
    public double ScoreDifference => _rows.Find(row => row.Name == Scores).Value;

    /// <summary>Compares the scores of a head with the recorded ones.</summary>
    public void AddScores(RunFolder run, List<float[]> scores, long update)
    {
        for (int i = 0; i < scores.Count; i++)
        {
            string[] names = [$"logits_step{update}_{i}.npy", $"logits_step{update}.npy"];
            if (Array.Find(names, run.Has) is { } name)
            {
                Add(Scores, scores[i].Zip(run.Array(name).Floats(), (a, b) => Math.Abs((double)a - b)).Max(), $"update {update}");
            }
        }
    }

    /// <summary>Compares gradients by tensors.</summary>
    public void AddGradients(RunFolder run, ParameterBuffers buffers, UpdateResult result)
    {
        if (run.Gradients(result.Update) is not { } expected)
        {
            return;
        }

        for (int i = 0; i < buffers.Places.Count; i++)
        {
            Parameter parameter = buffers.Places[i].Parameter;
            float[]? theirs = run.PartOf(parameter, expected);
            string where = $"{parameter.Name}, update {result.Update}";
            if (theirs is null || !buffers.HasGradient[i])
            {
                Add("gradients on one side only", theirs is null == !buffers.HasGradient[i] ? 0 : 1, where);
                continue;
            }

            double[] ours = [.. buffers.Read(i, buffers.Gradients).Select(gradient => (double)gradient / result.SampleSize)];
            double norm = Norm(theirs.Select(x => (double)x)), error = Norm(ours.Zip(theirs, (a, b) => a - b));
            if (norm > LeastNorm)
            {
                Add("gradient of a tensor, relative L2", error / norm, where);
            }
            else
            {
                Add("gradient of a tensor that is near 0, L2", error, where);
            }
        }
    }

    /// <summary>Compares final values.</summary>
    /// <param name="what">What the values are.</param>
    /// <param name="buffers">Ours.</param>
    /// <param name="run">The run.</param>
    /// <param name="final">fairseq's values; null if they are unknown.</param>
    /// <param name="has">Whether a parameter is compared.</param>
    public void AddValues(string what, ParameterBuffers buffers, RunFolder run, Func<Parameter, float[]>? final, Func<Parameter, bool> has)
    {
        for (int i = 0; i < buffers.Places.Count && final is not null; i++)
        {
            Parameter parameter = buffers.Places[i].Parameter;
            if (!has(parameter))
            {
                continue;
            }

            float[] ours = Known(buffers.Read(i, buffers.Values)), theirs = final(parameter), first = Known(run.Initial.Read(parameter));
            double largest = ours.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max();
            if (parameter.Name.EndsWith("attention.key.bias", StringComparison.Ordinal))
            {
                Add($"{what}, biases of keys, largest", largest, parameter.Name);
                continue;
            }

            Add($"{what}, largest", largest, parameter.Name);
            double change = Norm(theirs.Zip(first, (a, b) => (double)a - b)), error = Norm(ours.Zip(theirs, (a, b) => (double)a - b));
            Add($"{what}, L2 of the error over L2 of the change", change == 0 ? error : error / change, parameter.Name);
        }

        float[] Known(float[] values) => [.. values.Where((_, i) => i % run.FinalStep == 0)];
    }

    public JsonObject ToJson() => new()
    {
        ["folder"] = Path.GetFileName(folder.TrimEnd('/')),
        ["differences"] = new JsonArray([.. _rows.Select(row => new JsonObject { ["name"] = row.Name, ["value"] = row.Value, ["where"] = row.Where })]),
    };

    public void Print()
    {
        Console.WriteLine(folder);
        foreach ((string name, double value, string where) in _rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-58} {value,10:0.0e+0}   {where}"));
        }
    }

    public static double Relative(double ours, double theirs) => ours == theirs ? 0 : Math.Abs(ours - theirs) / Math.Max(Math.Abs(theirs), 1e-30);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));
}
