using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Data2Vec.Server.Tests;

/// <summary>What is refused before any model runs, while the server goes on answering others.</summary>
public sealed class LimitsTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(options => options.Limits.BodyTime = TimeSpan.FromSeconds(1), ["text", "text-sentiment", "image", "speech-ctc"]);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Texts_tokens_and_inputs_beyond_the_limits_get_413()
    {
        foreach ((string route, object request) in new (string, object)[]
        {
            ("v1/embeddings", new { model = "text", input = new string('x', 3_900_000) }),
            ("v1/embeddings", new { model = "text", input = string.Concat(Enumerable.Repeat("a b ", 200_000)) }),
            ("v1/embeddings", new { model = "text", input = Enumerable.Repeat("a", 2049) }),
            ("v1/embeddings", new { model = "text", input = Enumerable.Repeat("the words of a text, many of them, again and again, and then some", 2048).Select(text => text + text + text + text + text + text) }),
            ("v1/embeddings", new { model = "text", input = Enumerable.Repeat(5, 200_000) }),
            ("v1/embeddings", new { model = "text", input = Enumerable.Repeat(Enumerable.Repeat(5, 100), 2000) }),
            ("v1/classify", new { model = "text-sentiment", input = string.Concat(Enumerable.Repeat("a b ", 200_000)) }),
            ("v1/similarity", new { model = "text", source = "a", targets = new[] { string.Concat(Enumerable.Repeat("a b ", 200_000)) } }),
            ("tokenize", new { model = "text", input = string.Concat(Enumerable.Repeat("a b ", 200_000)) }),
        })
        {
            JsonElement error = await RunningServer.ErrorAsync(await _server.PostAsync(route, JsonSerializer.Serialize(request)), HttpStatusCode.RequestEntityTooLarge);
            Assert.Equal("request_too_large", error.GetProperty("code").GetString());
        }

        await _server.AskAsync("v1/embeddings", new { model = "text", input = string.Concat(Enumerable.Repeat("a b ", 2000)) });
    }

    [Fact]
    public async Task Pixels_and_samples_beyond_the_limits_get_413()
    {
        string bomb = Files.DataUri(PngOfOneColor(30_000, 30_000));
        using HttpResponseMessage image = await _server.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "image", input = bomb }));
        await RunningServer.ErrorAsync(image, HttpStatusCode.RequestEntityTooLarge);

        // Each is allowed, all together are not.
        string large = Files.DataUri(PngOfOneColor(5000, 4000));
        using HttpResponseMessage images = await _server.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "image", input = Enumerable.Repeat(large, 4) }));
        await RunningServer.ErrorAsync(images, HttpStatusCode.RequestEntityTooLarge);

        await using RunningServer small = await RunningServer.StartAsync(options => options.Limits.MaxSamples = 100_000, ["speech-ctc"]);
        using HttpResponseMessage recording = await small.Http.PostAsync(new Uri("v1/audio/transcriptions", UriKind.Relative), RunningServer.Form(Files.Silence(100_001), ("model", "speech-ctc")));
        await RunningServer.ErrorAsync(recording, HttpStatusCode.RequestEntityTooLarge);
        using HttpResponseMessage two = await small.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "speech-ctc", input = Enumerable.Repeat(Files.DataUri(Files.Silence(60_000)), 2) }));
        await RunningServer.ErrorAsync(two, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Small_images_and_slow_recordings_count_as_what_their_model_reads()
    {
        using var vision = BundledModels.Load<VisionModel>("image");
        int read = vision.Preprocessing.CropSize * vision.Preprocessing.CropSize;
        await using RunningServer server = await RunningServer.StartAsync(options => (options.Limits.MaxPixels, options.Limits.MaxSamples) = (read, 100_000), ["image", "speech-ctc"]);
        string dot = Files.DataUri(PngOfOneColor(1, 1)), slow = Files.DataUri(Files.Silence(10_000, rate: 1_000));
        await server.AskAsync("v1/embeddings", new { model = "image", input = dot });
        using HttpResponseMessage two = await server.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "image", input = new[] { dot, dot } }));
        await RunningServer.ErrorAsync(two, HttpStatusCode.RequestEntityTooLarge);
        using HttpResponseMessage recording = await server.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "speech-ctc", input = slow }));
        await RunningServer.ErrorAsync(recording, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_by_its_header_and_one_without_a_length_when_it_gets_there()
    {
        var content = new ByteArrayContent(new byte[40 << 20]);
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/embeddings") { Content = content, Headers = { ExpectContinue = true } };
        using HttpResponseMessage refused = await _server.Http.SendAsync(request);
        await RunningServer.ErrorAsync(refused, HttpStatusCode.RequestEntityTooLarge);

        await using RunningServer small = await RunningServer.StartAsync(options => options.Limits.MaxBodyBytes = 10_000);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "v1/embeddings") { Content = new StringContent($$"""{"model": "text", "input": "{{new string('x', 20_000)}}"}""", Encoding.UTF8, "application/json"), Headers = { TransferEncodingChunked = true } };
        using HttpResponseMessage late = await small.Http.SendAsync(chunked);
        await RunningServer.ErrorAsync(late, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Probes_answer_while_too_large_requests_are_refused()
    {
        string body = JsonSerializer.Serialize(new { model = "text", input = new string('x', 3_900_000) });
        var slowest = TimeSpan.Zero;
        using var stop = new CancellationTokenSource();
        Task probing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                long start = Stopwatch.GetTimestamp();
                using HttpResponseMessage live = await _server.Http.GetAsync(new Uri("livez", UriKind.Relative));
                Assert.True(live.IsSuccessStatusCode);
                TimeSpan time = Stopwatch.GetElapsedTime(start);
                slowest = time > slowest ? time : slowest;
                await Task.Delay(1);
            }
        });
        for (int i = 0; i < 10; i++)
        {
            await RunningServer.ErrorAsync(await _server.PostAsync("v1/embeddings", body), HttpStatusCode.RequestEntityTooLarge);
        }

        await stop.CancelAsync();
        await probing;
        Assert.True(slowest < TimeSpan.FromSeconds(2), $"a probe took {slowest}"); // 50 ms on an idle machine
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_in_time_is_given_up()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Http.BaseAddress!.Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"model\""u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"model\": \"text\", \"input\": ")]
    public async Task Deep_nesting_is_refused(string start)
    {
        using HttpResponseMessage response = await _server.PostAsync("v1/embeddings", start + new string('[', 1_000_000));
        await RunningServer.ErrorAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Bodies_in_work_are_limited_all_together()
    {
        await using RunningServer small = await RunningServer.StartAsync(options => options.Limits.MaxBytesInWork = 5000);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, small.Http.BaseAddress!.Port);
        await client.GetStream().WriteAsync("POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4900\r\n\r\n{"u8.ToArray());
        HttpStatusCode status = HttpStatusCode.OK;
        for (int i = 0; i < 100 && status == HttpStatusCode.OK; i++)
        {
            using HttpResponseMessage answer = await small.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "text", input = new string('x', 500) }));
            status = answer.StatusCode;
            await Task.Delay(20);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        client.Close();
        for (int i = 0; i < 500 && status != HttpStatusCode.OK; i++)
        {
            using HttpResponseMessage answer = await small.PostAsync("v1/embeddings", JsonSerializer.Serialize(new { model = "text", input = new string('x', 500) }));
            status = answer.StatusCode;
            await Task.Delay(20);
        }

        Assert.Equal(HttpStatusCode.OK, status);
    }

    /// <summary>A PNG file that is a thousandth of its pixels in bytes.</summary>
    private static byte[] PngOfOneColor(int width, int height)
    {
        using var png = new MemoryStream();
        png.Write([0x89, .. "PNG\r\n"u8, 0x1a, (byte)'\n']);
        Chunk("IHDR", [.. Big(width), .. Big(height), 8, 0, 0, 0, 0]);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] row = new byte[width + 1];
            for (int i = 0; i < height; i++)
            {
                zlib.Write(row);
            }
        }

        Chunk("IDAT", data.ToArray());
        Chunk("IEND", []);
        return png.ToArray();

        void Chunk(string type, byte[] content)
        {
            byte[] typed = [.. Encoding.ASCII.GetBytes(type), .. content];
            png.Write(Big(content.Length));
            png.Write(typed);
            png.Write(Big((int)Crc(typed)));
        }

        static byte[] Big(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

        static uint Crc(byte[] bytes)
        {
            uint crc = uint.MaxValue;
            foreach (byte value in bytes)
            {
                crc ^= value;
                for (int i = 0; i < 8; i++)
                {
                    crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
                }
            }

            return ~crc;
        }
    }
}
