using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>Pairs of texts, each in one line with a tab between them, that go through a model as one batch.</summary>
/// <param name="labels">The name of each pair in messages.</param>
/// <param name="names">The name of each pair in results: its place in a file, or itself.</param>
/// <param name="lines">The lines.</param>
internal sealed class PairInput(IReadOnlyList<string> labels, IReadOnlyList<string> names, IReadOnlyList<string> lines) : ModelInput(InputForm.Pair, names)
{
    public override string Label => labels[0];

    public override string? Line(int i) => Names[i] == lines[i] ? null : lines[i];

    public override IEnumerable<ModelInput> Split() => Names.Select((name, i) => new PairInput([labels[i]], [name], [lines[i]]) { Progress = Progress });

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation) =>
        ((TextModel)model).EmbedPrepared(Inputs(model, options, cancellation), options, cancellation);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation) =>
        ((TextModel)model).EmbedPreparedLayers(Inputs(model, options, cancellation)[0], options, cancellation);

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options, CancellationToken cancellation) =>
        ((TextModel)model).ClassifyPrepared(Inputs(model, options, cancellation), cancellation);

    /// <summary>The model inputs of the pairs.</summary>
    /// <exception cref="InvalidDataException">A line is no pair, or a pair is too long.</exception>
    public IReadOnlyList<PairTokens> Tokens(TextModel model, InputOptions options, CancellationToken cancellation) =>
        [.. lines.Select(line => Tokens(model, Parse(line), options, cancellation))];

    /// <summary>The two texts of a line.</summary>
    /// <exception cref="InvalidDataException">The line has no tab, or several.</exception>
    private static TextPair Parse(string line) => line.Split('\t') is [var first, var second]
        ? new TextPair(first, second)
        : throw new InvalidDataException($"the line has {line.Count(character => character == '\t')} tabs; with --pair two texts are in a line, with one tab between them");

    private static PairTokens Tokens(TextModel model, TextPair pair, InputOptions options, CancellationToken cancellation)
    {
        try
        {
            return model.TokenizePair(pair, options, cancellation);
        }
        catch (TextTooLongException error)
        {
            throw new InvalidDataException($"the pair has more than {error.Limit} tokens, which is the most that is accepted; shorten it, or use --long truncate", error);
        }
    }

    private ReadOnlyMemory<int>[] Inputs(Data2VecModel model, InputOptions options, CancellationToken cancellation) =>
        [.. Tokens((TextModel)model, options, cancellation).Select(tokens => (ReadOnlyMemory<int>)tokens.ToInput())];
}
