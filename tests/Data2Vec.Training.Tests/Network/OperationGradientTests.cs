using Data2Vec.Kernels;
using Data2Vec.Parameters;
using Data2Vec.Training.Network;
using Kinds = Data2Vec.Kernels.Activation;

namespace Data2Vec.Training.Tests.Network;

/// <summary>Recorded operations in all their forms, and tensors that several operations read.</summary>
public class OperationGradientTests
{
    private const int Rows = 6, Size = 8;

    private EmbeddingWeights _table = null!;

    [Fact]
    public void A_tensor_that_several_operations_read()
    {
        LinearWeights first = null!, second = null!;
        Check(
            scope => (first, second) = (scope.Linear("first", Size, Size), scope.Linear("second", Size, Size)),
            (run, x) =>
            {
                Tensor y = run.Linear(x, first, residual: x);
                Tensor z = run.Linear(y, second, Kinds.Gelu, residual: x);
                Tensor again = run.Linear(y, first, Kinds.Relu, residual: y);
                return run.Linear(z, second, residual: again);
            },
            least: 5);
    }

    [Fact]
    public void A_lookup_that_is_added_to_other_rows()
    {
        EmbeddingWeights types = null!;
        Check(
            scope => types = scope.Embedding("types", 2, Size, -1),
            (run, x) =>
            {
                Tensor sum = run.Allocate(Rows, Size), twice = run.Allocate(Rows, Size);
                run.Embed([0, 0, 1, 1, 0, 1], types, sum, residual: x);
                run.Embed([1, 0, 0, 1, 1, 1], types, twice, residual: sum);
                return twice;
            },
            least: 2);
    }

    [Fact]
    public void Norms_of_a_sum_whose_parts_are_one_tensor_two_or_partly_fixed()
    {
        NormWeights norm = null!, plain = null!;
        LinearWeights linear = null!;
        Check(
            scope => (norm, plain, linear) = (scope.Norm("norm", Size, 1e-5f), scope.PlainNorm(Size, 1e-5f), scope.Linear("linear", Size, Size)),
            (run, x) =>
            {
                Tensor y = Norm(run, x, norm, x), z = Norm(run, y, plain, x, Kinds.Gelu), fixedRows = Fixed(run);
                Tensor a = Norm(run, z, norm, fixedRows, Kinds.Relu), b = Norm(run, fixedRows, norm, z), c = Norm(run, fixedRows, norm, fixedRows);
                return run.Linear(Norm(run, a, plain, b), linear, residual: Norm(run, c, norm, x));
            },
            least: 5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_linear_layer_with_a_norm(bool replacesSums)
    {
        NormWeights norm = null!;
        LinearWeights linear = null!;
        Check(
            scope => (norm, linear) = (scope.Norm("norm", Size, 1e-5f), scope.Linear("linear", Size, Size)),
            (run, x) =>
            {
                Tensor sums = run.Allocate(Rows, Size), normed = replacesSums ? sums : run.Allocate(Rows, Size);
                run.LinearNorm(x, linear, norm, sums, normed, residual: x);
                return run.Linear(normed, linear, residual: sums);
            },
            least: 5);
    }

    [Fact]
    public void A_scale_learns_and_cannot_follow_an_activation()
    {
        LinearWeights linear = null!;
        Check(Declare, (run, x) => run.Linear(x, linear, residual: x), least: 4);
        Assert.Throws<NotSupportedException>(() => Check(Declare, (run, x) => run.Linear(x, linear, Kinds.Gelu), least: 4));

        void Declare(ParameterScope scope) => linear = scope.Linear([scope.Affine("linear", Size, Size)], scope.Scale("linear_scale", Size, 1));
    }

    [Theory]
    [InlineData(false, Kinds.None, 1, 1)]
    [InlineData(false, Kinds.Gelu, 2, 1)]
    [InlineData(false, Kinds.Gelu, 1, 2)]
    [InlineData(true, Kinds.None, 2, 1)]
    [InlineData(true, Kinds.Gelu, 1, 4)]
    public void Convolutions(bool hasNorm, Kinds activation, int stride, int groups)
    {
        Conv1dWeights conv = null!;
        NormWeights norm = null!;
        var shape = new Conv1dShape(Size, 12, 3, stride, 1, groups);
        Check(
            scope => (conv, norm) = (scope.Conv1d("conv", shape, hasBias: true, InitialValue.Zero), scope.Norm("norm", 12, 1e-5f)),
            (run, x) =>
            {
                Sequences inputs = run.Sequences([1, 5]), outputs = run.Sequences(inputs, shape);
                Tensor y = run.Allocate(outputs.Rows, 12);
                run.Conv1d(x, inputs, conv, hasNorm ? norm : null, activation, y, outputs);
                return y;
            },
            least: hasNorm ? 5 : 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Attention_whose_inputs_other_operations_read(bool before)
    {
        LinearWeights joined = null!, linear = null!;
        Check(
            scope => (joined, linear) = (scope.Linear([scope.Affine("q", Size, Size), scope.Affine("k", Size, Size), scope.Affine("v", Size, Size)]), scope.Linear("linear", Size, Size)),
            (run, x) =>
            {
                Tensor qkv = run.Linear(x, joined), attended = run.Allocate(Rows, Size), other = default;
                if (before)
                {
                    other = run.Linear(qkv.SliceColumns(Size, Size), linear);
                }

                run.Attention(
                    qkv.SliceColumns(0, Size), qkv.SliceColumns(Size, Size), qkv.SliceColumns(2 * Size, Size), run.Sequences([4, 1, 1]), 2, 0.5f, default, attended);
                return run.Linear(attended, linear, residual: before ? other : run.Linear(qkv.SliceColumns(Size, Size), linear));
            },
            least: 8);
    }

    [Fact]
    public void Attention_of_a_tensor_to_itself() => Check(
        _ => { },
        (run, x) =>
        {
            Tensor attended = run.Allocate(Rows, Size);
            run.Attention(x, x, x, run.Sequences([2, 4]), 2, 0.5f, default, attended);
            return attended;
        },
        least: 1);

    [Fact]
    public void Rows_that_are_replaced_selected_and_cleared()
    {
        EmbeddingWeights vector = null!;
        LinearWeights linear = null!;
        Check(
            scope => (vector, linear) = (scope.Vector(new Parameter("vector", [Size], ParameterRole.Constant)), scope.Linear("linear", Size, Size)),
            (run, x) =>
            {
                Tensor y = run.ReplaceRows(run.Linear(x, linear, Kinds.Gelu), [1, 4], vector);
                run.ClearColumns(y.SliceRows(0, 3), [0, 5]);
                run.ClearColumns(y.SliceRows(3, 3), []);
                return run.Linear(run.SelectRows(y, [4, 1, 1, 0, 5]), linear);
            },
            least: 4);
    }

    [Fact]
    public void A_row_that_is_copied_to_many_and_over_others()
    {
        LinearWeights linear = null!;
        Check(
            scope => linear = scope.Linear("linear", Size, Size),
            (run, x) =>
            {
                Tensor y = run.Linear(x, linear), z = run.Allocate(Rows, Size);
                run.Copy(x, z);
                run.Copy(y.SliceRows(2, 1) with { Rows = 3, Stride = 0 }, z with { Rows = 3, Stride = 2 * z.Stride });
                return run.Linear(z, linear, residual: y);
            },
            least: 3);
    }

    [Fact]
    public void Means_and_hyperbolic_tangents()
    {
        LinearWeights linear = null!;
        Check(
            scope => linear = scope.Linear("linear", Size, Size),
            (run, x) =>
            {
                Sequences sequences = run.Sequences([2, 4]);
                Tensor all = run.MeanOfSequences(x, sequences), most = run.MeanOfSequences(x, sequences, 1), bent = run.Allocate(2, Size);
                run.Tanh(run.Linear(all, linear, residual: most), bent);
                return run.Linear(bent, linear, residual: all);
            },
            least: 3);
    }

    [Fact]
    public void Only_the_results_that_the_loss_reads_are_played()
    {
        LinearWeights used = null!, unused = null!;
        Check(
            scope => (used, unused) = (scope.Linear("used", Size, Size), scope.Linear("unused", Size, Size)),
            (run, x) =>
            {
                Tensor y = run.Linear(x, used);
                _ = run.Linear(y, unused);
                return y;
            },
            least: 3);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    public void What_the_loss_does_not_read_has_no_gradient_whether_activations_are_kept_or_not(long keptBytes)
    {
        LinearWeights used = null!, unused = null!;
        using TrainableNetwork<int> network = GradientCheck.Network<int>(
            TinyModels.Text(), objective: scope => (used, unused) = (scope.Linear("used", Size, Size), scope.Linear("unused", Size, Size)));
        using Recording run = network.Record(new RecordingOptions { KeptBytes = keptBytes });
        Tensor y = run.Segment(new ModelPart(ModelPartKind.Layer), Fixed(run), x =>
        {
            _ = run.Linear(x, unused);
            return run.Linear(x, used);
        });
        run.Backward(y, TinyModels.Numbers("factors", Rows * Size));
        Assert.Equal([true, false], new[] { "used.weight", "unused.weight" }.Select(name => network.Buffers.HasGradient[network.Buffers.IndexOf(name)]));
    }

    [Theory]
    [InlineData(DropoutSite.Branch)]
    [InlineData(DropoutSite.Activation)]
    [InlineData(DropoutSite.Input)]
    public void Dropout_is_the_same_in_the_backward_pass(DropoutSite site)
    {
        LinearWeights linear = null!;
        NormWeights norm = null!;
        Check(
            scope =>
            {
                (linear, norm) = (scope.Linear("linear", Size, Size), scope.Norm("norm", Size, 1e-5f));
                linear.Dropout = site;
                norm.Dropout = site;
            },
            (run, x) =>
            {
                run.SetItems(run.Sequences([2, 4]), [3, 8]);
                Tensor y = run.Linear(x, linear, Kinds.Gelu, residual: x), z = run.Linear(Norm(run, y, norm, x), linear, residual: y), normed = run.Allocate(Rows, Size);
                run.LinearNorm(z, linear, norm, normed, normed, residual: y);
                return normed;
            },
            least: 5,
            new RecordingOptions { Dropout = new DropoutRates { Branch = 0.3, Activation = 0.3, Input = 0.3 }, Seed = 5 });
    }

    private void Check(Action<ParameterScope> declare, Func<Recording, Tensor, Tensor> forward, int least, RecordingOptions? options = null) => GradientCheck.Run(
        scope =>
        {
            _table = scope.Embedding("table", Rows + 1, Size, -1);
            declare(scope);
        },
        run =>
        {
            Tensor x = run.Allocate(Rows, Size);
            run.Embed([3, 1, 4, 1, 5, 0], _table, x);
            return forward(run, x);
        },
        least,
        options);

    private static Tensor Fixed(Recording run) => run.Upload(TinyModels.Numbers("fixed", Rows * Size), Rows, Size);

    private static Tensor Norm(Recording run, Tensor x, NormWeights norm, Tensor residual, Kinds activation = Kinds.None)
    {
        Tensor output = run.Allocate(x.Rows, x.Columns);
        run.LayerNorm(x, norm, output, residual, activation);
        return output;
    }
}
