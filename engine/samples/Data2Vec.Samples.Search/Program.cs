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

string kind = !File.Exists(query) ? "text" : Path.GetExtension(query) == ".wav" ? "speech" : "image";
string[] endings = kind switch { "text" => [".txt"], "speech" => [".wav"], _ => [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"] };
IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => endings.Contains(Path.GetExtension(file)));
string[] items = [.. kind == "text" ? files.SelectMany(File.ReadLines) : files];

using Data2VecModel model = BundledModels.Load(kind);
var options = new EmbeddingOptions { Normalize = true };
float[] wanted = await Embed(query);
float[][] vectors = await Task.WhenAll(items.Select(Embed));
foreach ((string item, float likeness) in items.Zip(vectors.Select(vector => TensorPrimitives.Dot(vector, wanted))).OrderByDescending(pair => pair.Second).Take(5))
    Console.WriteLine($"{likeness:F3}  {item}");
return 0;

Task<float[]> Embed(string item) => kind switch
{
    "speech" => model.EmbedAudioAsync(WavFile.Load(item).Resample(model.SampleRate).Samples, options),
    "image" => model.EmbedImageAsync(ImageFile.Load(item), options),
    _ => model.EmbedTextAsync(item, options),
};
