using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>Runs inputs through the models of their modality, one source after another. Bad inputs are reported, and the rest is done.</summary>
/// <param name="models">The models.</param>
/// <param name="bad">Receives bad inputs.</param>
/// <param name="cancellation">Ends the work.</param>
/// <param name="limits">The options that apply to some inputs only; those of the models' command line by default.</param>
internal sealed class ModelRunner(ModelSet models, BadInputs bad, CancellationToken cancellation, LimitedOptions? limits = null)
{
    private readonly LimitedOptions _limits = limits ?? models.Limited;

    /// <summary>Embeds inputs. For all layers, each source must be a single input.</summary>
    /// <param name="sources">The inputs.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="allLayers">Whether to compute the vectors of all layers.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="write">Receives the vectors of one input, as they come.</param>
    public void Embed(IReadOnlyList<InputSource> sources, EmbeddingOptions options, bool allLayers, Action<double> report, Action<EmbeddingRecord[]> write) => Run(
        sources,
        report,
        (input, model, path) =>
        {
            options.RequireFrom(model, path);
            EmbeddingOptions chosen = options.ForModel(model);
            IReadOnlyList<TextExtent> extents = Extents(input, model, chosen, options.Pooling != Pooling.None);
            int dimensions = options.SizeIn(model, allLayers);
            float[][] vectors = allLayers ? input.EmbedLayers(model, chosen, cancellation) : input.Embed(model, chosen, cancellation);
            EmbeddingRecord Record(int i, int? layer, float[] vector) =>
                new(input.Names[i], path, model.Id ?? Path.GetFileName(path), layer, dimensions, RequireFinite(vector), extents.ElementAtOrDefault(i), input.Line(i));
            return allLayers
                ? [[.. vectors.Select((vector, layer) => Record(0, layer, vector))]]
                : [.. vectors.Select((vector, i) => new[] { Record(i, options.Layer, vector) })];
        },
        write);

    /// <summary>Classifies inputs.</summary>
    /// <inheritdoc cref="Embed" path="/param"/>
    public void Classify(IReadOnlyList<InputSource> sources, ClassificationOptions options, Action<double> report, Action<(string Input, LabelProbability[] Labels, HeadFunction Head)> write) => Run(
        sources,
        report,
        (input, model, _) =>
        {
            Extents(input, model, options, pooled: true);
            return input.Names.Zip(input.Classify(model, options, cancellation), (name, labels) =>
            {
                RequireFinite(labels.Select(label => label.Probability));
                return (name, labels, model.Config.HeadFunction);
            }).ToArray();
        },
        write);

    /// <summary>Tokenizes texts and pairs of texts.</summary>
    /// <param name="sources">The texts.</param>
    /// <param name="options">How texts are handled.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="write">Receives the model inputs of one text, as they come.</param>
    public void Tokenize(IReadOnlyList<InputSource> sources, InputOptions options, Action<double> report, Action<TokenizedInput> write) => Run(
        sources,
        report,
        (input, model, _) => (model, input) switch
        {
            (TextModel text, PairInput pairs) => (IReadOnlyList<TokenizedInput>)
                [.. pairs.Tokens(text, options, cancellation).Select((tokens, i) => new TokenizedInput(input.Names[i], [tokens.Ids], tokens.Types, tokens.IsTruncated))],
            (TextModel { Tokenizer: null }, TextInput) => throw new ModelException($"{models.For(Modality.Text).Path}: the model has no tokenizer; convert its checkpoint with one"),
            (TextModel text, TextInput texts) =>
                [.. texts.Windows(text, options, pooled: true, cancellation).Select((windows, i) => new TokenizedInput(input.Names[i], [.. windows.Windows.Select(window => window.Ids)], null, windows.IsTruncated))],
            _ => throw new InvalidDataException($"tokenize takes texts, not {(input.Modality == Modality.Text ? "arrays" : input.Modality.Inputs())}"),
        },
        write);

    /// <summary>Transcribes recordings.</summary>
    /// <param name="sources">The recordings.</param>
    /// <param name="options">How a model, loaded from a file, transcribes them.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="write">Receives the transcript of one recording, as they come.</param>
    public void Transcribe(
        IReadOnlyList<InputSource> sources, Func<SpeechModel, string, TranscribeOptions> options, Action<double> report, Action<TranscriptRecord> write) => Run(
        sources,
        report,
        (input, model, path) =>
        {
            Transcript transcript = (model, input) switch
            {
                (SpeechModel speech, RecordingInput recording) => speech.TranscribeWithTimes(recording.Source, options(speech, path), cancellation),
                (SpeechModel speech, PreparedInput<Waveform, float> samples) => speech.TranscribePreparedWithTimes(samples.Values, options(speech, path), cancellation),
                _ => throw new InvalidDataException($"transcribe takes recordings, not {input.Modality.Inputs()}"),
            };
            if (transcript.Text.Length == 0)
            {
                bad.Warn($"{input.Label}: the model hears no words; the transcript is empty");
            }

            return [new TranscriptRecord(input.Names[0], transcript)];
        },
        write);

    /// <summary>Transcribes recordings as they come. When this is cancelled, what was heard so far becomes final.</summary>
    /// <param name="sources">The recordings, such as the standard input.</param>
    /// <param name="options">How a model, loaded from a file, transcribes them.</param>
    /// <param name="write">Receives what is new.</param>
    public void Live(IReadOnlyList<InputSource> sources, Func<SpeechModel, string, LiveTranscriptionOptions> options, Action<TranscriptUpdate> write) => Run<object>(
        sources,
        _ => { },
        (input, model, path) =>
        {
            if ((model, input) is not (SpeechModel speech, RecordingInput recording))
            {
                throw new InvalidDataException($"--live takes recordings, not {(input.Modality == Modality.Speech ? "arrays" : input.Modality.Inputs())}");
            }

            LiveTranscriptionOptions chosen = options(speech, path);
            LiveTranscription? session = null;
            bool hasWords = false;
            try
            {
                recording.Source.Read((samples, rate) => Write((session ??= speech.StartLive(rate, chosen)).Append(samples, cancellation)));
            }
            catch (Exception problem) when (problem is OperationCanceledException or IOException or InvalidDataException)
            {
                Write(session?.Complete(CancellationToken.None) ?? []);
                throw;
            }

            Write(session?.Complete(CancellationToken.None) ?? []);
            if (session is null || session.Duration < TimeSpan.FromSeconds((double)speech.Config.SamplesFor(1) / speech.SampleRate))
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture, $"the recording lasts {(session?.Duration ?? TimeSpan.Zero).TotalMilliseconds:0.#} ms, which is too short for one frame"));
            }

            if (!hasWords)
            {
                bad.Warn($"{input.Label}: the model hears no words");
            }

            return [];

            void Write(IReadOnlyList<TranscriptUpdate> updates)
            {
                foreach (TranscriptUpdate update in updates)
                {
                    hasWords |= update.IsFinal && update.Text.Length > 0;
                    write(update);
                }
            }
        },
        _ => { });

    private void Run<T>(IReadOnlyList<InputSource> sources, Action<double> report, Func<ModelInput, Data2VecModel, string, IReadOnlyList<T>> run, Action<T> write)
    {
        _limits.RequirePossible(sources);
        bool hasResults = false;
        for (int i = 0; i < sources.Count; i++)
        {
            if (sources[i].Form is { } known)
            {
                _limits.See(known);
            }

            using IEnumerator<ModelInput> inputs = sources[i].Read().GetEnumerator();
            while (bad.Try(sources[i].Name, () => inputs.MoveNext() ? inputs.Current : null) is { } input)
            {
                if (input is RecordingInput recording)
                {
                    int place = i;
                    recording.Report = share => report((place + share) / sources.Count);
                }

                if (_limits.See(input.Form) is { } skipped)
                {
                    // The results so far must not be lost.
                    bad.Report(input.Label, hasResults ? skipped : throw skipped);
                    continue;
                }

                Process(input);
                report((i + input.Progress) / sources.Count);
            }

            report((i + 1.0) / sources.Count);
        }

        if (_limits.Unused() is { } unused)
        {
            bad.Warn(hasResults ? unused.Message : throw unused);
        }

        void Process(ModelInput input)
        {
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<T> results;
            try
            {
                results = RunModel(input, run);
            }
            catch (Exception problem) when (BadInputs.IsBadInput(problem))
            {
                if (input.Names.Count == 1)
                {
                    bad.Report(input.Label, problem);
                    return;
                }

                // One by one shows which input is at fault.
                foreach (ModelInput single in input.Split())
                {
                    Process(single);
                }

                return;
            }

            foreach (T result in results)
            {
                hasResults = true;
                write(result);
            }
        }
    }

    private T RunModel<T>(ModelInput input, Func<ModelInput, Data2VecModel, string, T> run)
    {
        (Data2VecModel model, string path) = models.For(input.Modality);
        try
        {
            return run(input, model, path);
        }
        catch (InvalidOperationException error)
        {
            throw new ModelException($"{path}: {error.Message}", error);
        }
    }

    private IReadOnlyList<TextExtent> Extents(ModelInput input, Data2VecModel model, InputOptions options, bool pooled) => (input, model) switch
    {
        (TextInput texts, _) => [.. texts.Windows(model, options, pooled, cancellation).Select(text => new TextExtent(text.TokenCount, text.IsTruncated, text.Windows.Count))],
        (PairInput pairs, TextModel text) => [.. pairs.Tokens(text, options, cancellation).Select(pair => new TextExtent(pair.TokenCount, pair.IsTruncated, 1))],
        _ => [],
    };

    private static T RequireFinite<T>(T numbers)
        where T : IEnumerable<float> =>
        numbers.All(float.IsFinite) ? numbers : throw new InvalidDataException("the model's output is not finite");
}

/// <summary>A model cannot do what the command needs. The message names it.</summary>
internal sealed class ModelException(string message, Exception? inner = null) : Exception(message, inner);
