using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>all-MiniLM-L6-v2, with the weights that people use and in the graph in which they use them.</summary>
internal sealed record MiniLmWorkload(string Name, double Flops, int Texts, int Tokens) : Workload(Name, MiniLm.Model, Flops)
{
    private const int Layers = 6, Hidden = 384;

    private const int FirstWord = 1996, Words = 28_000; // in the vocabulary

    private readonly Lazy<ReadOnlyMemory<int>[]> _ids = new(() =>
    {
        var random = new Random(1);
        return Inputs(Texts, Tokens, () => random.Next(FirstWord, FirstWord + Words));
    });

    /// <summary>The workload of some texts of some tokens.</summary>
    public static MiniLmWorkload Of(int texts, int tokens) => new($"minilm {texts} x {tokens}", texts * Transformer(tokens, Layers, Hidden), texts, tokens);

    public override string ModelPath(ElementType type) => MiniLm.ModelPath(type);

    public override float[][] Run(Data2VecModel model) => ((TextModel)model).EmbedPrepared(_ids.Value);

    public override float[] HiddenStates(Data2VecModel model) => [.. ((TextModel)model).EmbedPrepared(_ids.Value, s_rows).SelectMany(rows => rows)];

    public override IReadOnlyList<(string Name, Array Values, int[] Shape)> GraphInputs()
    {
        int[] shape = [Texts, Tokens];
        return
        [
            ("input_ids", _ids.Value.SelectMany(ids => ids.ToArray()).Select(id => (long)id).ToArray(), shape),
            ("attention_mask", Enumerable.Repeat(1L, Texts * Tokens).ToArray(), shape), ("token_type_ids", new long[Texts * Tokens], shape),
        ];
    }
}
