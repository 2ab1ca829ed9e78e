using Data2Vec.Kernels;
using Data2Vec.Training.Network;

namespace Data2Vec.Training.Tests.Network;

/// <summary>How much each kind of dropout drops.</summary>
public class DropoutShareTests
{
    private const int Size = 8;
    private const double Rate = 0.25;

    [Theory]
    [InlineData(DropoutSite.Input)]
    [InlineData(DropoutSite.Branch)]
    [InlineData(DropoutSite.Activation)]
    [InlineData(DropoutSite.Head)]
    public void Features(DropoutSite site)
    {
        const int rows = 1000, items = 50;
        var rates = new DropoutRates { Input = Rate, Branch = Rate, Activation = Rate, Head = Rate };
        Run(rates, site, (run, linear, norm) =>
        {
            run.SetItems(run.Sequences([.. Enumerable.Repeat(rows / items, items)]), [.. Enumerable.Range(0, items).Select(i => 3L * i)]);
            Tensor x = run.Upload(TinyModels.Numbers("rows", rows * Size), rows, Size);
            Tensor byLinear = run.Linear(x, linear), byNorm = run.Allocate(rows, Size);
            run.LayerNorm(x, norm, byNorm);
            float[] first = Download(run, byLinear), second = Download(run, byNorm);
            RequireShare(first.Count(value => value == 0), first.Length, Rate);
            RequireShare(second.Count(value => value == 0), second.Length, Rate);

            // Two places in the network have masks of their own.
            RequireShare(first.Zip(second).Count(pair => pair.First == 0 && pair.Second == 0), first.Length, Rate * Rate);
        });
    }

    /// <summary>The branches of whole items, at rates that rise from 0 at the first layer.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.2)]
    [InlineData(2, 0.4)]
    public void Branches_of_items(int layer, double rate)
    {
        const int items = 2000;
        Run(new DropoutRates { Path = 0.4 }, DropoutSite.Branch, (run, linear, _) =>
        {
            run.SetItems(run.Sequences([.. Enumerable.Repeat(2, items)]), [.. Enumerable.Range(0, items).Select(i => (long)i)]);
            Tensor x = run.Upload([.. Enumerable.Repeat(1f, 2 * items * Size)], 2 * items, Size), plain = run.Linear(x, linear);
            float expected = Download(run, plain)[0];
            float[] values = Download(run, run.Segment(new ModelPart(ModelPartKind.Layer, layer), x, input => run.Linear(input, linear)));
            int dropped = 0;
            for (int i = 0; i < items; i++)
            {
                bool isDropped = values[2 * i * Size] == 0;
                dropped += isDropped ? 1 : 0;
                Assert.Equal(isDropped, values[(2 * i + 1) * Size] == 0);
                Assert.Equal(isDropped ? 0 : expected / (1 - rate), values[2 * i * Size], 1e-5);
            }

            RequireShare(dropped, items, rate);
        });
    }

    [Fact]
    public void Layers()
    {
        const int updates = 2000;
        int skipped = 0, both = 0;
        using TrainableNetwork<int> network = GradientCheck.Network<int>(TinyModels.Text());
        for (int update = 0; update < updates; update++)
        {
            using Recording run = network.Record(new RecordingOptions { Dropout = new DropoutRates { Layer = Rate }, Seed = 9, Update = update });
            Tensor x = run.Allocate(1, 1);
            bool first = IsSkipped(0), second = IsSkipped(1);
            skipped += (first ? 1 : 0) + (second ? 1 : 0);
            both += first && second ? 1 : 0;

            bool IsSkipped(int layer)
            {
                bool ran = false;
                run.Segment(new ModelPart(ModelPartKind.Layer, layer), x, input =>
                {
                    ran = true;
                    return input;
                });
                return !ran;
            }
        }

        RequireShare(skipped, 2 * updates, Rate);
        RequireShare(both, updates, Rate * Rate);
    }

    /// <summary>Values of 1 are averaged to the probabilities that are kept, divided by the kept share: to 1 on average.</summary>
    [Fact]
    public void Probabilities()
    {
        const int items = 200, length = 20;
        Run(new DropoutRates { Attention = Rate }, DropoutSite.None, (run, _, _) =>
        {
            Sequences sequences = run.Sequences([.. Enumerable.Repeat(length, items)]);
            run.SetItems(sequences, [.. Enumerable.Range(0, items).Select(i => (long)i)]);
            Tensor zeros = run.Upload(new float[items * length * Size], items * length, Size), ones = run.Upload([.. Enumerable.Repeat(1f, items * length * Size)], items * length, Size);
            Tensor output = run.Allocate(items * length, Size);
            run.Attention(zeros, zeros, ones, sequences, 2, 1, default, output);
            double kept = Download(run, output).Where((_, i) => i % (Size / 2) == 0).Sum(value => Math.Round(value * length * (1 - Rate), 3));
            RequireShare(2 * items * length * length - kept, 2 * items * length * length, Rate);
        });
    }

    [Fact]
    public void Attention_without_items_is_refused() => Run(new DropoutRates { Attention = Rate }, DropoutSite.None, (run, _, _) =>
    {
        Tensor x = run.Allocate(4, Size), output = run.Allocate(4, Size);
        Assert.Throws<InvalidOperationException>(() => run.Attention(x, x, x, run.Sequences([4]), 2, 1, default, output));
    });

    private static void Run(DropoutRates rates, DropoutSite site, Action<Recording, LinearWeights, NormWeights> check)
    {
        LinearWeights linear = null!;
        NormWeights norm = null!;
        using TrainableNetwork<int> network = GradientCheck.Network<int>(TinyModels.Text(), objective: scope =>
        {
            (linear, norm) = (scope.Linear("linear", Size, Size), scope.Norm("norm", Size, 1e-5f));
            (linear.Dropout, norm.Dropout) = (site, site);
        });
        using Recording run = network.Record(new RecordingOptions { Dropout = rates, Seed = 21, Layers = 3 });
        check(run, linear, norm);
    }

    private static float[] Download(Recording run, Tensor x)
    {
        var values = new float[x.Rows * x.Columns];
        run.Download(x, values);
        return values;
    }

    private static void RequireShare(double dropped, int count, double rate)
    {
        double deviation = Math.Sqrt(count * rate * (1 - rate));
        Assert.InRange(dropped, count * rate - 4 * deviation, count * rate + 4 * deviation);
    }
}
