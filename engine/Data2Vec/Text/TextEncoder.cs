using System.Buffers;

namespace Data2Vec.Text;

/// <summary>The text encoder of data2vec (Baevski et al. 2022; fairseq's <c>Data2VecTextModel</c>), data2vec 2.0, RoBERTa, BERT, DistilBERT and MPNet.</summary>
internal sealed class TextEncoder : Encoder<int>
{
    private const int IdMask = (1 << TextConfig.TokenTypeShift) - 1;

    private readonly EmbeddingWeights _tokens, _positions;
    private readonly EmbeddingWeights? _types;
    private readonly NormWeights _norm;
    private readonly LayerStack _layers;
    private readonly AttentionBias[] _biases;
    private readonly LinearWeights? _classifierDense, _classifierOutput;

    public TextEncoder(TextConfig config, ParameterScope parameters)
    {
        Config = config;
        int hidden = config.HiddenSize;
        _tokens = parameters.Embedding("token_embedding", config.VocabularySize, hidden, config.PaddingId);
        _positions = parameters.Embedding("position_embedding", config.Positions, hidden, config.FirstPosition - 1);
        _types = config.TokenTypes > 1 ? parameters.Embedding("token_type_embedding", config.TokenTypes, hidden, 0) : null;
        _norm = parameters.Norm("embedding_norm", hidden, config.Epsilon);
        _norm.Dropout = DropoutSite.Input;
        _layers = new LayerStack(parameters, config.Layers, (layer, _) => new PostNormLayer(layer, config));
        _biases = config.DistanceBuckets is { } buckets ? [.. Enumerable.Repeat(DistanceBias.Create(parameters, buckets, config.Heads), config.Layers)] : [];
        if (config.Labels is not null)
        {
            _classifierDense = parameters.Linear("classifier.dense", hidden, hidden);
            _classifierOutput = parameters.Linear("classifier.output", hidden, config.Labels.Count);
        }
    }

    public override TextConfig Config { get; }

    public override bool HasClassRow => true;

    public override int Rows(ReadOnlySpan<int> input)
    {
        if (input.Length < 1 || input.Length > Config.MaxTokens)
        {
            throw new InvalidDataException($"an input has {input.Length} tokens; the model accepts 1 to {Config.MaxTokens}");
        }

        foreach (int token in input)
        {
            int id = token & IdMask, type = token >> TextConfig.TokenTypeShift;
            if (type is 1 && Config.TokenTypes == 1 && id < Config.VocabularySize)
            {
                throw new InvalidDataException("the second text of a pair has tokens of type 1, for which the model file has no vector; convert the checkpoint again if it has one");
            }

            if ((uint)type >= (uint)Config.TokenTypes || id >= Config.VocabularySize)
            {
                throw new InvalidDataException($"the token id {token} is out of the model's range, 0 to {Config.VocabularySize - 1}");
            }

            if (id == Config.PaddingId)
            {
                throw new InvalidDataException($"the token id {id} is padding; leave it out, inputs need no padding");
            }
        }

        return input.Length;
    }

    /// <inheritdoc/>
    /// <remarks>Inputs are token ids, special tokens included, each with its type from bit <see cref="TextConfig.TokenTypeShift"/> on.</remarks>
    public override Tensor Embed(
        Inference run, IReadOnlyList<ReadOnlyMemory<int>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation)
    {
        Tensor tokens = run.Allocate(sequences.Rows, Config.HiddenSize), x = run.Reuse(tokens);
        long mark = run.Mark();
        Tensor positions = run.Allocate(x.Rows, x.Columns);
        int[] rented = ArrayPool<int>.Shared.Rent(2 * sequences.Rows);
        Span<int> ids = rented.AsSpan(0, sequences.Rows), types = rented.AsSpan(sequences.Rows, sequences.Rows);
        try
        {
            for (int i = 0; i < inputs.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                inputs[i].Span.CopyTo(ids[sequences.Start(i)..]);
            }

            for (int row = 0; row < ids.Length; row++)
            {
                types[row] = ids[row] >> TextConfig.TokenTypeShift;
                ids[row] &= IdMask;
            }

            run.Embed(ids, _tokens, tokens);
            for (int i = 0; i < inputs.Count; i++)
            {
                for (int j = 0; j < sequences.Length(i); j++)
                {
                    ids[sequences.Start(i) + j] = Config.FirstPosition + j;
                }
            }

            run.Embed(ids, _positions, positions);
            if (_types is not null)
            {
                Tensor typed = run.Reuse(positions);
                run.Embed(types, _types, typed, residual: positions);
                positions = typed;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }

        run.LayerNorm(tokens, _norm, x, residual: positions);
        run.Release(mark);
        return x;
    }

    public override Tensor Contextualize(
        Inference run, Tensor x, Sequences sequences, int? layer, Observer? observer, CancellationToken cancellation) =>
        _layers.Forward(run, x, sequences, _biases, layer, observer, cancellation);

    /// <summary>
    /// fairseq's <c>RobertaClassificationHead</c>, and BERT's pooler and head: <c>W₂ tanh(W₁ x₀ + b₁) + b₂</c> of the first row. DistilBERT's has ReLU
    /// instead of tanh.
    /// </summary>
    public override Tensor Head(Inference run, Tensor x, Sequences sequences)
    {
        bool isDistilled = Config.Architecture == ModelArchitecture.DistilBert;
        Tensor hidden = Project(run, RowPooling.FirstRows(run, x, sequences), _classifierDense!, isDistilled ? Activation.Relu : Activation.None);
        if (isDistilled)
        {
            return Project(run, hidden, _classifierOutput!);
        }

        Tensor activated = run.Allocate(hidden.Rows, hidden.Columns, hidden.Type);
        run.Tanh(hidden, activated);
        return Project(run, activated, _classifierOutput!);
    }
}
