using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Tests;

/// <summary>Memory for the gradients of weights, with random content that gradients are added to.</summary>
internal sealed unsafe class GradientMemory
{
    private readonly Dictionary<WeightData, (WeightData Gradient, float[] Before)> _gradients = new(ReferenceEqualityComparer.Instance);

    /// <summary>Weights in a layout, with a gradient if they learn.</summary>
    public WeightData Weight(float[] values, WeightLayout layout, bool learns, int groups, params int[] shape)
    {
        WeightData weight = Place(values, layout, groups, shape);
        if (learns)
        {
            float[] before = TestData.Numbers(values.Length + 1, values.Length);
            _gradients.Add(weight, (Place(before, layout, groups, shape), before));
        }

        return weight;
    }

    public WeightData Vector(float[] values, bool learns = true) => Weight(values, WeightLayout.Rows, learns, 1, values.Length);

    /// <summary>The address of a weight's gradient, or 0.</summary>
    public nint Of(WeightData weight) => _gradients.TryGetValue(weight, out (WeightData Gradient, float[] Before) memory) ? memory.Gradient.Data : 0;

    /// <summary>Sets the gradients to what they were before anything was added.</summary>
    public void Reset()
    {
        foreach ((WeightData gradient, float[] before) in _gradients.Values)
        {
            Replace(gradient, before);
        }
    }

    /// <summary>All numbers of all gradients, those behind the last outputs of panels included.</summary>
    public float[] ToArray() => [.. _gradients.Values.SelectMany(memory => new ReadOnlySpan<float>((void*)memory.Gradient.Data, Size(memory.Gradient)).ToArray())];

    /// <summary>Checks that a gradient was added to what was there, and that nothing was added to absent outputs.</summary>
    public void Check(WeightData weight, double[] expected, double bound, string name)
    {
        (WeightData gradient, float[] before) = _gradients[weight];
        float[] actual = gradient.ToArray();
        Close([.. expected.Select((value, i) => value + before[i])], actual, bound, name);
        WeightData again = Place(actual, gradient.Layout, gradient.Groups, [.. gradient.Shape]);
        Assert.Equal(new ReadOnlySpan<float>((void*)again.Data, Size(again)), new ReadOnlySpan<float>((void*)gradient.Data, Size(gradient)));
    }

    /// <summary>Compares by the root of the squared differences over that of the squares.</summary>
    public static void Close(double[] expected, float[] actual, double bound, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, square = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            square += expected[i] * expected[i];
        }

        Assert.True(Math.Sqrt(difference) <= bound * Math.Sqrt(square), $"{name}: relative difference {Math.Sqrt(difference / square)}");
    }

    private static int Size(WeightData weight) => weight.Layout == WeightLayout.Rows ? weight.Rows * weight.RowSize
        : (int)PanelLayout.Create(ElementType.F32, weight.Shape, weight.Groups).WordCount;

    private static WeightData Place(float[] values, WeightLayout layout, int groups, int[] shape)
    {
        if (layout == WeightLayout.Rows)
        {
            return TestData.Weight(values, shape);
        }

        var panels = PanelLayout.Create(ElementType.F32, shape, groups);
        var packed = new float[panels.WordCount];
        for (int i = 0; i < values.Length; i++)
        {
            packed[panels.Offset(i / (panels.Channels * panels.Taps), i / panels.Taps % panels.Channels, i % panels.Taps)] = values[i];
        }

        return TestData.Weight(packed, shape) with { Layout = layout, Groups = groups };
    }

    /// <summary>Changes the values of weights in place.</summary>
    public static void Replace(WeightData weight, float[] values)
    {
        WeightData placed = Place(values, weight.Layout, weight.Groups, [.. weight.Shape]);
        NativeMemory.Copy((void*)placed.Data, (void*)weight.Data, (nuint)(Size(weight) * sizeof(float)));
    }
}
