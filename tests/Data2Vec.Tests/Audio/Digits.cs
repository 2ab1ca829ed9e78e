using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

/// <summary>Recordings of spoken digits, joined. The script make_digits.sh made the single ones.</summary>
internal static class Digits
{
    public const int Rate = 16_000;

    private static readonly string[] s_words = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"];

    /// <summary>Joins random digits with pauses and faint noise.</summary>
    /// <param name="count">The number of digits.</param>
    /// <param name="seed">The seed of the random numbers.</param>
    /// <param name="shortest">The shortest pause in seconds.</param>
    /// <param name="longest">The longest pause.</param>
    /// <returns>The recording, the words, and where each digit begins and ends, in samples.</returns>
    public static (Waveform Recording, string[] Words, (int Start, int End)[] Places) Join(int count, int seed, double shortest = 0.1, double longest = 0.4)
    {
        var random = new Random(seed);
        var samples = new List<float>();
        var words = new string[count];
        var places = new (int, int)[count];
        Pause();
        for (int i = 0; i < count; i++)
        {
            int digit = random.Next(10);
            words[i] = s_words[digit];
            int start = samples.Count;
            samples.AddRange(AudioFile.Load(Fixtures.Path(Path.Combine("digits", $"{digit}-{(random.Next(2) == 0 ? "m3" : "f2")}.wav"))).Samples);
            places[i] = (start, samples.Count);
            Pause();
        }

        return (new Waveform([.. samples.Select(sample => sample + (float)(random.NextDouble() - 0.5) * 1e-3f)], Rate), words, places);

        void Pause() => samples.AddRange(new float[(int)(Rate * (shortest + (longest - shortest) * random.NextDouble()))]);
    }

    /// <summary>The number of word errors: the edit distance.</summary>
    public static int Errors(string[] expected, string[] heard)
    {
        int[] row = [.. Enumerable.Range(0, heard.Length + 1)];
        for (int i = 1; i <= expected.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= heard.Length; j++)
            {
                int substituted = diagonal + (expected[i - 1] == heard[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
