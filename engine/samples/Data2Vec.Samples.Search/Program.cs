// Finds the recordings, images or texts in a folder that are most similar to a query. Texts are the lines of .txt files.
//   dotnet run -- FOLDER QUERY
// Each modality has its own model, so a query finds items of its own kind only.
using System.Numerics.Tensors;
using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Vision.Images;

if (args is not [var folder, var query])
{
    Console.Error.WriteLine("search FOLDER QUERY, where the query is a text, or the path of a recording or an image");
    return 2;
}

string[] recordings = [".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff"];
string kind = !File.Exists(query) ? "text" : recordings.Contains(Path.GetExtension(query), StringComparer.OrdinalIgnoreCase) ? "speech" : "image";
string[] extensions = kind switch { "text" => [".txt"], "speech" => recordings, _ => [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"] };
IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));
string[] items = [.. kind == "text" ? files.SelectMany(File.ReadLines) : files];

using Data2VecModel model = BundledModels.Load(kind);
var options = new EmbeddingOptions { Normalize = true };
float[] wanted = (await Embed([query]))[0];
var found = new List<(string Item, float Similarity)>();
foreach (string[] chunk in items.Chunk(64)) // limits the decoded items in memory
{
    found.AddRange(chunk.Zip(await Embed(chunk), (item, vector) => (item, TensorPrimitives.Dot<float>(vector, wanted))));
}

foreach ((string item, float similarity) in found.OrderByDescending(pair => pair.Similarity).Take(5))
{
    Console.WriteLine($"{similarity:F3}  {item}");
}

return 0;

Task<float[][]> Embed(string[] inputs) => model switch
{
    SpeechModel speech => speech.EmbedAsync([.. inputs.Select(input => AudioFile.Load(input, AudioCodecs.Options))], options),
    VisionModel vision => vision.EmbedAsync([.. inputs.Select(input => ImageFile.Load(input))], options),
    TextModel text => text.EmbedAsync(inputs, options),
    _ => throw new NotSupportedException(),
};
