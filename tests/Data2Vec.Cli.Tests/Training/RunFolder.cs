using System.Text;

namespace Data2Vec.Cli.Tests.Training;

/// <summary>A folder with tiny data of each kind, and recipes of a few updates.</summary>
internal sealed class RunFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-run-").FullName;

    public RunFolder()
    {
        Write("speech.json", """
            {
              "modality": "speech", "updates": 4,
              "model": {
                "architecture": "data2vec-audio", "sample_rate": 16000, "normalize": true, "hidden_size": 32, "layers": 2, "heads": 2, "feed_forward_size": 64,
                "feature_extractor": [
                  {"channels": 16, "kernel": 10, "stride": 5}, {"channels": 16, "kernel": 3, "stride": 2}, {"channels": 16, "kernel": 3, "stride": 2},
                  {"channels": 16, "kernel": 3, "stride": 2}, {"channels": 16, "kernel": 3, "stride": 2}, {"channels": 16, "kernel": 2, "stride": 2},
                  {"channels": 16, "kernel": 2, "stride": 2}
                ],
                "positional_convolution": {"depth": 2, "kernel": 5, "groups": 4}
              },
              "batch": {"rows": 100}, "top_layers": 2, "mask": {"probability": 0.65, "length": 5}, "min_samples": 4000,
              "optimizer": {"learning_rate": 0.001, "clip_norm": 1}, "teacher": {"start": 0.9, "end": 0.99, "updates": 4}
            }
            """);
        Write("text.json", """
            {
              "modality": "text", "updates": 4,
              "model": {"architecture": "data2vec-text", "max_tokens": 32, "hidden_size": 32, "layers": 2, "heads": 2, "feed_forward_size": 64, "layer_norm_epsilon": 1e-5},
              "batch": {"rows": 128}, "top_layers": 2, "mask": {"probability": 0.35, "length": 2}
            }
            """);
        Write("image.json", """
            {
              "modality": "vision", "updates": 4,
              "model": {
                "architecture": "data2vec-vision", "image_size": 16, "patch_size": 4, "hidden_size": 32, "layers": 2, "heads": 2, "feed_forward_size": 64,
                "layer_norm_epsilon": 1e-6, "final_norm": true, "pool_skips_first_patch": false,
                "preprocessing": {
                  "resize": "shorter_side", "resize_size": 18, "crop_size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"
                }
              },
              "batch": {"items": 3}, "top_layers": 2, "mask": {"patches": 8, "least_block": 2, "largest_block": 8}, "images": {"least_area": 0.5, "flip": 0.5}
            }
            """);
        Write("task.json", """{"modality": "MODALITY", "updates": 4, "batch": {"items": 2}, "optimizer": {"learning_rate": 0.001}, "validate_every": 2}""");
    }

    public string this[string name] => Path.Combine(_folder, name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>The path of a recipe for a task.</summary>
    public string TaskRecipe(string modality) => Write($"task-{modality}.json", File.ReadAllText(this["task.json"]).Replace("MODALITY", modality, StringComparison.Ordinal));

    /// <summary>A folder with tones in noise, and a table of what is said in them.</summary>
    public string Recordings(int count = 6)
    {
        var random = new Random(5);
        var table = new StringBuilder("path,transcript\n");
        for (int i = 0; i < count; i++)
        {
            short[] samples = [.. Enumerable.Range(0, 8000 + (700 * i)).Select(t => (short)((6000 * Math.Sin(t * (0.05 + (0.03 * i)))) + random.Next(-500, 500)))];
            WaveFile.Write(this[$"recordings/{i}.wav"], samples);
            table.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i}.wav,{(i % 2 == 0 ? "AB" : "BA C")}\n");
        }

        Write("recordings/transcripts.csv", table.ToString());
        return this["recordings"];
    }

    public string Texts() => Write("texts.txt", string.Concat(Enumerable.Range(0, 30).Select(i => $"line {i} says that rain falls on hill {i * 7}\n")));

    /// <summary>A table of texts, whose labels follow from them.</summary>
    public string Labelled() => Write("labelled.csv", "text,label\n" + string.Concat(Enumerable.Range(0, 16).Select(i => $"{i % 8},{(i % 2 == 0 ? "yes" : "no")}\n")));

    /// <summary>A folder with a tokenizer.</summary>
    /// <param name="isSmall">Whether it has the 100 ids of the small text model: four special ones, 95 byte pairs, the mask.</param>
    public string Tokenizer(bool isSmall = false)
    {
        string fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "tokenizer");
        Directory.CreateDirectory(this["tokenizer"]);
        foreach (string name in new[] { "encoder.json", "vocab.bpe", "dict.txt" })
        {
            File.Copy(Path.Combine(fixtures, name), Path.Combine(this["tokenizer"], name), overwrite: true);
        }

        if (isSmall)
        {
            Write("tokenizer/dict.txt", string.Concat(Enumerable.Range(0, 95).Select(i => $"{i} 1\n")));
        }

        return this["tokenizer"];
    }

    /// <summary>Folders of two classes with images in them.</summary>
    public string Images(int each = 3)
    {
        byte[] image = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "vision", "img0.png"));
        for (int i = 0; i < 2 * each; i++)
        {
            string path = this[$"images/{(i % 2 == 0 ? "cats" : "dogs")}/{i}.png"];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, image);
        }

        return this["images"];
    }
}
