namespace Data2Vec.Parameters;

/// <summary>Lists the parameters that blocks declare, without values.</summary>
internal sealed class ParameterList : ParameterSource
{
    private readonly List<Parameter> _parameters = [];

    public override bool HasValues => false;

    public override WeightData Find(Parameter parameter)
    {
        _parameters.Add(parameter);
        return new WeightData(0, ElementType.F32, WeightLayout.Rows, parameter.Shape);
    }

    public override void Dispose()
    {
    }

    /// <summary>The parameters of the blocks that <paramref name="construct"/> constructs, in the order of their declaration.</summary>
    public static IReadOnlyList<Parameter> Of(Action<ParameterScope> construct)
    {
        using var list = new ParameterList();
        using var store = new Store();
        construct(new ParameterScope(list, store));
        return list._parameters;
    }

    /// <summary>A store that knows shapes only and runs nothing.</summary>
    private sealed class Store : WeightStore
    {
        public override int PreferredBatchRows => 1;

        public override int PreferredConvolutionRows => 1;

        public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
        {
            int outputs = 0;
            foreach ((WeightData weight, _) in parts)
            {
                outputs += weight.Rows;
            }

            return new LinearShape(parts[0].Weight.RowSize, outputs);
        }

        public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape) => new Conv1dOnly(shape);

        public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape) => new Conv2dOnly(shape);

        public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon) => new NormShape(size, epsilon);

        public override EmbeddingWeights Embedding(WeightData table) => new EmbeddingShape(table.Rows, table.RowSize);

        public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns) => default;

        public override Inference Begin() => throw new NotSupportedException("A list of parameters has no values to run on.");

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class LinearShape(int inputs, int outputs) : LinearWeights(inputs, outputs);

        private sealed class Conv1dOnly(Conv1dShape shape) : Conv1dWeights(shape);

        private sealed class Conv2dOnly(Conv2dShape shape) : Conv2dWeights(shape);

        private sealed class NormShape(int size, float epsilon) : NormWeights(size, epsilon);

        private sealed class EmbeddingShape(int rows, int columns) : EmbeddingWeights(rows, columns);
    }
}
