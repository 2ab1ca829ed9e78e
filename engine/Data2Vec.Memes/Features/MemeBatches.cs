namespace Data2Vec.Memes.Features;

/// <summary>Processes the images of many files in small batches and skips the bad ones.</summary>
public static class MemeBatches
{
    /// <summary>Images in memory at the same time: enough to keep a device busy, fewer if they are large.</summary>
    private const int ImagesAtOnce = 8;
    private const long PixelsAtOnce = 32_000_000;

    /// <summary>Loads images and processes them.</summary>
    /// <param name="paths">The images.</param>
    /// <param name="process">Processes a batch; returns one result per meme.</param>
    /// <param name="skip">Receives each image that cannot be read or processed, and the reason.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="cancellationToken">Checked before each image.</param>
    /// <returns>The results, as the caller asks for them.</returns>
    public static IEnumerable<(string Path, Meme Meme, T Result)> Run<T>(
        IEnumerable<string> paths, Func<IReadOnlyList<Meme>, IReadOnlyList<T>> process, Action<string, Exception> skip, ImageLimits? limits = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(skip);
        return Batches(paths, skip, limits, cancellationToken).SelectMany(batch => Process(batch, process, skip));
    }

    private static IEnumerable<List<(string Path, Meme Meme)>> Batches(
        IEnumerable<string> paths, Action<string, Exception> skip, ImageLimits? limits, CancellationToken cancellationToken)
    {
        var batch = new List<(string Path, Meme Meme)>();
        long pixels = 0;
        foreach (string path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(path, () => Meme.Load(path, limits), skip) is not { } meme)
            {
                continue;
            }

            batch.Add((path, meme));
            pixels += (long)meme.Image.Width * meme.Image.Height;
            if (batch.Count == ImagesAtOnce || pixels >= PixelsAtOnce)
            {
                yield return batch;
                (batch, pixels) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static IReadOnlyList<(string Path, Meme Meme, T Result)> Process<T>(
        List<(string Path, Meme Meme)> batch, Func<IReadOnlyList<Meme>, IReadOnlyList<T>> process, Action<string, Exception> skip)
    {
        try
        {
            return [.. batch.Zip(process([.. batch.Select(item => item.Meme)]), (item, result) => (item.Path, item.Meme, result))];
        }
        catch (InvalidDataException)
        {
            // One by one shows which meme is at fault.
            return
            [
                .. from item in batch
                   let results = Try(item.Path, () => process([item.Meme]), skip)
                   where results is not null
                   select (item.Path, item.Meme, results.Single()),
            ];
        }
    }

    private static T? Try<T>(string path, Func<T> work, Action<string, Exception> skip)
        where T : class
    {
        try
        {
            return work();
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            skip(path, problem);
            return null;
        }
    }
}

/// <summary>Encodes images into a <see cref="FeatureStore"/>.</summary>
public static class FeatureExtractor
{
    /// <summary>Encodes the images whose features are not stored yet.</summary>
    /// <param name="encoders">The encoders.</param>
    /// <param name="store">The features.</param>
    /// <param name="paths">The images.</param>
    /// <param name="skip">Receives each image that cannot be read, and the reason.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="cancellationToken">Checked before each image. Features that are already stored remain.</param>
    /// <returns>The key of each image's features; null if the image cannot be read.</returns>
    public static string?[] Extract(
        MemeEncoders encoders, FeatureStore store, IReadOnlyList<string> paths, Action<string, Exception> skip, IProgress<int>? progress = null,
        ImageLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoders);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(skip);
        string[] keys = [.. paths.Select(FeatureStore.KeyOf)];
        Dictionary<string, string> missing = paths.Zip(keys).Where(pair => !store.Contains(pair.Second)).DistinctBy(pair => pair.First).ToDictionary();
        int done = paths.Count - missing.Count;
        foreach ((string path, _, MemeFeatures features) in MemeBatches.Run(
            missing.Keys, memes => encoders.Encode(memes, cancellationToken), Skip, limits, cancellationToken))
        {
            store.Add(missing[path], features);
            progress?.Report(++done);
        }

        return [.. keys.Select(key => store.Contains(key) ? key : null)];

        void Skip(string path, Exception problem)
        {
            progress?.Report(++done);
            skip(path, problem);
        }
    }
}
