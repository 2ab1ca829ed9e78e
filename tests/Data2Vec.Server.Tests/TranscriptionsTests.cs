using System.ClientModel;
using System.Net;
using System.Text.Json;
using Data2Vec.Audio;
using OpenAI;
using OpenAI.Audio;

namespace Data2Vec.Server.Tests;

/// <summary><c>/v1/audio/transcriptions</c>, by OpenAI's client and by hand.</summary>
public sealed class TranscriptionsTests : IAsyncLifetime
{
    private readonly SpeechModel _model = BundledModels.Load<SpeechModel>("speech-ctc");
    private Transcript _expected = null!;
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(models: ["speech-ctc", "speech", "text"]);
        _expected = _model.TranscribeWithTimes(AudioFile.Load(new MemoryStream(Files.Recording)));
        Assert.Equal(2, _expected.Words.Count());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
    }

    [Fact]
    public async Task The_OpenAI_client_gets_texts_words_and_segments()
    {
        AudioClient client = new("speech-ctc", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(_server.Http.BaseAddress!, "v1") });
        AudioTranscription simple = await client.TranscribeAudioAsync(new MemoryStream(Files.Recording), "two.wav");
        Assert.Equal(_expected.Text, simple.Text);
        AudioTranscription verbose = await client.TranscribeAudioAsync(new MemoryStream(Files.Recording), "two.wav", new AudioTranscriptionOptions
        {
            ResponseFormat = AudioTranscriptionFormat.Verbose,
            TimestampGranularities = AudioTimestampGranularities.Word | AudioTimestampGranularities.Segment,
            Language = "en",
            Temperature = 0,
        });
        Assert.Equal((_expected.Text, "en"), (verbose.Text, verbose.Language));
        Assert.Equal(_expected.Duration.TotalSeconds, verbose.Duration!.Value.TotalSeconds, 3);
        Assert.Equal(_expected.Words.Select(word => word.Text), verbose.Words.Select(word => word.Word));
        Assert.All(_expected.Words.Zip(verbose.Words), pair => Assert.Equal(pair.First.Start.TotalSeconds, pair.Second.StartTime.TotalSeconds, 3));
        TranscribedSegment segment = Assert.Single(verbose.Segments);
        Assert.Equal(_expected.Text, segment.Text);
        Assert.InRange(segment.AverageLogProbability, -5, 0);
        AudioTranscription srt = await client.TranscribeAudioAsync(new MemoryStream(Files.Recording), "two.wav", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Srt });
        Assert.StartsWith("1\n00:00:0", srt.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_format_has_its_text_and_its_type()
    {
        foreach ((string format, string type, string start) in new[]
        {
            ("json", "application/json", "{\"text\":\""), ("text", "text/plain", _expected.Text + "\n"), ("srt", "text/plain", "1\n00:00:0"),
            ("vtt", "text/plain", "WEBVTT\n\n00:00:0"), ("verbose_json", "application/json", "{\"task\":\"transcribe\""),
        })
        {
            using HttpResponseMessage response = await PostAsync(Files.Recording, ("model", "speech-ctc"), ("response_format", format));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
            string text = await response.Content.ReadAsStringAsync();
            Assert.StartsWith(start, text, StringComparison.Ordinal);
            Assert.Contains(_expected.Text, text, StringComparison.Ordinal);
            Assert.Equal(format == "verbose_json", text.Contains("\"segments\"", StringComparison.Ordinal));
            Assert.DoesNotContain("\"words\"", text, StringComparison.Ordinal);
        }

        using HttpResponseMessage words = await PostAsync(Files.Recording, ("model", "speech-ctc"), ("response_format", "verbose_json"), ("timestamp_granularities[]", "word"));
        JsonElement json = await RunningServer.OkAsync(words);
        Assert.Equal(2, json.GetProperty("words").GetArrayLength());
        Assert.False(json.TryGetProperty("segments", out _));
    }

    [Fact]
    public async Task Silence_has_no_words_in_any_format()
    {
        foreach (string format in (string[])["json", "text", "srt", "vtt", "verbose_json"])
        {
            using HttpResponseMessage response = await PostAsync(Files.Silence(16_000), ("model", "speech-ctc"), ("response_format", format));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("model=text", "is for embeddings")]
    [InlineData("model=speech", "'speech-ctc' is")]
    [InlineData("", "'model' is missing")]
    [InlineData("model=speech-ctc&response_format=xml", "'xml'")]
    [InlineData("model=speech-ctc&timestamp_granularities[]=word", "needs the 'response_format'")]
    [InlineData("model=speech-ctc&response_format=verbose_json&timestamp_granularities[]=letter", "'letter'")]
    [InlineData("model=speech-ctc&prompt=hello", "'prompt'")]
    [InlineData("model=speech-ctc&stream=true", "'stream'")]
    [InlineData("model=speech-ctc&temperature=hot", "'temperature'")]
    [InlineData("model=speech-ctc&modality=image", "'modality' is not a field")]
    [InlineData("model=speech-ctc&model=text", "'model' is there 2 times")]
    public async Task Bad_requests_get_an_error_that_names_the_field(string fields, string message)
    {
        (string, string)[] all = [.. fields.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(field => (field.Split('=')[0], field.Split('=')[1]))];
        using HttpResponseMessage response = await PostAsync(Files.Recording, all);
        Assert.Contains(message, (await RunningServer.ErrorAsync(response, HttpStatusCode.BadRequest)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_bodies_and_files_are_bad_requests()
    {
        foreach (byte[] file in (byte[][])[[], [1, 2, 3], Files.Recording[..40], File.ReadAllBytes(Files.Images[0]), Files.Silence(10)])
        {
            using HttpResponseMessage response = await PostAsync(file, ("model", "speech-ctc"));
            await RunningServer.ErrorAsync(response, HttpStatusCode.BadRequest);
        }

        foreach ((string type, string body, HttpStatusCode status) in new[]
        {
            ("multipart/form-data", "x", HttpStatusCode.BadRequest),
            ("multipart/form-data; boundary=a", "", HttpStatusCode.BadRequest),
            ("multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nabc", HttpStatusCode.BadRequest),
            ("multipart/form-data; boundary=a", "--a\r\nX: " + new string('x', 20_000) + "\r\n\r\nabc\r\n--a--", HttpStatusCode.BadRequest),
            ("application/x-www-form-urlencoded", "model=speech-ctc&file=x", HttpStatusCode.UnsupportedMediaType),
            ("application/json", "{}", HttpStatusCode.UnsupportedMediaType),
        })
        {
            var content = new StringContent(body);
            content.Headers.Remove("Content-Type");
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            using HttpResponseMessage response = await _server.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), content);
            await RunningServer.ErrorAsync(response, status);
        }

        var two = RunningServer.Form(Files.Recording, ("model", "speech-ctc"));
        two.Add(new ByteArrayContent([1]), "file", "b.wav");
        using HttpResponseMessage several = await _server.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), two);
        await RunningServer.ErrorAsync(several, HttpStatusCode.BadRequest);
    }

    private Task<HttpResponseMessage> PostAsync(byte[] file, params (string, string)[] fields) =>
        _server.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), RunningServer.Form(file, fields));
}
