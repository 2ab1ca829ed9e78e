namespace Data2Vec.Corpus;

/// <summary>Computes vectors.</summary>
/// <typeparam name="TInput">The inputs of the model.</typeparam>
/// <typeparam name="TElement">The elements of prepared inputs.</typeparam>
/// <param name="model">The model.</param>
/// <param name="options">Which vectors.</param>
/// <param name="select">Finds the model's input in what was loaded.</param>
/// <param name="elementBytes">The bytes of an element.</param>
internal class EmbedRunner<TInput, TElement>(EncoderModel<TInput, TElement> model, EmbeddingOptions options, Func<LoadedInput, TInput> select, int elementBytes) : TaskRunner
    where TElement : unmanaged
{
    public override IReadOnlyList<ResultColumn> Columns { get; } = [new(EmbedColumns.Vector, ColumnType.Singles)];

    public override int RowsAtOnce => model.PreferredRows;

    protected EmbeddingOptions Options => options;

    public override ReadyRow Prepare(LoadedInput input, CancellationToken cancellation)
    {
        ReadyInput<TElement> ready = model.MakeReady(select(input), options, cancellation);
        return new ReadyRow(ready.RowCount, ready.Prepared.Parts.Sum(part => (long)part.Length) * elementBytes, ready);
    }

    public override object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation) =>
        [.. model.EmbedReady([.. rows.Select(row => (ReadyInput<TElement>)row.Content)], options, cancellation).Select(vector => (object?[])[vector])];

    protected override void Free() => model.Dispose();
}
