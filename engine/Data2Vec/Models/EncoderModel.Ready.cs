using Data2Vec.Batching;

namespace Data2Vec;

/// <summary>An input in the encoder's form, which can be made on another thread, before the batch that it is in.</summary>
/// <param name="Prepared">The parts of the one input.</param>
/// <param name="Rows">The rows of each part.</param>
internal sealed record ReadyInput<TElement>(PreparedInputs<TElement> Prepared, int[] Rows)
{
    /// <summary>The rows that go through the model.</summary>
    public int RowCount => Rows.Sum();
}

/// <content>Inputs that are prepared by the caller, one by one, and run together.</content>
public abstract partial class EncoderModel<TInput, TElement>
{
    /// <summary>The rows of a call that keep the device busy.</summary>
    internal int PreferredRows => Store.PreferredBatchRows * Store.ConcurrentInferences;

    /// <summary>Brings one input into the encoder's form, with the checks and errors of <c>Embed</c>.</summary>
    internal ReadyInput<TElement> MakeReady(TInput input, InputOptions options, CancellationToken cancellationToken)
    {
        PreparedInputs<TElement> prepared = Prepare([input], options, cancellationToken);
        return new ReadyInput<TElement>(prepared, RowsOf(prepared.Parts, options.MaxRows));
    }

    /// <summary>The vectors of inputs that are ready, which were made with the same options. They are pooled.</summary>
    internal float[][] EmbedReady(IReadOnlyList<ReadyInput<TElement>> inputs, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        PreparedInputs<TElement> joined = Join(inputs);
        Output output = OutputOf(options) with { SkippedRows = joined.SkippedRows };
        return Finish(joined, Run(joined.Parts, [.. inputs.SelectMany(input => input.Rows)], output, cancellationToken), output, options);
    }

    /// <summary>The head's scores of the parts of inputs that are ready.</summary>
    private protected float[][] ReadyScores(IReadOnlyList<ReadyInput<TElement>> inputs, PreparedInputs<TElement> joined, CancellationToken cancellationToken) =>
        Run(joined.Parts, [.. inputs.SelectMany(input => input.Rows)], Output.Scores, cancellationToken);

    /// <summary>The inputs together.</summary>
    private protected static PreparedInputs<TElement> Join(IReadOnlyList<ReadyInput<TElement>> inputs) => new(
        [.. inputs.SelectMany(input => input.Prepared.Parts)], [.. inputs.Select(input => input.Prepared.Weights is [var weights] ? weights : [1])])
    {
        SkippedRows = inputs.Count > 0 ? inputs[0].Prepared.SkippedRows : 0,
    };
}
