using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Data2Vec.Kernels;
using Data2Vec.Memes.Ocr;
using Data2Vec.Text;

namespace Data2Vec.Memes;

/// <summary>Settings for loading the encoders of memes.</summary>
public sealed record MemeOptions
{
    /// <summary>Reads the missing texts of memes; null if all memes have texts. The caller disposes it.</summary>
    public ITextRecognizer? TextRecognizer { get; init; }

    /// <summary>The device; null for the CPU.</summary>
    public Backend? Backend { get; init; }

    /// <summary>Threads of the CPU backend, including the caller's; 0 for one per core.</summary>
    public int Threads { get; init; }
}

/// <summary>
/// An image encoder, a text encoder and the text recognizer of a meme model. One of the encoders may be missing. Instances are thread-safe.
/// </summary>
public sealed class MemeEncoders : IDisposable
{
    private readonly MemeOptions _options;
    private readonly VisionModel? _image;
    private readonly TextModel? _text;

    private MemeEncoders(Func<D2vFile?> openImage, Func<D2vFile?> openText, int maxTextTokens, MemeOptions options)
    {
        (MaxTextTokens, _options) = (maxTextTokens, options);
        try
        {
            ImageFile = openImage();
            TextFile = openText();
            _image = Load<VisionModel>(ImageFile);
            _text = Load<TextModel>(TextFile);
            if (_text is { Tokenizer: null })
            {
                throw new InvalidDataException($"{TextFile!.Path}: the model has no tokenizer, which the texts of memes need");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The number of features of a meme: the image's, then the text's.</summary>
    public int FeatureSize => ImageSize + TextSize;

    /// <summary>The number of features of an image; 0 without an image encoder.</summary>
    public int ImageSize => _image?.EmbeddingSize ?? 0;

    /// <summary>The number of features of a text; 0 without a text encoder.</summary>
    public int TextSize => _text?.EmbeddingSize ?? 0;

    /// <summary>The maximum number of tokens of a text, see <see cref="MemeConfig.MaxTextTokens"/>.</summary>
    public int MaxTextTokens { get; }

    internal D2vFile? ImageFile { get; }

    internal D2vFile? TextFile { get; }

    /// <summary>Loads encoders from separate model files.</summary>
    /// <param name="imagePath">A vision model, or null.</param>
    /// <param name="textPath">A text model, or null.</param>
    /// <param name="maxTextTokens">The maximum number of tokens of a text, see <see cref="MemeConfig.MaxTextTokens"/>.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">Both paths are null.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or holds another kind of model.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static MemeEncoders Load(string? imagePath, string? textPath, int maxTextTokens = 48, MemeOptions? options = null)
    {
        if (imagePath is null && textPath is null)
        {
            throw new ArgumentException("Give an image encoder, a text encoder, or both.", nameof(imagePath));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(maxTextTokens, 1);
        return new MemeEncoders(
            () => imagePath is null ? null : D2vFile.Open(imagePath), () => textPath is null ? null : D2vFile.Open(textPath), maxTextTokens, options ?? new MemeOptions());
    }

    /// <summary>Loads the encoders of a meme model's file.</summary>
    internal static MemeEncoders Load(D2vFile file, MemeConfig config, MemeOptions options) => new(
        () => config.Image is null ? null : file.Part(MemeConfig.ImagePart), () => config.Text is null ? null : file.Part(MemeConfig.TextPart), config.MaxTextTokens, options);

    /// <summary>Encodes memes.</summary>
    /// <param name="memes">The memes. Missing texts are read from the images if there is a text encoder.</param>
    /// <param name="cancellationToken">Checked before each meme and layer.</param>
    /// <exception cref="InvalidDataException">An image cannot be preprocessed.</exception>
    /// <exception cref="InvalidOperationException">A text is missing, and there is no text recognizer.</exception>
    /// <exception cref="ObjectDisposedException">The encoders were disposed.</exception>
    public IReadOnlyList<MemeFeatures> Encode(IReadOnlyList<Meme> memes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memes);
        var texts = new (string Text, IReadOnlyList<RecognizedWord> Words)[memes.Count];
        Array.Fill(texts, ("", []));
        if (_text is not null)
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

        float[][]? ofImages = EmbedImages([.. memes.Select(meme => meme.Image)], cancellationToken);
        float[][]? ofTexts = EmbedTexts([.. texts.Select(text => text.Text)], cancellationToken);
        return [.. texts.Select((text, i) => new MemeFeatures((float[])[.. ofImages?[i] ?? [], .. ofTexts?[i] ?? []], text.Text, text.Words))];
    }

    /// <summary>Frees the encoders. The text recognizer is the caller's.</summary>
    public void Dispose()
    {
        foreach (IDisposable? owned in (IDisposable?[])[_image, _text, ImageFile, TextFile])
        {
            owned?.Dispose();
        }
    }

    /// <summary>The vectors of texts; null without a text encoder.</summary>
    internal float[][]? EmbedTexts(string[] texts, CancellationToken cancellationToken) => _text?.Embed(
        texts, new EmbeddingOptions { LongTexts = LongTextPolicy.Truncate, MaxTokens = MaxTextTokens + 2 }, cancellationToken);

    /// <summary>The vectors of images; null without an image encoder.</summary>
    internal float[][]? EmbedImages(RgbImage[] images, CancellationToken cancellationToken) => _image?.Embed(images, cancellationToken: cancellationToken);

    /// <summary>A digest of everything that affects the features of a meme.</summary>
    internal byte[] Identity()
    {
        var text = new StringBuilder();
        foreach (D2vFile? file in (D2vFile?[])[ImageFile, TextFile])
        {
            text.Append(CultureInfo.InvariantCulture, $"{file?.Architecture}\n{file?.Config.GetRawText()}\n");
            IEnumerable<string> tensors = file?.Tensors.Values.Select(tensor => $"{tensor.Name} {tensor.Type} {tensor.Crc32C}\n") ?? [];
            text.AppendJoin("", tensors.Concat(file?.Assets.Values.Select(asset => $"{asset.Name} {asset.Crc32C}\n") ?? []));
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
            ?? throw new InvalidOperationException("A meme has no text, and there is no recognizer to read it: give a text, or options with a TextRecognizer.");
        IReadOnlyList<RecognizedWord> words = recognizer.Recognize(meme.Image);
        return (string.Join(' ', words.Select(word => word.Text)), words);
    }

    /// <summary>Loads a model that owns a view of the file.</summary>
    private TModel? Load<TModel>(D2vFile? file)
        where TModel : Data2VecModel =>
        file is null ? null : Data2VecModel.Load<TModel>(file.Share(), new ModelOptions { Backend = _options.Backend, Threads = _options.Threads });
}
