using System.Buffers;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Transformer;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Text;

/// <summary>The text encoder of data2vec (Baevski et al. 2022; fairseq's <c>Data2VecTextModel</c>); data2vec 2.0 and BERT have the same.</summary>
internal sealed class TextEncoder : Encoder<int>
{
    private readonly EmbeddingWeights _tokens;
    private readonly EmbeddingWeights _positions;
    private readonly NormWeights _norm;
    private readonly LayerStack _layers;
    private readonly LinearWeights? _classifierDense;
    private readonly LinearWeights? _classifierOutput;

    public TextEncoder(TextConfig config, WeightReader weights)
    {
        Config = config;
        int hidden = config.HiddenSize;
        _tokens = weights.Embedding("token_embedding", config.VocabularySize, hidden);
        _positions = weights.Embedding("position_embedding", config.Positions, hidden);
        _norm = weights.Norm("embedding_norm", hidden, config.Epsilon);
        _layers = new LayerStack(
            weights, new TransformerSizes(hidden, config.Layers, config.Heads, config.FeedForwardSize, config.Epsilon), (layer, sizes) => new PostNormLayer(layer, sizes));
        if (config.Labels is not null)
        {
            _classifierDense = weights.Linear("classifier.dense", hidden, hidden);
            _classifierOutput = weights.Linear("classifier.output", hidden, config.Labels.Count);
        }
    }

    public TextConfig Config { get; }

    public override string Takes => "texts";

    public override int HiddenSize => Config.HiddenSize;

    public override int Layers => Config.Layers;

    public override bool HasClassRow => true;

    public override IReadOnlyList<string>? Classes => Config.Labels;

    public override int Rows(ReadOnlySpan<int> input)
    {
        if (input.Length < 1 || input.Length > Config.MaxTokens)
        {
            throw new InvalidDataException($"an input of {input.Length} tokens: the model takes 1 to {Config.MaxTokens}");
        }

        foreach (int id in input)
        {
            if ((uint)id >= (uint)Config.VocabularySize)
            {
                throw new InvalidDataException($"the token id {id} is not one of the model's, 0 to {Config.VocabularySize - 1}");
            }

            if (id == Config.PaddingId)
            {
                throw new InvalidDataException($"the token id {id} is padding, which no input needs: leave it out");
            }
        }

        return input.Length;
    }

    /// <inheritdoc/>
    /// <remarks>Inputs are token ids with the special ones around the text.</remarks>
    public override Tensor Forward(
        Inference run, IReadOnlyList<ReadOnlyMemory<int>> inputs, Sequences sequences, int? layer, Observer? observe,
        CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, Config.HiddenSize);
        int[] rented = ArrayPool<int>.Shared.Rent(sequences.Rows);
        Span<int> ids = rented.AsSpan(0, sequences.Rows);
        for (int i = 0; i < inputs.Count; i++)
        {
            inputs[i].Span.CopyTo(ids[sequences.Start(i)..]);
        }

        run.Embed(ids, _tokens, x);
        for (int i = 0; i < inputs.Count; i++)
        {
            for (int j = 0; j < sequences.Length(i); j++)
            {
                ids[sequences.Start(i) + j] = Config.FirstPosition + j;
            }
        }

        run.Embed(ids, _positions, x, add: true);
        ArrayPool<int>.Shared.Return(rented);
        observe?.Invoke("embeddings", x);
        run.LayerNorm(x, _norm, x);
        _layers.Forward(run, x, sequences, layer, observe, cancellation);
        return x;
    }

    /// <summary>fairseq's <c>RobertaClassificationHead</c>, and BERT's pooler and head: <c>W₂ tanh(W₁ x₀ + b₁) + b₂</c> of the first row.</summary>
    public override float[][] Scores(Inference run, Tensor x, Sequences sequences)
    {
        if (_classifierDense is null || _classifierOutput is null)
        {
            return base.Scores(run, x, sequences);
        }

        // The tanh of a few rows is not worth an operation on the device.
        float[] hidden = RowPooling.Download(run, Head(run, RowPooling.FirstRows(run, x, sequences), _classifierDense));
        TensorPrimitives.Tanh(hidden, hidden);
        Tensor scores = Head(run, run.Upload(hidden, sequences.Count, Config.HiddenSize), _classifierOutput);
        return [.. RowPooling.Download(run, scores).Chunk(_classifierOutput.Outputs)];
    }
}
