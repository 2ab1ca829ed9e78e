namespace Data2Vec.Memes.Features;

/// <summary>Encodes images, a few at a time, into a <see cref="FeatureStore"/>.</summary>
public static class FeatureExtractor
{
    /// <summary>Encodes the images whose features are not there yet.</summary>
    /// <param name="encoders">The encoders.</param>
    /// <param name="store">Where the features go, and are looked for.</param>
    /// <param name="paths">The images.</param>
    /// <param name="skip">Told which image cannot be read, and why; the others go on.</param>
    /// <param name="report">Told how many images are done.</param>
    /// <param name="cancellationToken">Looked at before each image; what is done until then stays.</param>
    /// <returns>For each image under which key its features are; null where it cannot be read.</returns>
    public static string?[] Extract(
        MemeEncoders encoders, FeatureStore store, IReadOnlyList<string> paths, Action<string, Exception> skip, Action<int>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoders);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(skip);
        string[] keys = [.. paths.Select(FeatureStore.KeyOf)];
        Dictionary<string, string> missing = paths.Zip(keys).Where(pair => !store.Contains(pair.Second)).DistinctBy(pair => pair.First).ToDictionary(pair => pair.First, pair => pair.Second);
        int done = paths.Count - missing.Count;
        foreach ((string path, _, MemeFeatures features) in MemeBatches.Run(missing.Keys, memes => encoders.Encode(memes, cancellationToken), Skip, cancellationToken))
        {
            store.Add(missing[path], features);
            report?.Invoke(++done);
        }

        return [.. keys.Select(key => store.Contains(key) ? key : null)];

        void Skip(string path, Exception problem)
        {
            report?.Invoke(++done);
            skip(path, problem);
        }
    }
}
