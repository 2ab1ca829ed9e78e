using System.Text.Json;
using Data2Vec.Training.Optimizers;

namespace Data2Vec.Training.Tests.Optimizers;

public class AdamTests
{
    private const int Updates = 20;

    /// <summary>Gradients of a pretraining run on text; the weights after 20 updates are those of fairseq's trainer.</summary>
    [Fact]
    public void Twenty_updates_of_pretraining_give_fairseqs_weights()
    {
        (ParameterRange[] ranges, float[] gradients, float[] initial, float[] final) = TextRun();
        float[] values = [.. initial];
        var (mean, square) = (new float[values.Length], new float[values.Length]);
        var adam = new Adam(new AdamOptions(), ranges, [new(0.01)]);
        for (int update = 0; update < Updates; update++)
        {
            adam.Step(values, gradients.AsSpan(update * values.Length, values.Length), mean, square, 0.0005);
        }

        Close.Absolute(final, values, 1e-6);
        Assert.InRange(RelativeToChange(initial, final, values), 0, 1e-4);
    }

    /// <summary>What is nearly right must fail the comparison above.</summary>
    [Theory]
    [InlineData("epsilon on the corrected root")]
    [InlineData("no decay")]
    [InlineData("decay only where there is a gradient")]
    public void Wrong_variants_do_not_give_fairseqs_weights(string fault)
    {
        (ParameterRange[] ranges, float[] gradients, float[] initial, float[] final) = TextRun();
        float[] values = [.. initial];
        var (mean, square) = (new float[values.Length], new float[values.Length]);
        var adam = new Adam(
            new AdamOptions { Variant = fault.StartsWith('e') ? AdamVariant.PyTorch : AdamVariant.Fairseq }, ranges, [new(fault == "no decay" ? 0 : 0.01)]);
        for (int update = 0; update < Updates; update++)
        {
            float[] before = [.. values];
            ReadOnlySpan<float> gradient = gradients.AsSpan(update * values.Length, values.Length);
            adam.Step(values, gradient, mean, square, 0.0005);
            for (int i = 0; i < values.Length && fault.StartsWith('d'); i++)
            {
                values[i] = gradient[i] == 0 && square[i] == 0 ? before[i] : values[i];
            }
        }

        float largest = values.Zip(final, (actual, expected) => Math.Abs(actual - expected)).Max();
        Assert.True(largest > 2e-6, $"{largest}");
    }

    /// <summary>The weights are those of fairseq's optimizer and of PyTorch's, with groups, clipping, and a tensor that is frozen at first.</summary>
    [Theory]
    [InlineData(AdamVariant.Fairseq, "fairseq")]
    [InlineData(AdamVariant.PyTorch, "pytorch")]
    public void Groups_clipping_and_frozen_parameters_are_those_of_the_reference(AdamVariant variant, string name)
    {
        JsonElement settings = Fixtures.Json("optimizer/groups.json");
        int[] counts = settings.Integers("counts");
        double[] rates = settings.Doubles("rates"), norms = settings.Doubles("norms"), scales = settings.Doubles("scales"), decays = settings.Doubles("decays");
        double clip = settings.Number("clip"), frozen = settings.Number("frozen");
        float[] values = Fixtures.Floats("optimizer/groups-initial.npy"), gradients = Fixtures.Floats("optimizer/groups-gradients.npy");
        ParameterRange[] ranges = Ranges([.. counts.Select((count, i) => ($"{i}", count))], i => i);
        ParameterGroup[] groups = [.. decays.Zip(scales, (decay, scale) => new ParameterGroup(decay, scale))];
        var adam = new Adam(new AdamOptions { Variant = variant, Beta2 = 0.999 }, ranges, groups);
        var (mean, square) = (new float[values.Length], new float[values.Length]);
        int clipped = 0;
        for (int update = 0; update < rates.Length; update++)
        {
            Span<float> gradient = gradients.AsSpan(update * values.Length, values.Length);
            bool has = update >= frozen;
            if (!has)
            {
                gradient.Slice(ranges[1].Offset, ranges[1].Count).Clear();
            }

            double norm = GradientClipping.Norm(gradient);
            Close.Relative(norms[update], norm, 1e-6);
            double scale = GradientClipping.Scale(norm, clip);
            clipped += scale < 1 ? 1 : 0;
            adam.Step(values, gradient, mean, square, rates[update], [true, has, true], scale);
        }

        Assert.InRange(clipped, 1, rates.Length);
        Close.Absolute(Fixtures.Floats($"optimizer/groups-{name}.npy"), values, 1e-6);
        Assert.Equal([25, 20, 25], adam.Steps.ToArray());
    }

    [Fact]
    public void Bits_do_not_depend_on_threads_or_offsets()
    {
        const int Count = 100_003;
        (float[] values, float[] mean, float[] square) one = Run(1, 0), many = Run(7, 0), shifted = Run(3, 5);
        Assert.Equal(one.values, many.values);
        Assert.Equal(one.mean, many.mean);
        Assert.Equal(one.square, many.square);
        Assert.Equal(one.values[..Count], shifted.values[5..(5 + Count)]);

        static (float[] Values, float[] Mean, float[] Square) Run(int threads, int offset)
        {
            ParameterRange[] ranges = [new("a", offset, 70_001), new("b", offset + 70_001, Count - 70_001)];
            var adam = new Adam(new AdamOptions { Threads = threads }, ranges, [new(0.1)]);
            float[] values = new float[Count + 5], mean = new float[Count + 5], square = new float[Count + 5], gradient = new float[Count + 5];
            for (int update = 0; update < 4; update++)
            {
                for (int i = 0; i < Count; i++)
                {
                    gradient[offset + i] = MathF.Sin((i * 0.37f) + update);
                }

                adam.Step(values, gradient, mean, square, 0.01);
            }

            return (values, mean, square);
        }
    }

    [Fact]
    public void Elements_outside_of_the_parameters_are_not_touched()
    {
        var adam = new Adam(new AdamOptions(), [new("a", 3, 10), new("b", 20, 9)], [new(0.1)]);
        float[] values = Enumerable.Repeat(1f, 40).ToArray();
        adam.Step(values, values, new float[40], new float[40], 0.1);
        Assert.Equal([.. Enumerable.Range(3, 10), .. Enumerable.Range(20, 9)], Enumerable.Range(0, 40).Where(i => values[i] != 1));
    }

    [Fact]
    public void Steps_can_be_restored()
    {
        float[] whole = Run(restart: false), resumed = Run(restart: true);
        Assert.Equal(whole, resumed);

        static float[] Run(bool restart)
        {
            float[] values = [1, 2, 3], mean = new float[3], square = new float[3];
            var adam = new Adam(new AdamOptions(), [new("a", 0, 3)], [new(0.1)]);
            for (int update = 0; update < 10; update++)
            {
                if (restart && update == 5)
                {
                    long[] steps = adam.Steps.ToArray();
                    adam = new Adam(new AdamOptions(), [new("a", 0, 3)], [new(0.1)]);
                    adam.Restore(steps);
                }

                adam.Step(values, [update, -0.1f, 1e-6f], mean, square, 0.1);
            }

            return values;
        }
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Assert.Contains("second", Assert.Throws<ArgumentException>(() => new Adam(new(), [new("first", 0, 5), new("second", 4, 5)], [new(0)])).Message);
        Assert.Contains("second", Assert.Throws<ArgumentException>(() => new Adam(new(), [new("first", 0, 5), new("second", 5, 5, 1)], [new(0)])).Message);
        Assert.Throws<ArgumentException>(() => new Adam(new AdamOptions { Beta1 = 1 }, [], []));
        var adam = new Adam(new(), [new("a", 0, 5)], [new(0)]);
        Assert.Throws<ArgumentException>(() => adam.Step(new float[5], new float[4], new float[5], new float[5], 1));
        Assert.Throws<ArgumentException>(() => adam.Step(new float[5], new float[5], new float[5], new float[5], 1, [true, true]));
    }

    internal static (ParameterRange[] Ranges, float[] Gradients, float[] Initial, float[] Final) TextRun()
    {
        IEnumerable<JsonElement> ranges = Fixtures.Json("optimizer/text-ranges.json").EnumerateArray();
        return (
            Ranges([.. ranges.Select(range => (range.GetProperty("name").GetString()!, (int)range.Number("count")))], _ => 0),
            Fixtures.Floats("optimizer/text-gradients.npy"),
            Fixtures.Floats("optimizer/text-initial.npy"),
            Fixtures.Floats("optimizer/text-final.npy"));
    }

    private static ParameterRange[] Ranges((string Name, int Count)[] parameters, Func<int, int> group)
    {
        var ranges = new ParameterRange[parameters.Length];
        int offset = 0;
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new(parameters[i].Name, offset, parameters[i].Count, group(i));
            offset += parameters[i].Count;
        }

        return ranges;
    }

    /// <summary>The length of the error over the length of the change.</summary>
    private static double RelativeToChange(float[] initial, float[] expected, float[] actual)
    {
        double error = 0, change = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(actual[i] - expected[i], 2);
            change += Math.Pow(expected[i] - initial[i], 2);
        }

        return Math.Sqrt(error / change);
    }
}
