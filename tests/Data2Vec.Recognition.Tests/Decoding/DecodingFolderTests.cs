using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

public sealed class DecodingFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_the_settings_of_a_processor_with_a_language_model()
    {
        Write("alphabet.json", """{"labels": ["", " ", "a"], "is_bpe": false}""");
        Write("language_model/attrs.json", """{"alpha": 0.7, "beta": 2, "unk_score_offset": -4.5, "score_boundary": false}""");
        Write("language_model/unigrams.txt", "b\r\n\nc\n");
        Write("language_model/5gram.bin", "");
        Assert.True(DecodingFolder.Exists(_folder));
        DecodingFolder read = DecodingFolder.Read(_folder);
        Assert.Equal(new OpenSearchOptions { ModelWeight = 0.7, WordScore = 2, UnknownScore = -4.5, ScoreBoundaries = false }, read.Options);
        Assert.Equal(3, read.LabelCount);
        Assert.Equal("5gram.bin", Path.GetFileName(read.ModelPath));
        Assert.Equal(["b", "c"], DecodingFolder.ReadWords(read.WordsPath!));
    }

    [Fact]
    public void Settings_may_be_missing()
    {
        Write("language_model/x.arpa", "");
        DecodingFolder read = DecodingFolder.Read(_folder);
        Assert.Equal(new OpenSearchOptions(), read.Options);
        Assert.Null(read.WordsPath);
        Assert.Null(read.LabelCount);
        Assert.Equal(read.ModelPath, DecodingFolder.Read(Path.Combine(_folder, "language_model")).ModelPath);
    }

    [Theory]
    [InlineData("language_model/attrs.json", "[]", "not a JSON object")]
    [InlineData("language_model/attrs.json", """{"alpha": "1"}""", "alpha must be a number")]
    [InlineData("language_model/attrs.json", """{"beta": 1e999}""", "beta must be a number")]
    [InlineData("language_model/attrs.json", """{"score_boundary": 1}""", "score_boundary must be true or false")]
    [InlineData("alphabet.json", "{}", "no array of labels")]
    [InlineData("alphabet.json", "{", "not valid JSON")]
    [InlineData("language_model/b.binary", "", "several n-gram models are in it, a.arpa and b.binary")]
    public void Damaged_folders_are_refused(string name, string content, string reason)
    {
        Write("language_model/a.arpa", "");
        Write(name, content);
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => DecodingFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
