using System.Buffers;
using Parquet;
using Parquet.Schema;

namespace Data2Vec.Corpus;

/// <summary>Writes the rows of a shard as a Parquet file. The same rows are always the same bytes.</summary>
internal static class ShardWriter
{
    /// <summary>The name of the fact that tells which job a file belongs to.</summary>
    public const string JobFact = "data2vec.job";

    public static async Task WriteAsync(Stream stream, ShardSchema schema, IReadOnlyList<ShardRow> rows, IReadOnlyDictionary<string, string> facts)
    {
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Snappy };
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema.Fields, stream, options).ConfigureAwait(false);
        writer.CustomMetadata = facts.ToDictionary();
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        await group.WriteAsync(schema.Id, (string[])[.. rows.Select(row => row.Id)]).ConfigureAwait(false);
        await group.WriteAsync(schema.Source, (string[])[.. rows.Select(row => row.Source)]).ConfigureAwait(false);
        if (schema.Reference is { } reference)
        {
            await group.WriteAsync(reference, (string?[])[.. rows.Select(row => row.Reference)]!).ConfigureAwait(false);
        }

        await group.WriteAsync(schema.Digest, (string?[])[.. rows.Select(row => row.Sha256)]!).ConfigureAwait(false);
        await group.WriteAsync<int>(schema.Rows, (int?[])[.. rows.Select(row => row.Rows)]).ConfigureAwait(false);
        for (int i = 0; i < schema.Results.Count; i++)
        {
            (ResultColumn column, Field field) = schema.Results[i];
            object?[] values = [.. rows.Select(row => row.Values?[i])];
            await (column.Type switch
            {
                ColumnType.Text => group.WriteAsync((DataField)field, (string?[])[.. values.Cast<string?>()]!),
                ColumnType.Single => group.WriteAsync<float>((DataField)field, (float?[])[.. values.Cast<float?>()]),
                ColumnType.Double => group.WriteAsync<double>((DataField)field, (double?[])[.. values.Cast<double?>()]),
                ColumnType.Boolean => group.WriteAsync<bool>((DataField)field, (bool?[])[.. values.Cast<bool?>()]),
                _ => WriteListsAsync(group, (ListField)field, values, options),
            }).ConfigureAwait(false);
        }

        await group.WriteAsync(schema.Error, (string?[])[.. rows.Select(row => row.Error?.Message)]!).ConfigureAwait(false);
        await group.WriteAsync(schema.ErrorKind, (string?[])[.. rows.Select(row => row.Error?.Kind)]!).ConfigureAwait(false);
        group.CompleteValidate();
    }

    private static async Task WriteListsAsync(ParquetRowGroupWriter group, ListField field, object?[] lists, ParquetOptions options)
    {
        var element = (DataField)field.Item;
        int values = 0, slots = 0;
        foreach (float[]? list in lists.Cast<float[]?>())
        {
            values = checked(values + (list?.Length ?? 0));
            slots = checked(slots + Math.Max(1, list?.Length ?? 0));
        }

        float[] numbers = ArrayPool<float>.Shared.Rent(values);
        int[] definitions = ArrayPool<int>.Shared.Rent(slots), repetitions = ArrayPool<int>.Shared.Rent(slots);
        try
        {
            (values, slots) = (0, 0);
            foreach (float[]? list in lists.Cast<float[]?>())
            {
                int length = list?.Length ?? 0;
                list?.CopyTo(numbers, values);
                values += length;

                // Level 0 is no list, 1 an empty one, and the highest a number.
                definitions.AsSpan(slots, Math.Max(1, length)).Fill(list is null ? 0 : length == 0 ? 1 : element.MaxDefinitionLevel);
                repetitions.AsSpan(slots, Math.Max(1, length)).Fill(1);
                repetitions[slots] = 0;
                slots += Math.Max(1, length);
            }

            // Vectors do not get smaller.
            options.CompressionMethod = CompressionMethod.None;
            await group.WriteAllPartsAsync<float>(
                element, numbers.AsMemory(0, values), definitions.AsMemory(0, slots), repetitions.AsMemory(0, slots), CancellationToken.None).ConfigureAwait(false);
            options.CompressionMethod = CompressionMethod.Snappy;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(numbers);
            ArrayPool<int>.Shared.Return(definitions);
            ArrayPool<int>.Shared.Return(repetitions);
        }
    }
}
