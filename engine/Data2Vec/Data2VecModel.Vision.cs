using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec;

/// <content>Images.</content>
public sealed partial class Data2VecModel
{
    private ImageEncoder Images => Takes<ImageEncoder>("images");

    /// <summary>Embeds images.</summary>
    /// <param name="images">Images of any size, which are prepared as the model wants them.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Looked at before each image and layer.</param>
    /// <returns>
    /// For each image one vector; where no pooling is asked for, of a transformer <c>[1 + patches, features]</c>, the class token first.
    /// </returns>
    /// <exception cref="InvalidDataException">An image is too narrow to be prepared.</exception>
    /// <exception cref="InvalidOperationException">It is not a vision model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedImages(
        IReadOnlyList<RgbImage> images, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedPixels(Prepare(images, cancellationToken), options, cancellationToken);

    /// <summary>Embeds one image.</summary>
    /// <inheritdoc cref="EmbedImages"/>
    public float[] EmbedImage(RgbImage image, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedImages([image], options, cancellationToken)[0];

    /// <summary>Embeds images, in batches with those of other asynchronous calls.</summary>
    /// <param name="images">Images of any size, which are prepared as the model wants them.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedImages"/>
    public async Task<float[][]> EmbedImagesAsync(
        IReadOnlyList<RgbImage> images, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        await EmbedPixelsAsync(
            await OnPool(() => Prepare(images, cancellationToken), cancellationToken).ConfigureAwait(false), options, cancellationToken).ConfigureAwait(false);

    /// <summary>Embeds one image, in a batch with those of other asynchronous calls.</summary>
    /// <inheritdoc cref="EmbedImagesAsync"/>
    public async Task<float[]> EmbedImageAsync(
        RgbImage image, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedImagesAsync([image], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Embeds one image by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedImages"/>
    public float[][] EmbedImageLayers(RgbImage image, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedPixelLayers(Prepare([image], cancellationToken)[0], options, cancellationToken);

    /// <summary>Embeds images that are prepared already.</summary>
    /// <param name="pixels">Normalized pixels <c>[3, size, size]</c> each, of the size <see cref="ImagePreprocessing.CropSize"/> of <see cref="ImagePreprocessing"/>.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Looked at before each image and layer.</param>
    /// <returns>
    /// For each image one vector; where no pooling is asked for, of a transformer <c>[1 + patches, features]</c>, the class token first.
    /// </returns>
    /// <exception cref="InvalidDataException">An image has another size, or pixels that are not finite.</exception>
    /// <exception cref="InvalidOperationException">It is not a vision model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedPixels(
        IReadOnlyList<ReadOnlyMemory<float>> pixels, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        options ??= new EmbeddingOptions();
        return Finish(Embed(Images, pixels, options, cancellationToken), options);
    }

    /// <summary>Embeds images that are prepared already, in batches with those of other asynchronous calls.</summary>
    /// <param name="pixels">As for <see cref="EmbedPixels"/>; they must not change before the task ends.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedPixels"/>
    public async Task<float[][]> EmbedPixelsAsync(
        IReadOnlyList<ReadOnlyMemory<float>> pixels, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        (await EmbedPixelsCountedAsync(pixels, options, cancellationToken).ConfigureAwait(false)).Vectors;

    /// <summary>Embeds one prepared image by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedPixels"/>
    public float[][] EmbedPixelLayers(
        ReadOnlyMemory<float> pixels, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        return Finish([.. EmbedLayers(Images, [pixels], options, cancellationToken).Select(layer => layer[0])], options);
    }

    /// <summary>Says for each image how likely each of the <see cref="Classes"/> is.</summary>
    /// <param name="images">Images of any size, which are prepared as the model wants them.</param>
    /// <param name="cancellationToken">Looked at before each image and layer.</param>
    /// <returns>For each image all labels, the likeliest first.</returns>
    /// <exception cref="InvalidDataException">An image is too narrow to be prepared.</exception>
    /// <exception cref="InvalidOperationException">It is not a vision model, or one without a classification head.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LabelProbability[][] ClassifyImages(IReadOnlyList<RgbImage> images, CancellationToken cancellationToken = default) =>
        ClassifyPixels(Prepare(images, cancellationToken), cancellationToken);

    /// <summary>Says for each prepared image how likely each of the <see cref="Classes"/> is.</summary>
    /// <returns>For each image all labels, the likeliest first.</returns>
    /// <exception cref="InvalidOperationException">It is not a vision model, or one without a classification head.</exception>
    /// <inheritdoc cref="EmbedPixels"/>
    public LabelProbability[][] ClassifyPixels(
        IReadOnlyList<ReadOnlyMemory<float>> pixels, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        return [.. Probabilities(Images, pixels, cancellationToken).Select(Ranked)];
    }

    /// <summary>The vectors of prepared images, and how many rows went through the model for them.</summary>
    internal async Task<EmbeddedInputs> EmbedPixelsCountedAsync(
        IReadOnlyList<ReadOnlyMemory<float>> pixels, EmbeddingOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        options ??= new EmbeddingOptions();
        EmbeddedInputs embedded = await EmbedAsync(Images, pixels, options, cancellationToken).ConfigureAwait(false);
        return embedded with { Vectors = Finish(embedded.Vectors, options) };
    }

    /// <summary>The pixels <c>[3, size, size]</c> that the model sees of an image.</summary>
    /// <exception cref="InvalidDataException">The image is too narrow.</exception>
    internal float[] Prepare(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        try
        {
            return Images.Preprocessing.Apply(image);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }

    /// <summary>The classification head's scores for each image.</summary>
    internal float[][] ScoresOfPixels(IReadOnlyList<ReadOnlyMemory<float>> pixels) => Scores(Images, pixels, default);

    /// <summary>Shows the activations at every point of the encoder for a prepared image.</summary>
    internal void ObservePixels(ReadOnlyMemory<float> pixels, Action<string, float[]> observe) => Observe(Images, pixels, observe);

    private ReadOnlyMemory<float>[] Prepare(IReadOnlyList<RgbImage> images, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(images);
        var prepared = new ReadOnlyMemory<float>[images.Count];
        for (int i = 0; i < prepared.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            prepared[i] = Prepare(images[i]);
        }

        return prepared;
    }
}
