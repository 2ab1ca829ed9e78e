using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.IO;
using Data2Vec.Training.Data;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>
/// Decides what kind of input a file is. <c>.txt</c> files are texts, <c>.npy</c> files are recognized by type and shape of their array, images and recordings by
/// their first bytes. What comes through a pipe may also be texts. Each file is opened once.
/// </summary>
/// <param name="kinds">The kinds of inputs that the command takes.</param>
/// <param name="images">The limits for images.</param>
/// <param name="maxSamples">The limit for recordings.</param>
/// <param name="warn">Receives what is unusual about an input that can be read.</param>
/// <param name="together">Whether several texts go through the model as one batch.</param>
/// <param name="pairs">Whether a line has two texts.</param>
/// <param name="cancellation">Ends the waiting for a pipe.</param>
internal sealed class InputReader(InputKinds kinds, ImageLimits images, int maxSamples, Action<string> warn, bool together, bool pairs, CancellationToken cancellation)
{
    public const int SignatureBytes = 4096;

    // A single short text would leave the device idle.
    private const int TextsPerBatch = 64;

    private readonly int _batch = together ? TextsPerBatch : 1;

    /// <summary>The inputs of a file: one per line of a text, otherwise one.</summary>
    /// <param name="path">The file; <c>-</c> is the standard input.</param>
    /// <returns>The inputs, which are read as the caller asks for them.</returns>
    /// <exception cref="InvalidDataException">No model takes the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IEnumerable<ModelInput> Read(string path)
    {
        using Stream opened = path == "-" ? Console.OpenStandardInput() : Wait(() => Files.OpenRead(path));
        using PipeStream? pipe = opened.CanSeek ? null : new PipeStream(opened, cancellation);
        Stream stream = pipe ?? opened;
        byte[] start = new byte[SignatureBytes];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (pipe is null)
        {
            stream.Position = 0;
        }
        else
        {
            pipe.Unread(start);
        }

        bool hasName = pipe is null && !path.StartsWith("/dev/", StringComparison.Ordinal);
        if (start.Length == 0)
        {
            throw new InvalidDataException("the file is empty");
        }

        bool isText = OptionFactory.HasExtension(path, ".txt") || (!hasName && ForeignFile.IsText(start) && !ImageFile.IsImage(start) && !IsRecording(start));
        if (isText)
        {
            kinds.Require(Modality.Text);
            if (!ForeignFile.IsText(start) && (IsRecording(start) || ImageFile.IsImage(start)))
            {
                throw new InvalidDataException($"this is {AudioFile.Name(start) ?? "an image"}, not a text; name it by its kind");
            }
        }

        foreach (ModelInput input in isText ? Lines(path, stream) : [Load(path, stream, start)])
        {
            yield return input;
        }
    }

    /// <summary>Whether a file begins like a recording.</summary>
    public static bool IsRecording(ReadOnlySpan<byte> start) => AudioFile.IsAudio(start, AudioCodecs.Options);

    /// <summary>Whether a text is the name of an input.</summary>
    public bool IsInputName(string text) => kinds.TakeName(text);

    /// <summary>A file as a source of inputs.</summary>
    public InputSource Source(string path) => new(path, FormOf(path), () => Read(path));

    /// <summary>Texts that are named by themselves.</summary>
    public IEnumerable<InputSource> Texts(IEnumerable<string> texts) => texts.Chunk(_batch)
        .Select(batch => new InputSource(TerminalText.Short(batch[0]), TextForm, () => [Create([.. batch.Select(TerminalText.Short)], batch, batch, 1)]));

    /// <summary>A text of token ids, such as <c>0 31414 2</c>.</summary>
    public static InputSource Tokens(string tokens)
    {
        int[] ids = [.. tokens.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Id)];
        string name = ids.Length == 0 ? "--tokens" : tokens;
        return new InputSource(name, InputForm.TokenIds, () => [new PreparedInput<string, int>(InputForm.TokenIds, name, ids)]);

        static int Id(string part) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? id
            : throw new UsageException($"--tokens: '{part}' is not a token id, which is a whole number");
    }

    private InputForm TextForm => pairs ? InputForm.Pair : InputForm.Text;

    private InputForm? FormOf(string path) =>
        FolderFiles.IsText(path) ? TextForm
        : FolderFiles.IsRecording(path) ? InputForm.Recording
        : FolderFiles.IsImage(path) ? InputForm.Image
        : null;

    private ModelInput Load(string path, Stream stream, ReadOnlySpan<byte> start)
    {
        if (OptionFactory.HasExtension(path, ".npy") || start is [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..])
        {
            NpyArray array = NpyFile.Read(stream);
            ModelInput input = stream.ReadByte() < 0 ? Array(path, array) : throw new InvalidDataException("the file continues after its first array; save one array per file");
            kinds.Require(input.Modality);
            return input;
        }

        if (ImageFile.IsImage(start))
        {
            kinds.Require(Modality.Vision);
            return new RawInput<RgbImage, float>(InputForm.Image, [path], [ImageFile.Load(stream, images)]);
        }

        if (IsRecording(start))
        {
            kinds.Require(Modality.Speech);
            AudioReadOptions options = AudioCodecs.Options with { MaxSamples = maxSamples, Warning = message => warn($"{path}: {message}") };
            return new RecordingInput(path, stream, options);
        }

        string advice = kinds.Take(Modality.Text) && ForeignFile.IsText(start) ? "; to use its lines as texts, name it .txt" : "";
        throw new InvalidDataException($"this is {ForeignFile.Describe(start)}; the inputs are {kinds}{advice}");
    }

    private IEnumerable<ModelInput> Lines(string path, Stream stream)
    {
        int number = 0;
        InvalidDataException? problem = null;
        using IEnumerator<string> lines = TextFile.ReadLines(stream).GetEnumerator();
        while (problem is null && Next(lines, out problem) is { Count: > 0 } batch)
        {
            string[] names = [.. batch.Select(_ => string.Create(CultureInfo.InvariantCulture, $"{path}:{++number}"))];
            yield return Create(names, names, batch, stream.CanSeek ? (double)stream.Position / stream.Length : 0);
        }

        if (problem is not null || number == 0)
        {
            throw problem ?? new InvalidDataException("the file has no text");
        }
    }

    private ModelInput Create(IReadOnlyList<string> labels, IReadOnlyList<string> names, IReadOnlyList<string> lines, double progress) =>
        pairs ? new PairInput(labels, names, lines) { Progress = progress } : new TextInput(labels, names, lines) { Progress = progress };

    /// <summary>The next lines, at most a batch of them, and the error that ends them.</summary>
    private List<string> Next(IEnumerator<string> lines, out InvalidDataException? problem)
    {
        var batch = new List<string>();
        problem = null;
        try
        {
            while (batch.Count < _batch && lines.MoveNext())
            {
                batch.Add(lines.Current);
            }
        }
        catch (InvalidDataException error)
        {
            problem = error;
        }

        return batch;
    }

    /// <summary>Opens a file. A named pipe waits for its writer; cancelling ends the waiting.</summary>
    private T Wait<T>(Func<T> open) => Task.Run(open, cancellation).WaitAsync(cancellation).GetAwaiter().GetResult();

    private static ModelInput Array(string path, NpyArray array)
    {
        switch (array.Shape)
        {
            case [_] or [1, _] when array.ElementType == typeof(float):
                return new PreparedInput<Waveform, float>(InputForm.Samples, path, array.Floats());
            case [3, _, _] or [1, 3, _, _] when array.ElementType == typeof(float):
                return new PreparedInput<RgbImage, float>(InputForm.Pixels, path, array.Floats(), model =>
                {
                    int size = ((VisionModel)model).Preprocessing.CropSize;
                    if (array.Shape is [.., var height, var width] && (height != size || width != size))
                    {
                        throw new InvalidDataException($"pixels [{string.Join(", ", array.Shape)}], and the model takes [3, {size}, {size}]");
                    }
                });
            case [_] or [1, _] when array.ElementType == typeof(long) || array.ElementType == typeof(int):
                long[] ids = array.Int64s();
                return ids.FirstOrDefault(id => id is < 0 or > int.MaxValue) is var outside and not 0
                    ? throw new InvalidDataException($"{outside} is not a token id")
                    : new PreparedInput<string, int>(InputForm.TokenIds, path, [.. ids.Select(id => (int)id)]);
            default:
                throw new InvalidDataException(
                    $"{array} does not fit any model; a waveform is float32 [samples], pixels are float32 [3, height, width], token ids int64 [tokens]");
        }
    }
}
