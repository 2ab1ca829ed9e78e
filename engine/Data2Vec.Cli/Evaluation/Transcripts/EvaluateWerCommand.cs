using System.Text.Json.Nodes;

namespace Data2Vec.Cli;

/// <summary><c>data2vec evaluate wer</c>: word error rates of transcripts.</summary>
internal static class EvaluateWerCommand
{
    private const string Bundled = "speech-ctc.d2v";

    public static Command Create()
    {
        var references = new Option<string?>("--references") { Description = "What was said: a folder as LibriSpeech has it, a manifest of fairseq, a table with ids and texts, a .trn file, or lines", HelpName = "PATH" };
        var hypotheses = new Option<string?>("--hypotheses") { Description = "What was recognized, in one of these forms", HelpName = "PATH" };
        var data = new Option<string?>("--data") { Description = "Instead of hypotheses, recordings that a model transcribes: a folder as LibriSpeech has it, a manifest, or a table of recordings and transcripts", HelpName = "PATH" };
        var model = new Option<string?>("--model") { Description = $"The model that transcribes; default: {Bundled} in the program's models folder", HelpName = "MODEL" };
        Option<int> samples = OptionFactory.MaxSamples();
        var command = new Command("wer", "Word and character error rates of transcripts, from files or by a model") { references, hypotheses, data, model };
        WerScoring scoring = WerScoring.AddTo(command);
        command.Add(samples);
        DecodingArguments decoding = DecodingArguments.AddTo(command);
        EvaluationArguments arguments = EvaluationArguments.AddTo(command, hasRecipes: true);
        command.Validators.Add(result =>
        {
            bool hasData = result.GetResult(data) is not null, hasHypotheses = result.GetResult(hypotheses) is not null;
            if (hasData == hasHypotheses)
            {
                result.AddError("give --hypotheses, or --data for recordings that a model transcribes");
            }
            else if (hasHypotheses && result.GetResult(references) is null)
            {
                result.AddError("give --references for the hypotheses");
            }
            else if (hasHypotheses && result.GetResult(model) is not null)
            {
                result.AddError("--model transcribes --data; leave out --hypotheses or --model");
            }
            else if (hasHypotheses && (decoding.Given(result) ?? arguments.GivenResults(result)) is { } idle)
            {
                result.AddError($"{idle.Name} is for --data; leave it out with --hypotheses");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string?[] inputs = [parsed.GetValue(references), parsed.GetValue(hypotheses), parsed.GetValue(data)];
            arguments.RequireOutputs(parsed, inputs);
            scoring.RequireOutputs(parsed, inputs);
            EvaluationRecipe? recipe = arguments.Recipe(parsed);
            BadInputs bad = arguments.Bad(parsed);
            var report = new EvaluationReport("Word error rate") { Source = recipe?.Source };
            TranscriptList? given = parsed.GetValue(references) is { } path ? TranscriptFile.Read(path) : null;
            IReadOnlyList<TranscriptPair> pairs;
            if (parsed.GetValue(data) is { } recordings)
            {
                using Device device = arguments.Open(parsed);
                using var loaded = EvaluatedModel<SpeechModel>.Load(parsed.GetValue(model) ?? Files.Bundled(Bundled), device);
                if (!loaded.Model.CanTranscribe)
                {
                    throw new InvalidDataException($"{loaded.Given}: the model has no CTC head, so it cannot transcribe");
                }

                pairs = Transcribe(Files.RequireFileOrFolder(recordings), given, loaded, recipe, report);
            }
            else
            {
                report.Facts.AddRange([("references", given!.Path), ("hypotheses", parsed.GetValue(hypotheses)!)]);
                pairs = TranscriptPair.Match(given, TranscriptFile.Read(parsed.GetValue(hypotheses)!));
            }

            scoring.Score(parsed, pairs, recipe, report, bad);
            return arguments.Finish(parsed, report, bad);

            IReadOnlyList<TranscriptPair> Transcribe(string source, TranscriptList? others, EvaluatedModel<SpeechModel> loaded, EvaluationRecipe? settings, EvaluationReport into)
            {
                var set = new RecordingTranscripts(source, withTranscripts: others is null, loaded.Model, bad);
                using OpenedDecoder opened = decoding.OpenFor(parsed, loaded.Model.Ctc!, loaded.Path, settings?.LexiconSearch());
                var transcriber = new SpeechTranscriber(loaded.Model, opened.Decoder, decoding.Describe(parsed, opened), settings?.Decoding);
                foreach (string remark in opened.Notes.Prepend(transcriber.Remark).Prepend(settings?.DifferenceFrom(loaded.Model, loaded.Given)).OfType<string>())
                {
                    bad.Warn(remark);
                }

                using ResultFile results = arguments.Results(
                    parsed, new JsonObject { ["model"] = loaded.Digest(), ["data"] = set.Describe(), ["decoding"] = transcriber.Settings.DeepClone() }, bad);
                TranscriptList? found = null;
                double seconds = 0;
                arguments.Show(parsed, "Transcribing", progress =>
                    (found, seconds) = set.Transcribe(transcriber, parsed.GetValue(samples), results, bad, progress, cancellation));
                into.Facts.AddRange(
                [
                    ("model", loaded.Given), ("data", source), ("decoding", transcriber.Settings.ToJsonString(TerminalText.Json)),
                    ("sound", TerminalText.Duration(TimeSpan.FromSeconds(seconds))),
                ]);

                // A bad recording was reported; its reference is left out with it.
                TranscriptList all = others ?? set.References;
                HashSet<string> transcribed = [.. found!.Entries.Select(entry => entry.Id)];
                return TranscriptPair.Match(bad.Count == 0 ? all : all with { Entries = [.. all.Entries.Where(entry => transcribed.Contains(entry.Id))] }, found);
            }
        });
        return command;
    }
}
