using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>The columns of a shard's file.</summary>
internal sealed class ShardSchema
{
    public const string IdName = "id", SourceName = "source", ReferenceName = "reference", DigestName = "sha256", RowsName = "rows";
    public const string ErrorName = "error", ErrorKindName = "error_kind";

    private const string ListItem = "element";

    public ShardSchema(IReadOnlyList<ResultColumn> columns, bool hasReferences)
    {
        Results = [.. columns.Select(column => (column, Field(column)))];
        Reference = hasReferences ? Text(ReferenceName) : null;
        Field[] reference = Reference is null ? [] : [Reference];
        Fields = new ParquetSchema([Id, Source, .. reference, Digest, Rows, .. Results.Select(result => result.Field), Error, ErrorKind]);
    }

    public DataField Id { get; } = new(IdName, typeof(string), isNullable: false);

    public DataField Source { get; } = new(SourceName, typeof(string), isNullable: false);

    public DataField? Reference { get; }

    public DataField Digest { get; } = Text(DigestName);

    public DataField<int?> Rows { get; } = new(RowsName);

    /// <summary>The columns of the task.</summary>
    public IReadOnlyList<(ResultColumn Column, Field Field)> Results { get; }

    public DataField Error { get; } = Text(ErrorName);

    public DataField ErrorKind { get; } = Text(ErrorKindName);

    public ParquetSchema Fields { get; }

    private static DataField Text(string name) => new(name, typeof(string), isNullable: true);

    // Parquet has no lists of a fixed length; this form of a list is read by all programs.
    private static Field Field(ResultColumn column) => column.Type switch
    {
        ColumnType.Text => Text(column.Name),
        ColumnType.Single => new DataField<float?>(column.Name),
        ColumnType.Double => new DataField<double?>(column.Name),
        ColumnType.Boolean => new DataField<bool?>(column.Name),
        _ => new ListField(column.Name, new DataField<float>(ListItem)),
    };
}
