using Microsoft.Playwright;

namespace Data2Vec.Server.Tests;

/// <summary>The page, in Chromium.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private static readonly string? s_chromium = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    private static readonly string s_recording = Path.Combine(AppContext.BaseDirectory, "four-two.wav");

    private readonly string _memes = Files.Temporary(".d2v"), _junk = Files.Temporary(".wav");
    private readonly List<string> _problems = [];
    private RunningServer _server = null!;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private IPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(s_chromium is null, "Chromium is not installed");
        Files.WriteMemeModel(_memes, withText: false);
        await File.WriteAllTextAsync(_junk, "not a recording");
        _server = await RunningServer.StartAsync(
            options => options.Models["memes"] = new ModelSource { Path = _memes }, ["speech-ctc", "text", "text-sentiment", "image-cifar10"]);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = s_chromium, Args = ["--no-sandbox"] });
        _page = await _browser.NewPageAsync();
        _page.PageError += (_, error) => _problems.Add(error);
        _page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _problems.Add($"{message.Text} {message.Location}");
            }
        };
        _page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_server.Http.BaseAddress!.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
            {
                _problems.Add($"a request of {request.Url}");
            }
        };
        await _page.GotoAsync(_server.Http.BaseAddress!.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        File.Delete(_memes);
        File.Delete(_junk);
    }

    [Fact]
    public async Task A_recording_gets_its_transcript_with_times()
    {
        ILocator item = await AddAsync(s_recording);
        Assert.Equal("FOUR TWO", string.Join(' ', await item.Locator(".transcript button").AllTextContentsAsync()));
        ILocator second = item.Locator(".transcript button").Nth(1);
        double start = double.Parse((await second.GetAttributeAsync("data-start"))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(start, 0.2, 2);
        await second.ClickAsync();
        Assert.True(await item.Locator("audio").EvaluateAsync<double>("audio => audio.currentTime") >= start);
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Texts_get_labels_and_the_nearest_text_before()
    {
        foreach (string text in (string[])["a gripping film", "the zebra crosses the road", "a gripping movie"])
        {
            await _page.FillAsync("#text", text);
            await _page.PressAsync("#text", "Enter");
            await DoneAsync(text);
        }

        ILocator item = _page.Locator(".item").First;
        Assert.Equal("a gripping film", await item.Locator(".nearest td").First.TextContentAsync());
        Assert.Equal("positive", await item.Locator(".labels td").First.TextContentAsync());
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task An_image_that_is_dropped_gets_labels_and_a_meme_score_with_its_explanation()
    {
        string path = Files.Images[0];
        IJSHandle transfer = await _page.EvaluateHandleAsync(
            """
            ([name, content]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, { type: 'image/png' }));
              return transfer;
            }
            """,
            new[] { Path.GetFileName(path), Convert.ToBase64String(await File.ReadAllBytesAsync(path)) });
        await _page.DispatchEventAsync("#drop", "drop", new { dataTransfer = transfer });
        ILocator item = await DoneAsync(Path.GetFileName(path));
        Assert.True(await item.Locator(".labels tr").CountAsync() >= 2);
        Assert.Matches(@"^-?\d+\.\d{3}.*flagged$", await item.Locator(".meme .score").TextContentAsync());
        Assert.Equal(36, await item.Locator(".preview rect").CountAsync());
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task A_bad_file_gets_its_error_and_the_next_one_its_answer()
    {
        ILocator bad = await AddAsync(_junk);
        Assert.NotEqual("", await bad.Locator(".error").TextContentAsync());
        ILocator good = await AddAsync(s_recording);
        Assert.False(await good.Locator(".error").IsVisibleAsync());
    }

    [Fact]
    public async Task A_server_without_a_page_has_none()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.Page = false);
        using HttpResponseMessage answer = await server.Http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task<ILocator> AddAsync(string path)
    {
        await _page.SetInputFilesAsync("#files", path);
        return await DoneAsync(Path.GetFileName(path));
    }

    /// <summary>The item of an input, after all its answers.</summary>
    private async Task<ILocator> DoneAsync(string name)
    {
        ILocator item = _page.Locator(".item[data-done]").Filter(new LocatorFilterOptions { Has = _page.Locator("h2", new PageLocatorOptions { HasTextString = name }) });
        await item.WaitForAsync();
        return item;
    }
}
