using System.Text.Json;
using Data2Vec.Training.Losses;

namespace Data2Vec.Training.Tests.Losses;

public class CtcLossTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Fixtures.Json("ctc/cases.json").GetArrayLength())];

    /// <summary>PyTorch's losses and gradients in double precision: empty, repeated and impossible targets, up to 3,000 frames and 500 labels.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Loss_and_gradient_are_those_of_PyTorch(int index)
    {
        JsonElement expected = Fixtures.Json("ctc/cases.json")[index];
        bool isFile = expected.TryGetProperty("name", out JsonElement name);
        float[] logits = isFile ? Fixtures.Floats($"ctc/{name}-logits.npy") : Waves(expected);
        int frames = isFile ? Frames($"ctc/{name}-logits.npy") : (int)expected.Number("frames");
        float[] gradient = new float[logits.Length];
        CtcResult result = new CtcLoss { Blank = (int)expected.Number("blank") }
            .Compute(logits, [frames], logits.Length / frames, [expected.Integers("target")], gradient);
        if (expected.GetProperty("loss").ValueKind == JsonValueKind.Null)
        {
            Assert.Equal([0], result.Impossible);
            Assert.Equal(0, result.Sum);
            Assert.All(gradient, value => Assert.Equal(0, value));
            return;
        }

        Assert.Empty(result.Impossible);
        Close.Relative(expected.Number("loss"), result.Sum, 1e-9);
        if (isFile)
        {
            Close.Absolute(Fixtures.Floats($"ctc/{name}-gradient.npy"), gradient, 2e-7);
        }
        else
        {
            int[] places = expected.Integers("places");
            Close.Absolute(expected.Doubles("gradient"), [.. places.Select(place => gradient[place])], 2e-7);
            Close.Relative(expected.Number("square"), gradient.Sum(value => (double)value * value), 1e-6);
        }
    }

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        float[] logits = [.. Enumerable.Range(0, 12 * 5).Select(i => 2 * MathF.Sin(i * 1.3f))];
        float[] gradient = new float[logits.Length];
        int[] target = [1, 1, 3, 2, 3];
        var loss = new CtcLoss();
        loss.Compute(logits, [12], 5, [target], gradient);
        for (int i = 0; i < logits.Length; i++)
        {
            const float Step = 1 / 1024f;
            float[] up = [.. logits], down = [.. logits];
            up[i] += Step;
            down[i] -= Step;
            double slope = (loss.Compute(up, [12], 5, [target], []).Sum - loss.Compute(down, [12], 5, [target], []).Sum) / (up[i] - (double)down[i]);
            Assert.Equal(slope, gradient[i], 5);
        }
    }

    [Fact]
    public void A_batch_is_its_items_whatever_the_threads()
    {
        int[] frames = [7, 30, 0, 3, 12];
        ReadOnlyMemory<int>[] targets = [new[] { 1, 2 }, new[] { 3, 3, 1 }, Array.Empty<int>(), new[] { 2, 2, 2 }, new[] { 1 }];
        float[] logits = [.. Enumerable.Range(0, frames.Sum() * 4).Select(i => 3 * MathF.Sin(i * 0.9f))];
        float[] one = new float[logits.Length], many = new float[logits.Length];
        CtcResult result = new CtcLoss { Threads = 1 }.Compute(logits, frames, 4, targets, one);
        Assert.Equal(result.Losses, new CtcLoss { Threads = 4 }.Compute(logits, frames, 4, targets, many).Losses);
        Assert.Equal(one, many);
        Assert.Equal([3], result.Impossible);
        int start = 0;
        for (int i = 0; i < frames.Length; i++)
        {
            int count = frames[i] * 4;
            float[] alone = new float[count];
            Assert.Equal(result.Losses[i], new CtcLoss().Compute(logits.AsSpan(start, count), [frames[i]], 4, [targets[i]], alone).Sum);
            Assert.Equal(alone, one[start..(start + count)]);
            start += count;
        }
    }

    [Fact]
    public void An_impossible_target_has_an_infinite_loss_on_request()
    {
        CtcResult result = new CtcLoss { ZeroInfinity = false }.Compute(new float[3 * 4], [3], 4, [new[] { 2, 2, 2 }], []);
        Assert.Equal(double.PositiveInfinity, result.Sum);
        Assert.Equal([0], result.Impossible);
    }

    [Fact]
    public void Required_frames_count_a_blank_between_equal_neighbours()
    {
        Assert.Equal(0, CtcLoss.RequiredFrames([]));
        Assert.Equal(3, CtcLoss.RequiredFrames([1, 2, 1]));
        Assert.Equal(7, CtcLoss.RequiredFrames([1, 1, 1, 2, 2]) - 1);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_logit_that_overflowed_shows_in_the_loss(float value) =>
        Assert.True(double.IsNaN(new CtcLoss().Compute([0, 0, value, 0, 0, 0], [2], 3, [new[] { 1 }], new float[6]).Sum));

    [Fact]
    public void Bad_arguments_are_named()
    {
        float[] logits = new float[12];
        Assert.Contains("item 1", Assert.Throws<ArgumentException>(() => new CtcLoss().Compute(logits, [1, 2], 4, [new[] { 1 }, new[] { 0 }], [])).Message);
        Assert.Contains("item 0", Assert.Throws<ArgumentException>(() => new CtcLoss().Compute(logits, [3], 4, [new[] { 4 }], [])).Message);
        Assert.Throws<ArgumentException>(() => new CtcLoss().Compute(logits, [4], 4, [new[] { 1 }], []));
        Assert.Throws<ArgumentException>(() => new CtcLoss().Compute(logits, [3], 4, [], []));
        Assert.Throws<ArgumentException>(() => new CtcLoss { Blank = 4 }.Compute(logits, [3], 4, [new[] { 1 }], []));
        Assert.Throws<ArgumentException>(() => new CtcLoss().Compute(logits, [3], 4, [new[] { 1 }], new float[4]));
    }

    private static int Frames(string file) => (int)Data2Vec.IO.NpyFile.Read(Path.Combine(AppContext.BaseDirectory, "Fixtures", file)).Shape[0];

    private static float[] Waves(JsonElement settings) =>
        [.. Enumerable.Range(0, (int)(settings.Number("frames") * settings.Number("labels"))).Select(i => (float)(6 * Math.Sin(i * 0.7)))];
}
