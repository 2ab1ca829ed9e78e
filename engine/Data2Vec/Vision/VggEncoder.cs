using System.Buffers;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Transformer;

namespace Data2Vec.Vision;

/// <summary>
/// A VGG network (Simonyan and Zisserman 2015) as an encoder of images: one row an image, which holds what its second fully connected layer
/// gives, before the activation (torchvision's <c>vgg16</c> with <c>classifier[:4]</c>).
/// </summary>
internal sealed class VggEncoder : ImageEncoder
{
    private const int Colours = 3;

    /// <summary>Images that share what is read of the fully connected layers: most of the weights, and little of the arithmetic.</summary>
    private const int ImagesAtOnce = 32;

    private readonly Conv2dWeights[][] _blocks;
    private readonly Conv2dWeights _fc6;
    private readonly LinearWeights _fc7;

    public VggEncoder(VggConfig config, WeightReader weights)
        : base(config.Preprocessing)
    {
        Config = config;
        _blocks = new Conv2dWeights[config.Blocks.Count][];
        int channels = Colours;
        for (int block = 0; block < _blocks.Length; block++)
        {
            _blocks[block] = new Conv2dWeights[config.Blocks[block].Count];
            for (int i = 0; i < _blocks[block].Length; i++)
            {
                int outputs = config.Blocks[block][i];
                _blocks[block][i] = weights.Conv2d($"blocks.{block}.{i}", new Conv2dShape(channels, outputs, Kernel: 3, Padding: 1));
                channels = outputs;
            }
        }

        // Over all pixels that are left: a convolution with one window.
        _fc6 = weights.Conv2d("fc6", new Conv2dShape(channels, config.IntermediateSize, config.GridSize));
        _fc7 = weights.Linear("fc7", config.IntermediateSize, config.HiddenSize);
    }

    public VggConfig Config { get; }

    public override int HiddenSize => Config.HiddenSize;

    /// <summary>None are transformers: layer 0 are the features.</summary>
    public override int Layers => 0;

    protected override int RowsOfImage => 1;

    /// <inheritdoc/>
    /// <remarks>Inputs are pixels <c>[3, size, size]</c>, normalized as the model wants them.</remarks>
    public override Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int? layer, Observer? observe,
        CancellationToken cancellation)
    {
        Tensor features = run.Allocate(inputs.Count, HiddenSize, ElementType.F32);
        int grid = Config.GridSize;
        for (int first = 0; first < inputs.Count; first += ImagesAtOnce)
        {
            int count = Math.Min(ImagesAtOnce, inputs.Count - first);
            long mark = run.Mark();
            Tensor maps = run.Allocate(count * grid * grid, Config.Channels);
            for (int i = 0; i < count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Convolve(run, inputs[first + i].Span, maps.SliceRows(i * grid * grid, grid * grid), observe);
            }

            Tensor hidden = run.Allocate(count, Config.IntermediateSize);
            run.Conv2d(maps, grid, grid, _fc6, Activation.Relu, hidden);
            observe?.Invoke("fc6", hidden);
            run.Linear(hidden, _fc7, features.SliceRows(first, count));
            run.Release(mark);
        }

        observe?.Invoke("layer.0", features);
        observe?.Invoke("output", features);
        return features;
    }

    /// <summary>From pixels <c>[3, size, size]</c> to what the blocks leave of them, <c>[grid * grid, channels]</c>.</summary>
    private void Convolve(Inference run, ReadOnlySpan<float> pixels, Tensor output, Observer? observe)
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
                observe?.Invoke($"blocks.{block}.{i}", y);
                x = y;
            }

            run.MaxPool2d(x, side, side, 2, 2, pooled);
            observe?.Invoke($"blocks.{block}", pooled);
            run.Release(ofBlock);
            (x, side) = (pooled, half);
        }

        run.Release(mark);
    }

    /// <summary>The pixels with their colours side by side, <c>[pixels, 3]</c>.</summary>
    private static Tensor Upload(Inference run, ReadOnlySpan<float> planes, int pixels)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(planes.Length);
        try
        {
            for (int i = 0; i < pixels; i++)
            {
                for (int colour = 0; colour < Colours; colour++)
                {
                    rented[i * Colours + colour] = planes[colour * pixels + i];
                }
            }

            return run.Upload(rented.AsSpan(0, planes.Length), pixels, Colours);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }
}
