namespace Data2Vec.Kernels.Gpu;

internal sealed unsafe partial class GpuInference
{
    public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
    {
        OperationShapes.RequireLinear(x, weights, output, residual);
        if (x.Rows > 0)
        {
            Multiply(((GpuLinear)weights).Matrix, x, output, new MatrixArguments { Activation = (int)activation }, residual);
        }
    }

    /// <summary>A split product runs the normalization as its epilogue.</summary>
    public override void LinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual)
    {
        OperationShapes.RequireLinearNorm(x, weights, norm, output, normed, residual);
        if (x.Rows > 0)
        {
            GpuMatrix matrix = ((GpuLinear)weights).Matrix;
            SplitKNormEpilogue? epilogue = matrix.IsOnTensorCores
                ? kernels.SplitKNorm(activationType, Operation(output, norm, normed, residual, Activation.None))
                : null;
            if (!Multiply(matrix, x, output, default, residual, norm: epilogue))
            {
                LayerNorm(output, norm, normed, default, Activation.None);
            }
        }
    }

    public override void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs)
    {
        Conv1dShape shape = weights.Shape;
        OperationShapes.RequireConv1d(x, inputs, shape, output, outputs);
        if (output.Rows == 0)
        {
            return;
        }

        var arguments = new MatrixArguments
        {
            Activation = (int)(norm is null ? activation : Activation.None),
            Channels = shape.InputChannels / shape.Groups,
            Stride = shape.Stride,
            Padding = shape.Padding,
            Sequences = outputs.Count,
        };
        Multiply(((GpuConv1d)weights).Matrix, x, output, arguments, default, View(inputs), View(outputs));
        if (norm is not null)
        {
            LayerNorm(output, norm, output, default, activation);
        }
    }

    public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output)
    {
        Conv2dShape shape = weights.Shape;
        OperationShapes.RequireConv2d(x, height, width, shape, output);
        if (output.Rows > 0)
        {
            Multiply(((GpuConv2d)weights).Matrix, x, output, new MatrixArguments
            {
                Activation = (int)activation,
                Channels = shape.InputChannels,
                Stride = shape.Stride,
                Padding = shape.Padding,
                Height = height,
                Width = width,
                OutputHeight = shape.OutputLength(height),
                OutputWidth = shape.OutputLength(width),
                Kernel = shape.Kernel,
            });
        }
    }

    /// <summary>Multiplies, on tensor cores if the device and the weights support it.</summary>
    /// <param name="matrix">The right side.</param>
    /// <param name="x">The left side, or the input of a convolution.</param>
    /// <param name="output">The result.</param>
    /// <param name="arguments">Activation and sizes of a convolution. Everything else is added here.</param>
    /// <param name="residual">Added last, or empty.</param>
    /// <param name="inputStarts">Starts of a convolution's input sequences.</param>
    /// <param name="outputStarts">Starts of its output sequences.</param>
    /// <param name="norm">A normalization to run as the epilogue of a split product.</param>
    /// <returns>Whether the normalization ran.</returns>
    private bool Multiply(
        GpuMatrix matrix, Tensor x, Tensor output, MatrixArguments arguments, Tensor residual = default, ArrayView<int>? inputStarts = null,
        ArrayView<int>? outputStarts = null, SplitKNormEpilogue? norm = null)
    {
        long mark = Mark();
        Tensor left = x.Type == matrix.InputType && (!matrix.IsOnTensorCores || IsAligned(x)) ? x : CopyAs(matrix.InputType, x);
        Tensor added = residual.IsEmpty ? output : residual;
        ArrayView<float> result = View(output);
        arguments.Rows = output.Rows;
        arguments.InputStride = left.Stride;
        arguments.OutputStride = output.Stride;
        arguments.ResidualStride = added.Stride;
        arguments.AlignedInput = Aligned4(matrix.Channels, left);
        arguments.OutputLayout = Layout(matrix.Columns, output);
        arguments.ResidualLayout = Layout(matrix.Columns, added);
        arguments.HasResidual = residual.IsEmpty ? 0 : 1;
        var product = new MatrixProduct(
            View(left), View(added), result, inputStarts ?? result.Cast<int>(), outputStarts ?? result.Cast<int>(), arguments, norm);
        bool isNormed = false;
        if (matrix.IsOnTensorCores)
        {
            TensorPlan plan = matrix.Plan(arguments, norm is not null);
            isNormed = norm is not null && !plan.RunsEpilogue;
            matrix.LaunchTensor(Queue, plan, product, plan.RunsEpilogue ? result
                : Workspace.Memory.View(Workspace.Memory.Allocate(plan.PartialSums * sizeof(float)), plan.PartialSums));
        }
        else
        {
            matrix.Launch(Queue, product);
        }

        Release(mark);
        return isNormed;
    }
}
