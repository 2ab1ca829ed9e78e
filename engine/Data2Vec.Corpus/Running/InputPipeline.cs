using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Data2Vec.Corpus;

/// <summary>An input that was read and prepared, or why not.</summary>
/// <param name="Input">The row of the plan.</param>
/// <param name="Sha256">The digest of what was read.</param>
internal sealed record DecodedRow(PlannedInput Input, string? Sha256)
{
    public ReadyRow? Ready { get; init; }

    public StreamedRecording? Streamed { get; init; }

    public InputError? Error { get; init; }
}

/// <summary>Reads and decodes inputs ahead of the model, on a bounded number of threads and in bounded memory. They come out in their order.</summary>
internal sealed class InputPipeline(TaskRunner task, InputLoader loader, int decoders)
{
    private const int RowsAhead = 1024;
    private const long BytesAhead = 256L << 20;

    public async IAsyncEnumerable<DecodedRow> ReadAsync(IEnumerable<PlannedInput> inputs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(decoders);
        using var released = new SemaphoreSlim(0);
        long bytes = 0;
        var channel = Channel.CreateBounded<Task<DecodedRow>>(new BoundedChannelOptions(RowsAhead) { SingleReader = true, SingleWriter = true });
        Task producer = Task.Run(ProduceAsync, CancellationToken.None);
        try
        {
            await foreach (Task<DecodedRow> decoding in channel.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                DecodedRow row = await decoding.ConfigureAwait(false);
                yield return row;
                if (row.Ready is { } ready && Interlocked.Add(ref bytes, -ready.Bytes) <= BytesAhead && released.CurrentCount == 0)
                {
                    released.Release();
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);

            // Nothing uses the semaphores any more when all slots are free.
            for (int i = 0; i < decoders; i++)
            {
                await slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        async Task ProduceAsync()
        {
            try
            {
                foreach (PlannedInput input in inputs)
                {
                    await slots.WaitAsync(stop.Token).ConfigureAwait(false);
                    var decoding = Task.Run(() => Decode(input), CancellationToken.None);
                    await channel.Writer.WriteAsync(decoding, stop.Token).ConfigureAwait(false);
                    while (Interlocked.Read(ref bytes) > BytesAhead)
                    {
                        await released.WaitAsync(stop.Token).ConfigureAwait(false);
                    }
                }

                channel.Writer.Complete();
            }
            catch (Exception error)
            {
                channel.Writer.Complete(error);
            }
        }

        DecodedRow Decode(PlannedInput input)
        {
            try
            {
                DecodedRow row = Load(input, stop.Token);
                Interlocked.Add(ref bytes, row.Ready?.Bytes ?? 0);
                return row;
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private DecodedRow Load(PlannedInput input, CancellationToken cancellation)
    {
        string? digest = null;
        try
        {
            LoadedInput loaded = loader.Load(input, ref digest);
            return loaded.Streamed is { } streamed
                ? new DecodedRow(input, null) { Streamed = streamed }
                : new DecodedRow(input, digest) { Ready = task.Prepare(loaded, cancellation) };
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new DecodedRow(input, digest) { Error = input.Problem is null ? InputErrors.Of(error) : new InputError(InputErrors.Unlisted, error.Message) };
        }
    }
}
