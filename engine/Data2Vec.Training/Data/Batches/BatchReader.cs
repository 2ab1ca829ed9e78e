using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Data;

/// <summary>
/// Loads batches ahead of the training, epoch after epoch. The batches and their order are those of <see cref="BatchPlan"/>: they do not depend on the number of
/// workers or on how fast they are. A bad item is reported and left out of its batch. The reading ends with an error when 10 or more items and more than a tenth
/// are bad.
/// </summary>
/// <param name="data">The data.</param>
/// <param name="options">How it is read.</param>
public sealed class BatchReader<TInput, TTarget>(TrainingData<TInput, TTarget> data, BatchReaderOptions options)
{
    private readonly TrainingData<TInput, TTarget> _data = data ?? throw new ArgumentNullException(nameof(data));
    private readonly BatchReaderOptions _options = options ?? throw new ArgumentNullException(nameof(options));

    /// <summary>The plan of an epoch, of all ranks together.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public BatchPlan Plan(long epoch)
    {
        int[] lengths = [.. Enumerable.Range(0, _data.Count).Select(item => _options.Rows?.Invoke(_data.Length(item)) ?? _data.Length(item))];
        return BatchPlan.Create(_options.Seed, epoch, lengths, _options.Batches);
    }

    /// <summary>Reads batches.</summary>
    /// <param name="start">The first batch: the place after the last one that was used, or the beginning.</param>
    /// <param name="endEpoch">The epoch before which the reading ends; null to read for ever.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the start is not in the data.</exception>
    /// <exception cref="InvalidDataException">
    /// No item fits in a batch, too many items are bad, or one is and the reading is strict. The message names the item.
    /// </exception>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    public async IAsyncEnumerable<Batch<TInput, TTarget>> ReadAsync(
        BatchPosition start = default, long? endEpoch = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        _options.Check();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var workers = new SemaphoreSlim(_options.Workers);
        var channel = Channel.CreateBounded<Task<LoadedBatch>>(new BoundedChannelOptions(_options.Ahead) { SingleReader = true, SingleWriter = true });
        Task producer = Task.Run(() => ProduceAsync(channel.Writer, workers, start, endEpoch, stop.Token), CancellationToken.None);
        var tally = new BadItems(_options);
        try
        {
            await foreach (Task<LoadedBatch> loading in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                LoadedBatch loaded = await loading.ConfigureAwait(false);
                tally.Take(loaded.Skipped, loaded.Batch.Planned);
                yield return loaded.Batch;
            }
        }
        finally
        {
            // Nothing may go on reading files after the caller has left.
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
            while (channel.Reader.TryRead(out Task<LoadedBatch>? loading))
            {
                await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Starts to load batches in their order while there is room for more. Errors are passed on to the reader.</summary>
    private async Task ProduceAsync(
        ChannelWriter<Task<LoadedBatch>> writer, SemaphoreSlim workers, BatchPosition start, long? endEpoch, CancellationToken cancellation)
    {
        try
        {
            for (long epoch = start.Epoch; endEpoch is null || epoch < endEpoch; epoch++)
            {
                BatchPlan plan = Plan(epoch);
                IReadOnlyList<IReadOnlyList<int>> batches = plan.Share(_options.Rank, _options.Ranks);
                IReadOnlyList<SkippedItem> tooLong = [.. plan.TooLong.Select(TooLong)];
                if (batches.Count == 0)
                {
                    throw new InvalidDataException(tooLong.Count == 0 ? "there are no items to read" : $"no item fits in a batch; the first is {tooLong[0]}");
                }

                int first = epoch == start.Epoch ? start.Batch : 0;
                ArgumentOutOfRangeException.ThrowIfNegative(first, nameof(start));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(first, batches.Count, nameof(start));
                for (int batch = first; batch < batches.Count; batch++)
                {
                    if (!await writer.WaitToWriteAsync(cancellation).ConfigureAwait(false))
                    {
                        return;
                    }

                    BatchPosition next = batch + 1 < batches.Count ? new(epoch, batch + 1) : new(epoch + 1, 0);
                    Task<LoadedBatch> loading = LoadAsync(
                        new BatchPosition(epoch, batch), next, batches[batch], batch == first ? tooLong : [], workers, cancellation);
                    writer.TryWrite(loading);
                }
            }

            writer.Complete();
        }
        catch (Exception error)
        {
            writer.Complete(error);
        }
    }

    private async Task<LoadedBatch> LoadAsync(
        BatchPosition position, BatchPosition next, IReadOnlyList<int> numbers, IReadOnlyList<SkippedItem> tooLong, SemaphoreSlim workers,
        CancellationToken cancellation)
    {
        await workers.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Load(position, next, numbers, tooLong, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            workers.Release();
        }
    }

    private LoadedBatch Load(
        BatchPosition position, BatchPosition next, IReadOnlyList<int> numbers, IReadOnlyList<SkippedItem> tooLong, CancellationToken cancellation)
    {
        var items = new List<TrainingItem<TInput, TTarget>>(numbers.Count);
        List<SkippedItem> skipped = [.. tooLong];
        foreach (int number in numbers)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                items.Add(_data.Load(number, new EpochRandom(_options.Seed, position.Epoch)));
            }
            catch (InvalidDataException error)
            {
                skipped.Add(new SkippedItem(_data.Name(number), ItemErrors.Reason(error.InnerException ?? error)));
            }
        }

        IReadOnlyList<TrainingItem<TInput, TTarget>> cropped = _options.CropToShortest && items.Count > 0 ? Crop(items, position.Epoch) : items;
        return new LoadedBatch(new Batch<TInput, TTarget>(position, next, cropped, numbers.Count), skipped);
    }

    private List<TrainingItem<TInput, TTarget>> Crop(List<TrainingItem<TInput, TTarget>> items, long epoch)
    {
        int shortest = items.Min(item => item.Input.Length);
        return [.. items.Select(item =>
        {
            // Row 0 of the site is where the data cut the recording to its longest length.
            int starts = item.Input.Length - shortest + 1;
            int start = new EpochRandom(_options.Seed, epoch).Sequence(RandomSite.Crop, item.Item, row: 1).NextInt32(starts);
            return item with { Input = item.Input.Slice(start, shortest) };
        })];
    }

    private SkippedItem TooLong(int item) => new(
        _data.Name(item),
        $"its {_options.Rows?.Invoke(_data.Length(item)) ?? _data.Length(item)} rows are more than the {_options.Batches.MaxRows} of a batch",
        IsBad: false);

    private sealed record LoadedBatch(Batch<TInput, TTarget> Batch, IReadOnlyList<SkippedItem> Skipped);
}
