using Data2Vec.Converters;

namespace Data2Vec.Cli;

/// <summary><c>data2vec convert</c>: converts a checkpoint to a model file.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "A checkpoint of a speech, text, image or meme model: a file, or a folder with a config.json" };
        var output = new Option<string>("--output", "-o") { Description = "The model file to write (.d2v)", Required = true, HelpName = "MODEL" };
        var dictionary = new Option<string?>("--dict") { Description = "A fairseq dictionary: dict.txt of a text model (with --bpe), or dict.ltr.txt of a CTC head, which replaces the checkpoint's own", HelpName = "FILE" };
        var bytePairs = new Option<string[]>("--bpe") { Description = "The tokenizer files of a text model: encoder.json and vocab.bpe", HelpName = "ENCODER VOCAB", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
        var wordPieces = new Option<string?>("--vocab") { Description = "The vocabulary of a BERT model: vocab.txt", HelpName = "FILE" };
        var labelFile = new Option<string?>("--labels") { Description = "The labels of a classification head, one per line", HelpName = "FILE" };
        var head = new Option<string?>("--head") { Description = "The classification head of a fairseq text model that has several, by its name", HelpName = "NAME" };
        var noHead = new Option<bool>("--no-head") { Description = "Leave out the head of a text model or of a Hugging Face model, which then gives vectors alone" };
        Option<string> type = OptionFactory.Dtype();
        var teacher = new Option<bool>("--teacher") { Description = "Use the transformer weights of the pre-training's EMA teacher" };
        var student = new Option<bool>("--student") { Description = "Use the student of a checkpoint of which otherwise the teacher is used (DINO)" };
        Option<int?> heads = new Option<int?>("--heads") { Description = "The number of attention heads of a vision transformer whose checkpoint does not give it", HelpName = "N" }
            .Check(value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0, _ => "--heads must be a whole number of at least 1");
        var command = new Command("convert", "Convert a checkpoint to a model file")
        {
            checkpoint, output, dictionary, bytePairs, wordPieces, labelFile, head, noHead, type, teacher, student, heads,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(head) is not null && result.GetValue(noHead))
            {
                result.AddError("--head and --no-head exclude each other");
            }

            if (result.GetValue(student) && result.GetValue(teacher))
            {
                result.AddError("--student and --teacher exclude each other");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string source = Files.RequireFileOrFolder(parsed.GetRequiredValue(checkpoint));
            string target = Files.RequireTarget(parsed.GetRequiredValue(output));
            string? dict = parsed.GetValue(dictionary), vocabulary = parsed.GetValue(wordPieces), labels = parsed.GetValue(labelFile);
            string[] bpe = parsed.GetValue(bytePairs) ?? [];
            string[] files = [.. new[] { dict, vocabulary, labels }.OfType<string>(), .. bpe];
            foreach (string file in files)
            {
                Files.RequireFile(file);
            }

            Files.RequireOther(target, [source, .. files]);
            var options = new ConversionOptions
            {
                DictionaryPath = dict,
                BytePairFiles = bpe is [string encoder, string merges] ? (encoder, merges) : null,
                VocabularyPath = vocabulary,
                LabelsPath = labels,
                HeadName = parsed.GetValue(head),
                WithoutHead = parsed.GetValue(noHead),
                Type = OptionFactory.ParseDtype(parsed.GetRequiredValue(type)),
                Teacher = parsed.GetValue(teacher),
                Student = parsed.GetValue(student),
                Heads = parsed.GetValue(heads),
            };
            ConversionResult result = WorkProgress.ShowParts(
                parsed.InvocationConfiguration.Error,
                report => Convert(source, Files.ModelTarget(target), options, new ProgressAction<ConversionProgress>(value =>
                {
                    // The writer removes its incomplete file.
                    cancellation.ThrowIfCancellationRequested();
                    report($"Converting {Path.GetFileName(source)}", value.Done, value.Total);
                })));
            foreach (string warning in result.Warnings)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"data2vec: warning: {TerminalText.OneLine(warning)}");
            }

            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{target}: {result.Description}; {result.Parameters:N0} weights, {result.Bytes:N0} bytes"));
        });
        return command;
    }

    private static ConversionResult Convert(string source, string target, ConversionOptions options, IProgress<ConversionProgress> progress)
    {
        try
        {
            return CheckpointConverter.Convert(source, target, options, progress);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException(BadInputs.Named(source, problem.Message), problem);
        }
    }
}
