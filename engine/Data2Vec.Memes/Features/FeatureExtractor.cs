namespace Data2Vec.Memes.Features;

/// <summary>Encodes the images of lists, a few at a time, into a <see cref="FeatureStore"/>.</summary>
public static class FeatureExtractor
{
    /// <summary>Images in memory at once: as many as keep the device busy.</summary>
    private const int ImagesAtOnce = 8;

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
        var keys = new string?[paths.Count];
        for (int first = 0; first < keys.Length; first += ImagesAtOnce)
        {
            var missing = new List<(string Key, Meme Meme)>();
            for (int i = first; i < Math.Min(first + ImagesAtOnce, keys.Length); i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    string key = FeatureStore.KeyOf(paths[i]);
                    if (!store.Contains(key) && missing.All(other => other.Key != key))
                    {
                        Meme meme = Meme.Load(paths[i]);
                        missing.Add((key, meme));
                    }

                    keys[i] = key;
                }
                catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException)
                {
                    skip(paths[i], problem);
                }
            }

            IReadOnlyList<MemeFeatures> features = missing.Count == 0 ? [] : encoders.Encode([.. missing.Select(one => one.Meme)], cancellationToken);
            for (int i = 0; i < features.Count; i++)
            {
                store.Add(missing[i].Key, features[i]);
            }

            report?.Invoke(Math.Min(first + ImagesAtOnce, keys.Length));
        }

        return keys;
    }
}
