using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>The options of <c>data2vec transcribe</c>.</summary>
internal sealed class TranscriptArguments
{
    private readonly Option<string> _format = new Option<string>("--format") { Description = "The format of the result: json has all words with their times and confidence, srt and vtt are subtitles", DefaultValueFactory = _ => "text" }
        .AcceptOnlyFromAmong(TranscriptWriter.Formats);
    private readonly Option<string?> _output = new("--output", "-o") { Description = "The file to write, or a folder, which gets a file for each recording; default: the standard output", HelpName = "FILE|FOLDER" };
    private readonly Option<bool> _words = new("--words") { Description = "A line or a subtitle for each word, with its times" };
    private readonly Option<string?> _split = new Option<string?>("--split") { Description = "Split recordings at pauses, and transcribe each part alone" }.AcceptOnlyFromAmong("silence");
    private readonly Option<double?> _pause = OptionFactory.Seconds("--pause", "The shortest pause of --split silence, in seconds; default: 0.5", 0.02, 60);
    private readonly DecodingArguments _decoding;
    private readonly Option<bool> _live = new("--live") { Description = "Transcribe sound as it comes, such as that of a microphone from a pipe; tentative text appears on a terminal" };

    private TranscriptArguments(Command command)
    {
        command.Add(_format, _output, _words, _split, _pause, _live);
        _decoding = DecodingArguments.AddTo(command);
    }

    public static TranscriptArguments AddTo(Command command)
    {
        var arguments = new TranscriptArguments(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(arguments._pause) is not null && result.GetResult(arguments._split) is null)
            {
                result.AddError("--pause is for --split silence");
            }

            if (result.GetValue(arguments._live) && result.GetResult("--long") is not null)
            {
                result.AddError("--long has no effect with --live, which always cuts sound into windows (--window)");
            }

            if (result.GetValue(arguments._live)
                && (result.GetResult(arguments._split) is not null || result.GetResult(arguments._output) is not null || result.GetValue(arguments._format) is "srt" or "vtt"))
            {
                result.AddError("--live writes text, json or tsv to the standard output, and does not split at pauses");
            }
        });
        return arguments;
    }

    public bool IsLive(ParseResult parsed) => parsed.GetValue(_live);

    public string Format(ParseResult parsed) => parsed.GetRequiredValue(_format);

    public bool Words(ParseResult parsed) => parsed.GetValue(_words);

    /// <summary>The file or folder to write; null for the standard output.</summary>
    public string? Output(ParseResult parsed) => parsed.GetValue(_output) is var path and not "-" ? path : null;

    /// <summary>The files that the options name, besides the output.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => _decoding.Paths(parsed);

    /// <summary>Opens what finds the words in the outputs of a model.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The model, which has a CTC head.</param>
    /// <param name="path">Its file.</param>
    /// <param name="bad">Receives remarks.</param>
    public OpenedDecoder OpenDecoder(ParseResult parsed, SpeechModel model, string path, BadInputs bad)
    {
        CtcLabels labels = model.Ctc ?? throw new InvalidDataException($"{path}: the model has no CTC head: it gives vectors, not text");
        OpenedDecoder opened = _decoding.OpenFor(parsed, labels, path);
        foreach (string note in opened.Notes)
        {
            bad.Warn(note);
        }

        return opened;
    }

    /// <summary>How recordings are transcribed.</summary>
    public TranscribeOptions Options(ParseResult parsed, ModelArguments models, CtcDecoder decoder) => new()
    {
        Decoder = decoder,
        LongRecordings = models.LongRecordings(parsed),
        Windows = models.Windows(parsed),
        Silence = parsed.GetValue(_split) is null ? null
            : parsed.GetValue(_pause) is { } seconds ? new SilenceSplitting { ShortestPause = TimeSpan.FromSeconds(seconds) }
            : new SilenceSplitting(),
    };

    /// <summary>How a model transcribes sound as it comes.</summary>
    public static LiveTranscriptionOptions LiveOptions(ParseResult parsed, ModelArguments models, CtcDecoder decoder, bool tentative)
    {
        var usual = new LiveTranscriptionOptions();
        return usual with
        {
            Decoder = decoder,
            Windows = models.LiveWindows(parsed) ?? usual.Windows,
            UpdateInterval = tentative ? usual.UpdateInterval : Timeout.InfiniteTimeSpan,
        };
    }
}
