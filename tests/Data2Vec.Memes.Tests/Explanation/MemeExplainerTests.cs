using Data2Vec.Memes.Explanation;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Tests.Explanation;

public class MemeExplainerTests
{
    [Fact]
    public void The_effect_of_a_word_is_the_score_with_it_minus_the_score_without_it()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"]);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        RgbImage image = MemeClassifierTests.Noise(30, 20, 1);
        MemeExplanation explanation = MemeExplainer.Explain(classifier, new Meme(image, "what  a gripping film"));
        Assert.Equal(["what", "a", "gripping", "film"], explanation.Words.Select(word => word.Text));
        Assert.Equal(classifier.Score(image, "what  a gripping film").Score, explanation.Score.Score);
        Assert.Equal(explanation.Score.Score - classifier.Score(image, "what a film").Score, explanation.Words[2].Effect, 1e-6f);
        Assert.NotEqual(0, explanation.Words[2].Effect);
        Assert.Null(explanation.Words[2].Box);
    }

    [Fact]
    public void The_effect_of_a_region_is_the_score_minus_the_score_with_the_region_covered()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"], MemeInputs.Image);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);

        // Grey with one white region: its cover is the image's mean, that of the others nearly what they are.
        byte[] pixels = new byte[3 * 60 * 60];
        Array.Fill(pixels, (byte)100);
        for (int y = 10; y < 20; y++)
        {
            pixels.AsSpan(3 * (y * 60 + 20), 30).Fill(255);
        }

        MemeExplanation explanation = MemeExplainer.Explain(classifier, new Meme(new RgbImage(60, 60, pixels)));
        Assert.Empty(explanation.Words);
        Assert.Equal(36, explanation.Regions.Count);
        Assert.Equal(3600, explanation.Regions.Sum(region => region.Box.Width * region.Box.Height));
        Assert.Equal(new Box(20, 10, 10, 10), explanation.Regions.MaxBy(region => Math.Abs(region.Effect))!.Box);
        byte[] covered = [.. pixels];
        for (int y = 10; y < 20; y++)
        {
            covered.AsSpan(3 * (y * 60 + 20), 30).Fill(100 + 155 / 36);
        }

        Assert.Equal(
            explanation.Score.Score - classifier.Score(new RgbImage(60, 60, covered)).Score, explanation.Regions.Single(region => region.Box == new Box(20, 10, 10, 10)).Effect, 1e-6f);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4000)]
    [InlineData(5000, 2)]
    public void The_picture_of_an_image_of_any_shape_is_drawn(int width, int height)
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"]);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"]);
        RgbImage image = MemeClassifierTests.Noise(width, height, 1);
        MemeExplanation explanation = MemeExplainer.Explain(classifier, new Meme(image, "some text"));
        RgbImage picture = ImageFile.Decode(Draw(image, explanation));
        Assert.True(picture.Width <= 2048 && picture.Height <= 2048);
        Assert.Equal((width, height), (explanation.Regions.Max(region => region.Box.X + region.Box.Width), explanation.Regions.Max(region => region.Box.Y + region.Box.Height)));
    }

    [Fact]
    public void The_picture_is_red_for_positive_effects_blue_for_negative_effects_and_unchanged_elsewhere()
    {
        byte[] pixels = new byte[3 * 90 * 30];
        Array.Fill(pixels, (byte)128);
        var score = new MemeScore(1, null, "", []);
        byte[] png = Draw(new RgbImage(90, 30, pixels), new MemeExplanation(
            score, [new WordEffect("word", new Box(40, 10, 10, 10), -1)], [new RegionEffect(new Box(0, 0, 30, 30), 0.5f), new RegionEffect(new Box(60, 0, 30, 30), -0.5f)]));
        RgbImage picture = ImageFile.Decode(png);

        // A small image is enlarged eight times. Below it are the legend and the word with its effect.
        Assert.Equal(720, picture.Width);
        byte[] At(int x, int y) => picture.Pixels[(3 * (y * picture.Width + x))..(3 * (y * picture.Width + x) + 3)];
        Assert.True(At(40, 40)[0] > At(40, 40)[2] + 60);
        Assert.True(At(680, 40)[2] > At(680, 40)[0] + 60);
        Assert.Equal([128, 128, 128], At(360, 120));
        Assert.True(At(320, 120)[2] > At(320, 120)[0] + 60);
        Assert.True(picture.Height > 240 + 60);
        Assert.Contains(Enumerable.Range(0, 720 * (picture.Height - 310)), i => At(i % 720, 310 + i / 720) is [var r, _, var b] && b > r + 60);
    }

    [Fact]
    public void Recognized_words_keep_their_boxes()
    {
        using var folder = new TemporaryFolder();
        Models.Write(folder["memes.d2v"], MemeInputs.Text);
        using MemeClassifier classifier = MemeClassifier.Load(folder["memes.d2v"], new MemeOptions { TextRecognizer = new Reader() });
        MemeExplanation explanation = MemeExplainer.Explain(classifier, new Meme(MemeClassifierTests.Noise(30, 20, 1)));
        Assert.Equal([new Box(1, 2, 3, 4), new Box(5, 6, 7, 8)], explanation.Words.Select(word => word.Box!.Value));
        Assert.Empty(explanation.Regions);
    }

    private static byte[] Draw(RgbImage image, MemeExplanation explanation)
    {
        try
        {
            return ExplanationPicture.Draw(image, explanation);
        }
        catch (IOException problem)
        {
            Assert.Skip(problem.Message);
            throw;
        }
    }

    private sealed class Reader : ITextRecognizer
    {
        public string Description => "two words";

        public IReadOnlyList<RecognizedWord> Recognize(RgbImage image) => [new("good", 1, new Box(1, 2, 3, 4)), new("film", 1, new Box(5, 6, 7, 8))];
    }
}
