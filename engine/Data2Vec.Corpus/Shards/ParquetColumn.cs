using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>Reads columns of Parquet files.</summary>
internal static class ParquetColumn
{
    // Writers make groups of some 100,000 rows. A file of a few bytes can claim any number.
    private const int MaxRows = 1 << 24;

    /// <summary>The rows of a group.</summary>
    /// <exception cref="InvalidDataException">There are too many.</exception>
    public static int RowsOf(ParquetRowGroupReader group) => group.RowCount is >= 0 and <= MaxRows ? (int)group.RowCount
        : throw new InvalidDataException($"a group has {group.RowCount} rows, and the limit is {MaxRows}; write the file again with smaller groups");

    /// <summary>Whether a column has texts.</summary>
    public static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    /// <summary>A column as texts; numbers are written as text.</summary>
    /// <exception cref="InvalidDataException">The column has another type.</exception>
    public static async Task<string?[]> ReadTextsAsync(ParquetRowGroupReader group, DataField field)
    {
        int count = RowsOf(group);
        if (IsText(field))
        {
            var texts = new string?[count];
            await group.ReadAsync(field, texts.AsMemory()!).ConfigureAwait(false);
            return texts;
        }

        return field.ClrType == typeof(long) ? [.. (await ReadAsync<long>(group, field).ConfigureAwait(false)).Select(Text)]
            : field.ClrType == typeof(int) ? [.. (await ReadAsync<int>(group, field).ConfigureAwait(false)).Select(Text)]
            : field.ClrType == typeof(short) ? [.. (await ReadAsync<short>(group, field).ConfigureAwait(false)).Select(Text)]
            : throw new InvalidDataException($"the column '{field.Name}' has neither texts nor whole numbers");

        static string? Text<T>(T? value)
            where T : struct, IFormattable => value?.ToString(null, CultureInfo.InvariantCulture);
    }

    /// <summary>A column of numbers.</summary>
    public static async Task<T?[]> ReadAsync<T>(ParquetRowGroupReader group, DataField field)
        where T : struct
    {
        int count = RowsOf(group);
        var values = new T?[count];
        if (field.IsNullable)
        {
            await group.ReadAsync(field, values.AsMemory()).ConfigureAwait(false);
            return values;
        }

        var present = new T[count];
        await group.ReadAsync(field, present.AsMemory()).ConfigureAwait(false);
        return [.. present.Select(value => (T?)value)];
    }
}
