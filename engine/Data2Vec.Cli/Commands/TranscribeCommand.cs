using System.CommandLine;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec transcribe</c>: what is spoken in recordings.</summary>
internal static class TranscribeCommand
{
    private const string Shipped = "speech-ctc.d2v";

    public static Command Create()
    {
        Argument<string[]> inputs = ModelArguments.Recordings();
        Option<string?> model = ModelArguments.Model(Shipped);
        Option<int?> threads = ModelArguments.Threads();
        var command = new Command("transcribe", "Write down what is spoken in recordings") { inputs, model, threads, ModelArguments.Device() };
        command.SetAction(parsed =>
        {
            string path = Files.Model(parsed.GetValue(model), Shipped);
            using Data2VecModel loaded = Data2VecModel.Load(path, ModelArguments.Options(parsed.GetValue(threads)));
            if (!loaded.CanTranscribe)
                throw new InvalidDataException($"{path}: the model has no CTC head, so it gives vectors (embed) and not text");
            string[] recordings = parsed.GetRequiredValue(inputs);
            foreach (string recording in recordings)
            {
                AudioInput input = AudioInput.Load(recording, loaded.SampleRate);
                string text = input.Run(samples => loaded.Transcribe([samples], !input.IsRaw))[0];
                parsed.InvocationConfiguration.Output.WriteLine(recordings.Length == 1 ? text : $"{recording}\t{text}");
            }
        });
        return command;
    }
}
