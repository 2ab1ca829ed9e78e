// Finds what in a folder is most like a recording, an image or a text; texts are the lines of .txt files.
//   dotnet run -- FOLDER QUERY
// Each kind has a model of its own, so that recordings are found by recordings, images by images and texts by texts.
using System.Numerics.Tensors;
using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;

if (args is not [var folder, var query])
{
    Console.Error.WriteLine("search FOLDER QUERY, where the query is a text, or the path of a recording or of an image");
    return 2;
}

string kind = !File.Exists(query) ? "text" : Path.GetExtension(query).Equals(".wav", StringComparison.OrdinalIgnoreCase) ? "speech" : "image";
string[] endings = kind switch { "text" => [".txt"], "speech" => [".wav"], _ => [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"] };
IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));
string[] items = [.. kind == "text" ? files.SelectMany(File.ReadLines) : files];

using Data2VecModel model = BundledModels.Load(kind);
var options = new EmbeddingOptions { Normalize = true };
float[] wanted = (await Embed([query]))[0];
var found = new List<(string Item, float Likeness)>();
foreach (string[] chunk in items.Chunk(64)) // so much is decoded at a time
{
    found.AddRange(chunk.Zip(await Embed(chunk), (item, vector) => (item, TensorPrimitives.Dot<float>(vector, wanted))));
}

foreach ((string item, float likeness) in found.OrderByDescending(pair => pair.Likeness).Take(5))
{
    Console.WriteLine($"{likeness:F3}  {item}");
}

return 0;

Task<float[][]> Embed(string[] items) => kind switch
{
    "speech" => model.EmbedAudioAsync(
        [.. items.Select(item => (ReadOnlyMemory<float>)WavFile.Load(item).Resample(model.SampleRate).Samples)], options),
    "image" => model.EmbedImagesAsync([.. items.Select(item => ImageFile.Load(item))], options),
    _ => model.EmbedTextsAsync(items, options),
};
