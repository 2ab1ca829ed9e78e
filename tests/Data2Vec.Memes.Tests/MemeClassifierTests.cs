using System.Text.Json.Nodes;
using Data2Vec.Memes.Fusion;
using Data2Vec.Memes.Ocr;
using Data2Vec.ModelFile;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Tests;

public class MemeClassifierTests
{
    private static readonly RgbImage s_image = Noise(40, 30, 1), s_other = Noise(64, 64, 2);

    [Fact]
    public void The_network_scores_the_images_vector_followed_by_the_texts()
    {
        using var folder = new TemporaryFolder();
        FusionNetwork network = Models.Write(folder["memes.d2v"]);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        using VisionModel image = Data2VecModel.Load<VisionModel>(Models.Image);
        using TextModel text = Data2VecModel.Load<TextModel>(Models.Text);
        float[] x = [.. image.Embed(s_image), .. text.Embed("a gripping film")];

        // The definition, number by number.
        for (int i = 0; i < network.Layers.Length; i++)
        {
            LinearLayer layer = network.Layers[i];
            x = [.. Enumerable.Range(0, layer.Outputs).Select(output =>
            {
                double sum = layer.Bias[output];
                for (int input = 0; input < layer.Inputs; input++)
                {
                    sum += (double)layer.Weight[output * layer.Inputs + input] * x[input];
                }

                return (float)(i < network.Layers.Length - 1 ? Math.Max(sum, 0) : sum);
            })];
        }

        MemeScore score = classifier.Score(s_image, "a gripping film");
        Assert.Equal(x[0], score.Score, 1e-5f);
        Assert.Equal(1 / (1 + Math.Exp(-(4 * x[0] - 2))), score.Probability!.Value, 1e-5);
        Assert.Equal(x[0] >= 0.5f, score.IsFlagged);
        Assert.Equal("a gripping film", score.Text);
        Assert.NotEqual(score.Score, classifier.Score(s_other, "a gripping film").Score);
        Assert.NotEqual(score.Score, classifier.Score(s_image, "dull").Score);
    }

    [Theory]
    [InlineData(MemeInputs.Image)]
    [InlineData(MemeInputs.Text)]
    public void A_model_with_one_encoder_ignores_the_other_input(MemeInputs inputs)
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"], inputs);
        using (D2vFile file = D2vFile.Open(folder["memes.d2v"]))
        {
            Assert.DoesNotContain(file.Tensors.Keys, name => name.StartsWith(inputs == MemeInputs.Image ? "text." : "image.", StringComparison.Ordinal));
        }

        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        float score = classifier.Score(s_image, "one text").Score;
        Assert.Equal(inputs == MemeInputs.Text, score == classifier.Score(s_other, "one text").Score);
        Assert.Equal(inputs == MemeInputs.Image, score == classifier.Score(s_image, "another").Score);
    }

    [Fact]
    public void Concurrent_batches_give_the_scores_of_single_memes()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"]);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"], new MemeOptions { TextRecognizer = new Reader() });
        Meme[] memes = [.. Enumerable.Range(0, 20).Select(i => new Meme(Noise(20 + i, 50 - i, i), i % 2 == 0 ? null : $"text number {i}"))];
        float[] alone = [.. memes.Select(meme => classifier.Score([meme])[0].Score)];
        Parallel.For(0, 4, _ => Assert.Equal(alone, classifier.Score(memes).Select(score => score.Score)));
        MemeScore read = classifier.Score(memes[4].Image);
        Assert.Equal("24 wide", read.Text);
        Assert.Equal(["24", "wide"], read.Words.Select(word => word.Text));
    }

    [Fact]
    public void A_text_is_truncated_to_the_models_number_of_tokens()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"], maxTextTokens: 5);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        using TextModel text = Data2VecModel.Load<TextModel>(Models.Text);
        const string Long = "a gripping and funny film that is beautifully acted";
        int[] ids = text.Tokenizer!.Encode(Long);
        Assert.True(ids.Length > 7);
        MemeFeatures features = classifier.Encoders.Encode([new Meme(s_image, Long)])[0];
        Assert.Equal(text.EmbedPrepared(new[] { ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[^1] }), features.Values[classifier.Encoders.ImageSize..].ToArray());
    }

    [Fact]
    public void A_missing_text_without_a_recognizer_is_reported()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"]);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        Assert.Contains("TextRecognizer", Assert.Throws<InvalidOperationException>(() => classifier.Score(s_image)).Message);
        classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => classifier.Score(s_image, "text"));
    }

    [Fact]
    public void Errors_of_other_models_and_wrong_tensors_name_the_file()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("text.d2v: a model with the architecture 'data2vec-text'", Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(Models.Text)).Message);
        Assert.Contains("the model takes texts (data2vec-text); it is not a VisionModel", Assert.Throws<InvalidDataException>(() => MemeEncoders.Load(Models.Text, Models.Text)).Message);
        Assert.Contains("the model takes images (data2vec-vision); it is not a TextModel", Assert.Throws<InvalidDataException>(() => MemeEncoders.Load(null, Models.Image)).Message);

        Models.Write(folder["memes.d2v"]);
        Rewrite(folder["memes.d2v"], folder["wrong.d2v"], json => json["classifier"]!["hidden_size"] = 11, _ => { });
        Assert.Contains("wrong.d2v: tensor 'classifier.0.weight' has the shape", Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(folder["wrong.d2v"])).Message);
        Rewrite(folder["memes.d2v"], folder["wrong.d2v"], json => json["text"]!["architecture"] = "memes", _ => { });
        Assert.Contains("wrong.d2v (text): the architecture 'memes' is not supported", Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(folder["wrong.d2v"])).Message);
        Rewrite(folder["memes.d2v"], folder["wrong.d2v"], json => json.Remove("image"), _ => { });
        Assert.Contains("'classifier.0.weight' has the shape", Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(folder["wrong.d2v"])).Message);
        Rewrite(folder["memes.d2v"], folder["wrong.d2v"], _ => { }, values => values[^1] = float.NaN);
        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(folder["wrong.d2v"])).Message);
    }

    /// <summary>Writes a model anew with another configuration, and other numbers in the first layer of the network.</summary>
    private static void Rewrite(string from, string to, Action<JsonObject> changeConfig, Action<float[]> changeWeights)
    {
        using D2vFile file = D2vFile.Open(from);
        var json = JsonObject.Create(file.Config)!;
        changeConfig(json);
        var contents = new D2vContents { Architecture = file.Architecture, Config = json };
        foreach (TensorInfo tensor in file.Tensors.Values)
        {
            contents.Tensors.Add(new TensorDeclaration(tensor.Name, tensor.Type, tensor.Shape, tensor.Layout, tensor.Groups));
        }

        foreach (string asset in file.Assets.Keys)
        {
            contents.Assets[asset] = file.Asset(asset).ToArray();
        }

        using D2vWriter writer = D2vWriter.Create(to, contents);
        foreach (TensorInfo tensor in file.Tensors.Values)
        {
            float[] values = new float[tensor.Count];
            file.Read(tensor, values);
            if (tensor.Name == "classifier.0.weight")
            {
                changeWeights(values);
            }

            writer.Write(tensor.Name, (long start, Span<float> span) => values.AsSpan((int)start, span.Length).CopyTo(span));
        }

        writer.Complete();
    }

    internal static RgbImage Noise(int width, int height, int seed)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(seed).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    private sealed class Reader : ITextRecognizer
    {
        public string Description => "width";

        public IReadOnlyList<RecognizedWord> Recognize(RgbImage image) =>
            [new RecognizedWord($"{image.Width}", 1, new Box(0, 0, 5, 5)), new RecognizedWord("wide", 1, new Box(5, 0, 5, 5))];
    }
}
