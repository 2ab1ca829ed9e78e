using Data2Vec.Converters.Hub;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>The environment, as huggingface_hub's constants and its documentation say.</summary>
public sealed class HubOptionsTests : IDisposable
{
    private readonly Folder _folder = new();

    private string Home => _folder.PathOf("home");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_variables_the_defaults_of_huggingface_hub_hold()
    {
        HubOptions options = Read();
        Assert.Equal(new Uri("https://huggingface.co"), options.Endpoint);
        Assert.Null(options.Token);
        Assert.Equal(Path.Combine(Home, ".cache/huggingface/hub"), options.CacheFolder);
        Assert.Equal(TimeSpan.FromSeconds(10), options.MetadataTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.DownloadTimeout);
        Assert.False(options.Offline);
        Assert.True(options.UseSymbolicLinks);
    }

    [Theory]
    [InlineData("/a/huggingface/hub", "XDG_CACHE_HOME", "/a")]
    [InlineData("/b/hub", "XDG_CACHE_HOME", "/a", "HF_HOME", "/b")]
    [InlineData("/c", "XDG_CACHE_HOME", "/a", "HF_HOME", "/b", "HUGGINGFACE_HUB_CACHE", "/c")]
    [InlineData("/d", "HF_HOME", "/b", "HUGGINGFACE_HUB_CACHE", "/c", "HF_HUB_CACHE", "/d")]
    [InlineData("/e/x/d", "HF_HUB_CACHE", "$ROOT/x/${NAME}", "ROOT", "/e", "NAME", "d")]
    [InlineData("~/x", "HF_HUB_CACHE", "~/x")]
    public void The_cache_is_where_the_first_of_the_variables_says(string expected, params string[] variables) =>
        Assert.Equal(Path.GetFullPath(expected.Replace("~", Home, StringComparison.Ordinal)), Read(variables).CacheFolder);

    [Fact]
    public void The_token_is_the_variables_else_that_of_the_file()
    {
        string file = _folder.Add("my-token", "  hf_file\r\n"u8.ToArray());
        Assert.Equal("hf_file", Read("HF_TOKEN_PATH", file).Token);
        Assert.Equal("hf_one", Read("HF_TOKEN_PATH", file, "HF_TOKEN", " hf_one\n").Token);
        Assert.Equal("hf_old", Read("HUGGING_FACE_HUB_TOKEN", "hf_old").Token);
        Assert.Null(Read("HF_TOKEN", "hf_one", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").Token);
        Assert.Null(Read("HF_TOKEN_PATH", _folder.PathOf("none")).Token);
        File.Move(file, _folder.PathOf("token"));
        Assert.Equal("hf_file", Read("HF_HOME", Path.GetDirectoryName(file)!).Token);
        Assert.DoesNotContain("hf_one", Read("HF_TOKEN", "hf_one").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Switches_and_times_and_addresses_are_obeyed()
    {
        Assert.All(["1", "on", "Yes", "TRUE"], value => Assert.True(Read("HF_HUB_OFFLINE", value).Offline));
        Assert.All(["0", "off", "", "2"], value => Assert.False(Read("HF_HUB_OFFLINE", value).Offline));
        Assert.True(Read("TRANSFORMERS_OFFLINE", "1").Offline);
        Assert.False(Read("HF_HUB_DISABLE_SYMLINKS", "1").UseSymbolicLinks);
        Assert.Equal(TimeSpan.FromSeconds(30), Read("HF_HUB_ETAG_TIMEOUT", "30").MetadataTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), Read("HF_HUB_DOWNLOAD_TIMEOUT", "60").DownloadTimeout);
        Assert.Equal("http://mirror:80/hub/", Read("HF_ENDPOINT", "http://mirror:80/hub/").Endpoint.OriginalString);
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "huggingface.co")]
    [InlineData("HF_ENDPOINT", "ftp://huggingface.co")]
    [InlineData("HF_HUB_ETAG_TIMEOUT", "0")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "ten")]
    [InlineData("HF_TOKEN", "two\nlines")]
    [InlineData("HF_TOKEN", "hf_ü")]
    public void A_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(string name, string value)
    {
        string message = Assert.Throws<ArgumentException>(() => Read(name, value)).Message;
        Assert.StartsWith(name, message, StringComparison.Ordinal);
    }

    private HubOptions Read(params string[] variables) => HubOptions.From(
        name => Array.IndexOf(variables, name) is var at && at >= 0 && at % 2 == 0 ? variables[at + 1] : null, Home);
}
