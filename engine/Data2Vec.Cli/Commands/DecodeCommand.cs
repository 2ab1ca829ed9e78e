using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Cli;

/// <summary><c>data2vec decode</c>: finds the text in the outputs of CTC models.</summary>
internal static class DecodeCommand
{
    public static Command Create()
    {
        var emissions = new Argument<string[]>("EMISSIONS") { Description = "The outputs of a CTC model, logits or log probabilities: .npy files with an array [frames, labels]; folders with them; - for the standard input", Arity = ArgumentArity.OneOrMore };
        emissions.Validators.Add(InputArguments.RefuseOptions);
        var labels = new Option<string>("--labels") { Description = "The labels of the model: dict.ltr.txt of fairseq, vocab.json of Hugging Face, or a list with one per line", Required = true, HelpName = "FILE" };
        var blank = new Option<string?>("--blank") { Description = "The label that is the blank; default: <blank>, <pad>, [PAD], an empty label, or <s>", HelpName = "LABEL" };
        Option<int> best = new Option<int>("--n-best") { Description = "The number of texts to print, best first", DefaultValueFactory = _ => 1, HelpName = "N" }.Range(1, 10_000);
        var json = new Option<bool>("--json") { Description = "Print a JSON object per line: text, score, label path, words with frames and confidence" };
        var strict = new Option<bool>("--strict") { Description = "Stop at the first bad input" };
        var tune = new Option<string?>("--tune") { Description = "Search --lm-weight and --word-score with the fewest word errors: a file with the name of an utterance, a tab, and its text in each line", HelpName = "REFS.tsv" };
        Option<int> trials = new Option<int>("--trials") { Description = "For --tune: the number of weights to try", DefaultValueFactory = _ => 64, HelpName = "N" }.Range(1, 100_000);
        Option<int> seed = new Option<int>("--seed") { Description = "For --tune: determines the weights", DefaultValueFactory = _ => 0, HelpName = "N" }.Range(0, int.MaxValue);
        var command = new Command("decode", "Find the text in the outputs of a CTC model, with or without a lexicon and a language model") { emissions };
        command.Add(labels, blank, best, json, strict);
        DecodingArguments decoding = DecodingArguments.AddTo(command);
        command.Add(tune, trials, seed);
        command.Validators.Add(result =>
        {
            if (result.GetResult(tune) is null && new Option[] { trials, seed }.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } idle)
            {
                result.AddError($"{idle.Name} is for --tune");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            var bad = new BadInputs(parsed.InvocationConfiguration.Error, parsed.GetValue(strict));
            CtcLabels ctc = CtcLabelFile.Read(Files.RequireFile(parsed.GetRequiredValue(labels)), parsed.GetValue(blank));
            using OpenedDecoder opened = decoding.OpenFor(parsed, ctc, texts: parsed.GetValue(best));
            foreach (string note in opened.Notes)
            {
                bad.Warn(note);
            }

            IReadOnlyList<string> files = EmissionFiles.Find(parsed.GetRequiredValue(emissions), bad);
            if (parsed.GetValue(tune) is { } references)
            {
                var search = new WeightSearch(parsed.GetValue(seed), parsed.GetValue(trials));
                new DecoderTuning(opened, references, ctc, bad).Run(files, search, parsed.GetValue(json), output, cancellation);
                return bad.ExitCode;
            }

            foreach (string file in files)
            {
                cancellation.ThrowIfCancellationRequested();
                IReadOnlyList<CtcTranscript>? found = bad.Try(file, () => opened.Decoder.Decode(EmissionFiles.Read(file, ctc), parsed.GetValue(best)));
                if (found is not null)
                {
                    Write(output, file, found, parsed.GetValue(json), isNamed: files.Count > 1, isRanked: parsed.GetValue(best) > 1);
                }
            }

            return bad.ExitCode;
        });
        return command;
    }

    private static void Write(TextWriter output, string file, IReadOnlyList<CtcTranscript> found, bool json, bool isNamed, bool isRanked)
    {
        if (json)
        {
            output.WriteLine(DecodedJson.Line(file, found, isRanked));
        }
        else
        {
            for (int i = 0; i < found.Count; i++)
            {
                string rank = isRanked ? string.Create(CultureInfo.InvariantCulture, $"{i + 1}\t{found[i].Score:0.####}\t") : "";
                output.WriteLine($"{(isNamed ? $"{TerminalText.OneLine(file)}\t" : "")}{rank}{found[i].Text}");
            }
        }

        output.Flush();
    }
}

/// <summary>Transcripts in JSON.</summary>
internal static class DecodedJson
{
    /// <summary>An object in one line.</summary>
    /// <param name="input">The name of the input.</param>
    /// <param name="found">The transcripts, best first.</param>
    /// <param name="isRanked">Whether all are wanted.</param>
    public static string Line(string input, IReadOnlyList<CtcTranscript> found, bool isRanked)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = TerminalText.Json.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("input", input);
            json.WriteNumber("frames", found[0].Path.Count);
            Write(json, found[0]);
            if (isRanked)
            {
                json.WriteStartArray("alternatives");
                foreach (CtcTranscript other in found.Skip(1))
                {
                    json.WriteStartObject();
                    Write(json, other);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void Write(Utf8JsonWriter json, CtcTranscript transcript)
    {
        json.WriteString("text", transcript.Text);
        json.WriteNumber("score", Math.Round(transcript.Score, 6));
        json.WriteStartArray("words");
        foreach (CtcWord word in transcript.Words)
        {
            json.WriteStartObject();
            json.WriteString("word", word.Text);
            json.WriteNumber("start_frame", word.StartFrame);
            json.WriteNumber("end_frame", word.EndFrame);
            json.WriteNumber("confidence", Math.Round(word.Confidence, 6));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("path");
        foreach (int label in transcript.Path)
        {
            json.WriteNumberValue(label);
        }

        json.WriteEndArray();
    }
}
