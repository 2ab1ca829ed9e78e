namespace Data2Vec.Corpus;

/// <summary>Runs inputs in batches, which hold as many rows of the model as keep the device busy.</summary>
internal sealed class RowRunner(TaskRunner task, InputPipeline pipeline)
{
    /// <summary>Runs inputs.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="receive">Receives the place of each input, and its result.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task RunAsync(IEnumerable<PlannedInput> inputs, Action<int, ShardRow> receive, CancellationToken cancellation)
    {
        var batch = new List<(int Place, DecodedRow Row)>();
        int rows = 0, place = 0;
        await foreach (DecodedRow row in pipeline.ReadAsync(inputs, cancellation).ConfigureAwait(false))
        {
            if (row.Ready is { } ready)
            {
                if (rows + ready.Rows > task.RowsAtOnce)
                {
                    Flush();
                }

                batch.Add((place, row));
                rows += ready.Rows;
            }
            else
            {
                receive(place, row.Error is { } error ? Failed(row.Input, row.Sha256, error) : Run(row.Input, row.Streamed!, cancellation));
            }

            place++;
        }

        Flush();

        void Flush()
        {
            Run(batch, receive, cancellation);
            batch.Clear();
            rows = 0;
        }
    }

    /// <summary>The row of an input that is bad.</summary>
    public static ShardRow Failed(PlannedInput input, string? digest, InputError error) =>
        new() { Id = input.Id, Source = input.Source, Reference = input.Reference, Sha256 = digest, Error = error };

    private void Run(List<(int Place, DecodedRow Row)> batch, Action<int, ShardRow> receive, CancellationToken cancellation)
    {
        if (batch.Count == 0)
        {
            return;
        }

        cancellation.ThrowIfCancellationRequested();
        object?[][] values;
        try
        {
            values = task.Run([.. batch.Select(item => item.Row.Ready!)], cancellation);
        }
        catch (Exception error) when (InputErrors.IsOfInput(error))
        {
            if (batch is [var (place, row)])
            {
                receive(place, Failed(row.Input, row.Sha256, InputErrors.Of(error)));
                return;
            }

            // One by one shows which input is at fault.
            foreach ((int Place, DecodedRow Row) item in batch)
            {
                Run([item], receive, cancellation);
            }

            return;
        }

        for (int i = 0; i < batch.Count; i++)
        {
            (int place, DecodedRow row) = batch[i];
            receive(place, Done(row.Input, row.Sha256, row.Ready!.Rows, values[i]));
        }
    }

    private ShardRow Run(PlannedInput input, StreamedRecording recording, CancellationToken cancellation)
    {
        try
        {
            object?[] values = task.Run(recording, cancellation);
            return Done(input, recording.Sha256, null, values);
        }
        catch (Exception error) when (InputErrors.IsOfInput(error))
        {
            return Failed(input, recording.Sha256, InputErrors.Of(error));
        }
    }

    private static ShardRow Done(PlannedInput input, string? digest, int? rows, object?[] values) => values.All(IsFinite)
        ? new ShardRow { Id = input.Id, Source = input.Source, Reference = input.Reference, Sha256 = digest, Rows = rows, Values = values }
        : Failed(input, digest, new InputError("not-finite", "the model's output is not finite"));

    private static bool IsFinite(object? value) => value switch
    {
        float[] numbers => numbers.All(float.IsFinite),
        float number => float.IsFinite(number),
        double number => double.IsFinite(number),
        _ => true,
    };
}
