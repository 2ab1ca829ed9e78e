using System.Buffers;

namespace Data2Vec.Vision;

/// <summary>
/// A VGG network (Simonyan and Zisserman 2015) as an image encoder. Each image becomes one row: the output of the second fully connected layer
/// before its activation (torchvision's <c>vgg16</c> with <c>classifier[:4]</c>).
/// </summary>
internal sealed class VggEncoder : ImageEncoder
{
    private const int Channels = 3;

    /// <summary>Images that go through the fully connected layers together. These have most of the weights and little of the arithmetic.</summary>
    private const int ImagesAtOnce = 32;

    private readonly Conv2dWeights[][] _blocks;
    private readonly Conv2dWeights _fc6;
    private readonly LinearWeights _fc7;

    public VggEncoder(VggConfig config, ParameterScope parameters)
        : base(config.Preprocessing)
    {
        Config = config;
        int channels = Channels;
        _blocks = [.. config.Blocks.Select((widths, block) => widths.Select((outputs, i) => parameters.Conv2d(
            $"blocks.{block}.{i}", new Conv2dShape(channels, channels = outputs, Kernel: 3, Padding: 1))).ToArray())];

        // A convolution with one window over all remaining pixels.
        _fc6 = parameters.Conv2d("fc6", new Conv2dShape(channels, config.IntermediateSize, config.GridSize));
        _fc7 = parameters.Linear("fc7", config.IntermediateSize, config.HiddenSize);
    }

    protected override int RowsOfImage => 1;

    public override VggConfig Config { get; }

    /// <inheritdoc/>
    /// <remarks>Inputs are normalized pixels <c>[3, size, size]</c>.</remarks>
    public override Tensor Embed(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation)
    {
        Tensor features = run.Allocate(inputs.Count, Config.HiddenSize, ElementType.F32);
        int grid = Config.GridSize;
        for (int first = 0; first < inputs.Count; first += ImagesAtOnce)
        {
            int count = Math.Min(ImagesAtOnce, inputs.Count - first);
            long mark = run.Mark();
            Tensor maps = run.Allocate(count * grid * grid, Config.Channels);
            for (int i = 0; i < count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Convolve(run, inputs[first + i].Span, maps.SliceRows(i * grid * grid, grid * grid), observer);
            }

            Tensor hidden = run.Allocate(count, Config.IntermediateSize);
            run.Conv2d(maps, grid, grid, _fc6, Activation.Relu, hidden);
            observer?.Point("fc6", hidden);
            run.Linear(hidden, _fc7, features.SliceRows(first, count));
            run.Release(mark);
        }

        return features;
    }

    /// <inheritdoc/>
    /// <remarks>A VGG network has no transformer layers.</remarks>
    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation)
    {
        observer?.Layer(0, x);
        observer?.Point("output", x);
        return x;
    }

    /// <summary>Runs the blocks on pixels <c>[3, size, size]</c>; the output is <c>[grid * grid, channels]</c>.</summary>
    private void Convolve(Inference run, ReadOnlySpan<float> pixels, Tensor output, Observer? observer)
    {
        long mark = run.Mark();
        int side = Config.ImageSize;
        Tensor x = Upload(run, pixels, side * side);
        for (int block = 0; block < _blocks.Length; block++)
        {
            int half = side / 2;
            Tensor pooled = block == _blocks.Length - 1 ? output : run.Allocate(half * half, Config.Blocks[block][^1]);
            long ofBlock = run.Mark();
            for (int i = 0; i < _blocks[block].Length; i++)
            {
                Tensor y = run.Allocate(side * side, Config.Blocks[block][i]);
                run.Conv2d(x, side, side, _blocks[block][i], Activation.Relu, y);
                observer?.Point($"blocks.{block}.{i}", y);
                x = y;
            }

            run.MaxPool2d(x, side, side, 2, 2, pooled);
            observer?.Point($"blocks.{block}", pooled);
            run.Release(ofBlock);
            (x, side) = (pooled, half);
        }

        run.Release(mark);
    }

    /// <summary>The pixels with their channels interleaved, <c>[pixels, 3]</c>.</summary>
    private static Tensor Upload(Inference run, ReadOnlySpan<float> planes, int pixels)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(planes.Length);
        try
        {
            for (int i = 0; i < pixels; i++)
            {
                for (int channel = 0; channel < Channels; channel++)
                {
                    rented[i * Channels + channel] = planes[channel * pixels + i];
                }
            }

            return run.Upload(rented.AsSpan(0, planes.Length), pixels, Channels);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }
}
