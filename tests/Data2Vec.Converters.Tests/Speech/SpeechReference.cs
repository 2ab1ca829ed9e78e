using System.Text.Json;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.IO;

namespace Data2Vec.Converters.Tests.Speech;

/// <summary>Comparisons with the activations of a reference implementation, <c>[rows, channels]</c> in files that are named after them.</summary>
public abstract class SpeechReference() : ParityTests("speech")
{
    /// <summary>Compares everything in the folder of an input with what a model computes, and returns the number of files.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The folder: <c>input.npy</c>, and activations.</param>
    protected int Compare(SpeechModel model, string folder)
    {
        float[] input = Read($"{folder}/input.npy").Floats();
        var seen = new Dictionary<string, float[]>();
        model.Observe(input, (name, rows) => seen[name] = rows);
        string last = $"layer.{model.Layers}";
        seen["out"] = seen.GetValueOrDefault("encoder_norm") ?? seen[last];
        if (model.CanTranscribe)
        {
            seen["logits"] = model.Scores([input])[0];
        }

        int compared = 0;
        foreach (string path in Directory.GetFiles(Fixture(folder), "*.npy").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            NpyArray expected = NpyFile.Read(path);
            switch (name)
            {
                case "input" or "argmax" or "position_bias":
                    continue;
                case "raw":
                    Close(model.EmbedPrepared(input), model.Embed(new Audio.Waveform(expected.Floats(), 16_000)), $"{folder}/raw");
                    break;
                case "layers":
                    Close(expected.Floats(), [.. Enumerable.Range(0, model.Layers + 1).SelectMany(i => seen[$"layer.{i}"])], $"{folder}/{name}");
                    break;
                default:
                    // Early convolutions also make rows at the end that no frame looks at; the engine leaves them out.
                    float[] values = expected.Floats(), actual = seen[name];
                    Assert.InRange(values.Length - actual.Length, 0, name.StartsWith("conv_layer", StringComparison.Ordinal) ? 64 * expected.Shape[1] : 0);
                    Close(values[..actual.Length], actual, $"{folder}/{name}");
                    break;
            }

            compared++;
        }

        if (File.Exists(Fixture($"{folder}/greedy.json")))
        {
            // The reference shows every label, one after another; the transcript leaves out special ones and joins words.
            string[] labels = JsonSerializer.Deserialize<string>(File.ReadAllText(Fixture($"{folder}/greedy.json")))!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string text = string.Concat(labels.Where(label => !label.StartsWith('<')).Select(label => label == "|" ? " " : label));
            Assert.Equal(string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)), model.TranscribePrepared(input));
        }

        return compared;
    }

    /// <summary>Converts and loads a file or folder below the fixtures.</summary>
    protected SpeechModel Model(string checkpoint, ModelOptions? options = null) => Data2VecModel.Load<SpeechModel>(ModelFile(checkpoint), options ?? new ModelOptions { Threads = 2 });

    /// <summary>The model file of a file or folder below the fixtures.</summary>
    protected string ModelFile(string checkpoint)
    {
        string file = Path.Combine(Folder, $"{Path.GetFileName(checkpoint)}.{Guid.NewGuid():N}.d2v");
        CheckpointConverter.Convert(Path.IsPathRooted(checkpoint) ? checkpoint : Fixture(checkpoint), file);
        return file;
    }
}
