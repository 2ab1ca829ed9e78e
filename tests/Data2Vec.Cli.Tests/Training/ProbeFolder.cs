using System.Globalization;
using System.Text;

namespace Data2Vec.Cli.Tests.Training;

/// <summary>A folder with labelled data that linear probes can learn.</summary>
internal sealed class ProbeFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-probe-").FullName;
    private readonly Random _random = new(7);

    public string this[string name] => Path.Combine(_folder, name);

    /// <summary>The path of a model that ships with the command.</summary>
    public static string Model(string name) => Path.Combine(AppContext.BaseDirectory, "models", name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public string Write(string name, string text)
    {
        CreateFolder(name);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>A folder for each colour, with noisy images of it.</summary>
    public string Images(string name = "images", int each = 8)
    {
        foreach ((string color, int channel) in new[] { ("red", 0), ("green", 1), ("blue", 2) })
        {
            for (int i = 0; i < each; i++)
            {
                Image($"{name}/{color}/{i}.ppm", channel);
            }
        }

        return this[name];
    }

    public void Image(string name, int channel)
    {
        byte[] pixels = [.. Enumerable.Range(0, 3 * 32 * 32).Select(k => (byte)(_random.Next(60) + (k % 3 == channel ? 180 : 0)))];
        CreateFolder(name);
        File.WriteAllBytes(this[name], [.. "P6 32 32 255\n"u8, .. pixels]);
    }

    /// <summary>A folder with low and high tones in noise: a folder for each, and a table.</summary>
    public string Recordings(int each = 6)
    {
        var table = new StringBuilder("file,pitch\n");
        foreach ((string pitch, double step) in new[] { ("high", 0.9), ("low", 0.08) })
        {
            for (int i = 0; i < each; i++)
            {
                WaveFile.Write(this[$"tones/{pitch}/{i}.wav"], [.. Enumerable.Range(0, 6000 + (200 * i)).Select(t => (short)((8000 * Math.Sin(t * step * (1 + (0.02 * i)))) + _random.Next(-900, 900)))]);
                table.Append(CultureInfo.InvariantCulture, $"tones/{pitch}/{i}.wav,{pitch}\n");
            }
        }

        Write("tones.csv", table.ToString());
        return this["tones"];
    }

    /// <summary>A table of texts with opinions.</summary>
    public string Texts(string name = "texts.csv", int count = 40) => Write(name, "text,label\n" + string.Concat(Enumerable.Range(0, count).Select(i => i % 2 == 0
        ? $"a wonderful and gripping film of {1950 + i},good\n"
        : $"a dull and lifeless film of {1950 + i},bad\n")));

    private void CreateFolder(string name) => Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
}
