using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Data2Vec.Memes.Ocr;
using Data2Vec.ModelFile;
using Data2Vec.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes;

/// <summary>
/// An encoder of images and one of texts, of any architecture, and what reads the text in an image; one of the encoders may be missing. It may
/// be used from any number of threads.
/// </summary>
public sealed class MemeEncoders : IDisposable
{
    private readonly MemeOptions _options;
    private readonly List<IDisposable> _owned = [];

    private MemeEncoders(D2vFile? image, D2vFile? text, int maxTextTokens, MemeOptions options)
    {
        MaxTextTokens = maxTextTokens;
        _options = options;
        try
        {
            (ImageFile, TextFile) = (image, text);
            _owned.AddRange(new[] { image, text }.OfType<D2vFile>());
            Image = Load<VisionModel>(image);
            Text = Load<TextModel>(text);
            if (Text is { Tokenizer: null })
            {
                throw new InvalidDataException($"{text!.Path}: the model has no tokenizer, which the texts of memes need");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Features of a meme: the image's, then the text's.</summary>
    public int FeatureSize => ImageSize + TextSize;

    /// <summary>Features of an image; 0 where no encoder takes images.</summary>
    public int ImageSize => Image?.HiddenSize ?? 0;

    /// <summary>Features of a text; 0 where no encoder takes texts.</summary>
    public int TextSize => Text?.HiddenSize ?? 0;

    /// <summary>The most tokens of a text, see <see cref="MemeConfig.MaxTextTokens"/>.</summary>
    public int MaxTextTokens { get; }

    internal D2vFile? ImageFile { get; }

    internal D2vFile? TextFile { get; }

    private VisionModel? Image { get; }

    private TextModel? Text { get; }

    /// <summary>Loads encoders, each from a model file of its own.</summary>
    /// <param name="imagePath">A model of images, or null.</param>
    /// <param name="textPath">A model of texts, or null.</param>
    /// <param name="maxTextTokens">The most tokens of a text, see <see cref="MemeConfig.MaxTextTokens"/>.</param>
    /// <param name="options">How to load them.</param>
    /// <exception cref="ArgumentException">Both are null.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the model does not take what it is meant to.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static MemeEncoders Load(string? imagePath, string? textPath, int maxTextTokens = 48, MemeOptions? options = null)
    {
        if (imagePath is null && textPath is null)
        {
            throw new ArgumentException("There must be an encoder of images or one of texts.", nameof(imagePath));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(maxTextTokens, 1);
        D2vFile? image = imagePath is null ? null : D2vFile.Open(imagePath);
        try
        {
            return new MemeEncoders(image, textPath is null ? null : D2vFile.Open(textPath), maxTextTokens, options ?? new MemeOptions());
        }
        catch
        {
            image?.Dispose();
            throw;
        }
    }

    /// <summary>The encoders in a file that has both.</summary>
    internal static MemeEncoders Load(D2vFile file, MemeConfig config, MemeOptions options) => new(
        config.Image is null ? null : file.Part(MemeConfig.ImagePart), config.Text is null ? null : file.Part(MemeConfig.TextPart), config.MaxTextTokens, options);

    /// <summary>What memes are to the network that judges them.</summary>
    /// <param name="memes">The memes; where the text encoder needs one and a meme has none, it is read from the image.</param>
    /// <param name="cancellationToken">Looked at before each meme and layer.</param>
    /// <exception cref="InvalidDataException">An image cannot be prepared.</exception>
    /// <exception cref="InvalidOperationException">A text is missing, and there is no recognizer.</exception>
    /// <exception cref="ObjectDisposedException">The encoders were disposed.</exception>
    public IReadOnlyList<MemeFeatures> Encode(IReadOnlyList<Meme> memes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memes);
        var texts = new (string Text, IReadOnlyList<RecognizedWord> Words)[memes.Count];
        if (Text is not null)
        {
            try
            {
                Parallel.For(0, texts.Length, new ParallelOptions { CancellationToken = cancellationToken }, i => texts[i] = Read(memes[i]));
            }
            catch (AggregateException problems)
            {
                ExceptionDispatchInfo.Throw(problems.InnerExceptions[0]);
            }
        }

        float[][]? images = Image?.Embed([.. memes.Select(meme => meme.Image)], null, cancellationToken);
        float[][]? ofTexts = EmbedTexts([.. texts.Select(text => text.Text)], cancellationToken);
        return [.. texts.Select((text, i) => new MemeFeatures((float[])[.. images?[i] ?? [], .. ofTexts?[i] ?? []], text.Text ?? "", text.Words ?? []))];
    }

    /// <summary>Frees the memory of the encoders; the recognizer is left as it is.</summary>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }

    /// <summary>The vectors of texts; null where no encoder takes texts.</summary>
    internal float[][]? EmbedTexts(string[] texts, CancellationToken cancellationToken) => Text?.Embed(
        texts, new EmbeddingOptions { LongTexts = LongTextPolicy.Truncate, MaxTokens = MaxTextTokens + 2 }, cancellationToken);

    /// <summary>The vectors of images; null where no encoder takes images.</summary>
    internal float[][]? EmbedImages(RgbImage[] images, CancellationToken cancellationToken) => Image?.Embed(images, null, cancellationToken);

    /// <summary>A digest of all that decides the features of a meme.</summary>
    internal byte[] Identity()
    {
        var text = new StringBuilder();
        foreach (D2vFile? file in new[] { ImageFile, TextFile })
        {
            text.Append(CultureInfo.InvariantCulture, $"{file?.Architecture}\n{file?.Config.GetRawText()}\n");
            foreach (TensorInfo tensor in file?.Tensors.Values ?? [])
            {
                text.Append(CultureInfo.InvariantCulture, $"{tensor.Name} {tensor.Type} {tensor.Crc32C}\n");
            }

            foreach (AssetInfo asset in file?.Assets.Values ?? [])
            {
                text.Append(CultureInfo.InvariantCulture, $"{asset.Name} {asset.Crc32C}\n");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"{MaxTextTokens}\n{_options.TextRecognizer?.Description}");
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private (string Text, IReadOnlyList<RecognizedWord> Words) Read(Meme meme)
    {
        if (meme.Text is not null)
        {
            return (meme.Text, []);
        }

        ITextRecognizer recognizer = _options.TextRecognizer
            ?? throw new InvalidOperationException("The text of a meme is not given, and there is nothing to read it with: give a text, or options with a TextRecognizer.");
        IReadOnlyList<RecognizedWord> words = recognizer.Recognize(meme.Image);
        return (string.Join(' ', words.Select(word => word.Text)), words);
    }

    /// <summary>Loads a model from its own view of a file.</summary>
    private TModel? Load<TModel>(D2vFile? file)
        where TModel : Data2VecModel
    {
        if (file is null)
        {
            return null;
        }

        TModel model = Data2VecModel.Load<TModel>(file.Share(), new ModelOptions { Backend = _options.Backend, Threads = _options.Threads });
        _owned.Add(model);
        return model;
    }
}
