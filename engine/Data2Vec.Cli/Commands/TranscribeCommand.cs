namespace Data2Vec.Cli;

/// <summary><c>data2vec transcribe</c>: transcribes recordings.</summary>
internal static class TranscribeCommand
{
    public static Command Create()
    {
        var command = new Command("transcribe", "Transcribe recordings");
        InputArguments inputs = InputArguments.AddTo(command, "What to transcribe", Modality.Speech);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Transcription);
        command.SetCancellableAction((parsed, cancellation) =>
            ResultLines.Run(
                "Transcribing",
                parsed,
                inputs,
                models,
                (runner, sources, report, write) => runner.Transcribe(
                    sources, report, result => write([sources.Count == 1 ? result.Text : $"{TerminalText.OneLine(result.Input)}\t{result.Text}"])),
                cancellation));
        return command;
    }
}
