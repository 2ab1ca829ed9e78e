namespace Data2Vec.Cli;

/// <summary><c>data2vec transcribe</c>: transcribes recordings.</summary>
internal static class TranscribeCommand
{
    public static Command Create()
    {
        var inputs = new Argument<string[]>("INPUT")
        {
            Description = "Recordings: WAV files, or .npy files of f32 [samples] that are passed to the model unprocessed",
            Arity = ArgumentArity.OneOrMore,
        };
        inputs.Validators.Add(InputArguments.RefuseOptions);
        var command = new Command("transcribe", "Transcribe recordings") { inputs };
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Transcription);
        command.SetAction(parsed =>
        {
            string[] recordings = parsed.GetRequiredValue(inputs);
            foreach (string recording in recordings)
            {
                Files.RequireFile(recording);
            }

            using ModelSet loaded = models.Load(parsed);
            var runner = new ModelRunner(loaded, default);
            foreach (string recording in recordings)
            {
                string text = runner.Transcribe(InputReader.Load(recording));
                parsed.InvocationConfiguration.Output.WriteLine(recordings.Length == 1 ? text : $"{recording}\t{text}");
            }
        });
        return command;
    }
}
