namespace Data2Vec.Memes.Features;

/// <summary>Does something with the images of many files, a few at a time, and goes on where one is bad.</summary>
internal static class MemeBatches
{
    /// <summary>Images in memory at once: as many as keep a device busy, and of large ones fewer.</summary>
    private const int ImagesAtOnce = 8;
    private const long PixelsAtOnce = 32_000_000;

    /// <summary>Loads images and does work with them.</summary>
    /// <param name="paths">The images.</param>
    /// <param name="work">What is done with some of them; for each a result.</param>
    /// <param name="skip">Told of each image that cannot be read or worked with.</param>
    /// <param name="cancellationToken">Looked at before each image.</param>
    public static IEnumerable<(string Path, Meme Meme, T Result)> Run<T>(
        IEnumerable<string> paths, Func<IReadOnlyList<Meme>, IReadOnlyList<T>> work, Action<string, Exception> skip, CancellationToken cancellationToken = default)
    {
        var batch = new List<(string Path, Meme Meme)>();
        long pixels = 0;
        foreach (string path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(path, () => Meme.Load(path), skip) is not { } meme)
            {
                continue;
            }

            batch.Add((path, meme));
            pixels += (long)meme.Image.Width * meme.Image.Height;
            if (batch.Count == ImagesAtOnce || pixels >= PixelsAtOnce)
            {
                foreach ((string, Meme, T) done in Finish())
                {
                    yield return done;
                }

                batch.Clear();
                pixels = 0;
            }
        }

        foreach ((string, Meme, T) done in Finish())
        {
            yield return done;
        }

        IEnumerable<(string, Meme, T)> Finish()
        {
            try
            {
                return [.. batch.Zip(work([.. batch.Select(one => one.Meme)]), (one, result) => (one.Path, one.Meme, result))];
            }
            catch (InvalidDataException) when (batch.Count > 0)
            {
                // Which one it is shows one by one.
                return [.. batch.SelectMany(one => Try(one.Path, () => work([one.Meme]), skip) is [var result] ? [(one.Path, one.Meme, result)] : Array.Empty<(string, Meme, T)>())];
            }
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
