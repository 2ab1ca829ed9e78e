using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary><c>data2vec transcribe</c>: transcribes recordings.</summary>
internal static class TranscribeCommand
{
    public static Command Create()
    {
        var command = new Command("transcribe", "Transcribe recordings");
        InputArguments inputs = InputArguments.AddTo(command, "What to transcribe", Modality.Speech);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Transcription);
        TranscriptArguments transcripts = TranscriptArguments.AddTo(command);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string? output = transcripts.Output(parsed);
            bool isFolder = output is not null && (Directory.Exists(output) || output.EndsWith('/') || output.EndsWith(Path.DirectorySeparatorChar));
            Files.RequireOutput(isFolder ? null : output, [.. models.Paths(parsed), .. inputs.Paths(parsed), .. transcripts.Paths(parsed)]);
            using ModelSet loaded = models.Load(parsed);
            BadInputs bad = inputs.BadInputs(parsed);
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, loaded.Kinds, bad, isFolder ? null : output, together: true, cancellation);
            var runner = new ModelRunner(loaded, bad, cancellation);
            using var decoder = new TranscriptDecoder((model, path) => transcripts.OpenDecoder(parsed, model, path, bad));
            if (transcripts.IsLive(parsed))
            {
                LiveLines.Write(parsed, transcripts.Format(parsed), transcripts.Words(parsed), (tentative, write) =>
                    runner.Live(sources, (model, path) => TranscriptArguments.LiveOptions(parsed, models, decoder.For(model, path), tentative), write));
                return bad.ExitCode;
            }

            TranscriptOutput target = TranscriptOutput.Create(parsed, output, isFolder, transcripts.Format(parsed), transcripts.Words(parsed), [.. sources.Select(source => source.Name)]);
            target.Write(write => WorkProgress.Show(
                "Transcribing",
                parsed.InvocationConfiguration.Error,
                output is not null || Console.IsOutputRedirected,
                report => runner.Transcribe(sources, (model, path) => transcripts.Options(parsed, models, decoder.For(model, path)), report, write)));
            return bad.ExitCode;
        });
        return command;
    }
}

/// <summary>The decoder of a command, which is opened once, when the model is known: it may have large files.</summary>
/// <param name="open">Opens it.</param>
internal sealed class TranscriptDecoder(Func<SpeechModel, string, OpenedDecoder> open) : IDisposable
{
    private OpenedDecoder? _opened;

    /// <exception cref="ModelException">The decoder cannot be opened. That is not the fault of the recording which is the first to need it.</exception>
    public CtcDecoder For(SpeechModel model, string path)
    {
        try
        {
            return (_opened ??= open(model, path)).Decoder;
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ModelException(error.Message, error);
        }
    }

    public void Dispose() => _opened?.Dispose();
}
