using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Tests.Features;

public sealed class FeatureStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MemeEncoders _encoders = MemeEncoders.Load(Models.Image, Models.Text);

    public void Dispose()
    {
        _encoders.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Extraction_resumes_and_skips_bad_images()
    {
        SyntheticMemes.Write(_folder["set"], 12);
        string[] paths = Directory.GetFiles(_folder["set/images"], "*.jpg");
        File.WriteAllText(paths[3], "no image");
        using (FeatureStore store = FeatureStore.Open(_folder["features"], _encoders))
        {
            var skipped = new List<string>();
            string?[] keys = FeatureExtractor.Extract(_encoders, store, [.. paths[..6], "missing.jpg"], (path, _) => skipped.Add(path));
            Assert.Equal([paths[3], "missing.jpg"], skipped);
            Assert.Equal([3, 6], keys.Select((key, i) => (key, i)).Where(pair => pair.key is null).Select(pair => pair.i));
            Assert.Equal(5, store.Count);
        }

        using (FeatureStore store = FeatureStore.Open(_folder["features"], _encoders))
        {
            Assert.Equal(5, store.Count);
            string?[] keys = FeatureExtractor.Extract(_encoders, store, paths, (_, _) => { });
            Assert.Equal(11, store.Count);
            int checkedOnes = 0;
            foreach ((string path, string? key) in paths.Zip(keys).Where(pair => pair.Second is not null))
            {
                Assert.Equal(_encoders.Encode([Meme.Load(path)])[0].Values.ToArray(), store.Read(key!));
                checkedOnes++;
            }

            Assert.Equal(11, checkedOnes);
        }
    }

    [Fact]
    public void Only_the_image_that_the_encoders_reject_is_skipped()
    {
        SyntheticMemes.Write(_folder["set"], 3);
        string[] paths = Directory.GetFiles(_folder["set/images"], "*.jpg");
        using MemeEncoders encoders = MemeEncoders.Load(Models.Image, Models.Text, options: new MemeOptions { TextRecognizer = new Refusing() });
        File.Delete(paths[1] + ".ocr");
        using FeatureStore store = FeatureStore.Open(_folder["features"], encoders);
        var skipped = new List<string>();
        var done = new List<int>();
        string?[] keys = FeatureExtractor.Extract(encoders, store, paths, (path, _) => skipped.Add(path), new Recorder(done));
        Assert.Equal([paths[1]], skipped);
        Assert.Equal([true, false, true], keys.Select(key => key is not null));
        Assert.Equal([1, 2, 3], done);
    }

    [Fact]
    public void A_changed_image_or_text_is_encoded_again()
    {
        SyntheticMemes.Write(_folder["set"], 1);
        string path = _folder["set/images/00000.jpg"], key = FeatureStore.KeyOf(path);
        Assert.Equal(key, FeatureStore.KeyOf(path));
        File.WriteAllText(path + ".ocr", "other text");
        string changed = FeatureStore.KeyOf(path);
        Assert.NotEqual(key, changed);
        File.Delete(path + ".ocr");
        Assert.NotEqual(changed, FeatureStore.KeyOf(path));
    }

    [Fact]
    public void Truncated_or_altered_files_keep_the_records_before_the_damage()
    {
        float[] Values(int i) => [.. Enumerable.Range(0, _encoders.FeatureSize).Select(j => i + 0.001f * j)];
        using (FeatureStore store = FeatureStore.Open(_folder["whole"], _encoders))
        {
            for (int i = 0; i < 3; i++)
            {
                store.Add($"key {i}", new MemeFeatures(Values(i), "text", []));
            }
        }

        byte[] whole = File.ReadAllBytes(_folder["whole"]);
        int header = 44, record = (whole.Length - header) / 3;
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            int place = random.Next(header, whole.Length);
            byte[] damaged = round % 2 == 0 ? whole[..place] : [.. whole];
            if (round % 2 == 1)
            {
                damaged[place] ^= (byte)random.Next(1, 256);
            }

            File.WriteAllBytes(_folder["damaged"], damaged);
            int left = (place - header) / record;
            using (FeatureStore store = FeatureStore.Open(_folder["damaged"], _encoders))
            {
                Assert.Equal(left, store.Count);
                for (int i = 0; i < left; i++)
                {
                    Assert.Equal(Values(i), store.Read($"key {i}"));
                }

                store.Add("new", new MemeFeatures(Values(9), "", []));
            }

            using FeatureStore again = FeatureStore.Open(_folder["damaged"], _encoders);
            Assert.Equal(left + 1, again.Count);
            Assert.Equal(Values(9), again.Read("new"));
        }
    }

    [Fact]
    public void Files_of_another_kind_or_other_encoders_are_rejected_and_unchanged()
    {
        using (FeatureStore.Open(_folder["features"], _encoders))
        {
        }

        using MemeEncoders others = MemeEncoders.Load(Models.Image, Models.Text, maxTextTokens: 47);
        Assert.Contains("other encoders", Assert.Throws<InvalidDataException>(() => FeatureStore.Open(_folder["features"], others)).Message);
        File.WriteAllText(_folder["list"], "my only list");
        Assert.Contains("not a file of features", Assert.Throws<InvalidDataException>(() => FeatureStore.Open(_folder["list"], _encoders)).Message);
        Assert.Equal("my only list", File.ReadAllText(_folder["list"]));
    }

    [Fact]
    public void Lists_have_the_format_of_the_papers_code()
    {
        File.WriteAllText(_folder["hate.txt.train"], "a/1.jpg\r\n\n b/2.png \n");
        Assert.Equal([_folder["a/1.jpg"], _folder["b/2.png"]], MemeList.Read(MemeList.TrainingPath(_folder["hate.txt"])));
        Assert.Equal([Path.Combine("data", "a/1.jpg"), Path.Combine("data", "b/2.png")], MemeList.Read(_folder["hate.txt.train"], "data"));
        File.WriteAllText(_folder["empty"], "\n");
        Assert.Throws<InvalidDataException>(() => MemeList.Read(_folder["empty"]));
        File.WriteAllBytes(_folder["binary"], [1, 0, 2]);
        Assert.Throws<InvalidDataException>(() => MemeList.Read(_folder["binary"]));
    }

    private sealed class Recorder(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }

    private sealed class Refusing : ITextRecognizer
    {
        public string Description => "refuses";

        public IReadOnlyList<RecognizedWord> Recognize(RgbImage image) => throw new InvalidDataException("refused");
    }
}
