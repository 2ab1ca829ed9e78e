using System.Net;
using System.Net.Http.Headers;
using Data2Vec.Server.Requests;
using Data2Vec.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Data2Vec.Server.Tests;

/// <summary>Keys, and URLs in requests.</summary>
public sealed class SecurityTests
{
    private const string Key = "first-key-0123456789", Other = "second-key-0123456789";

    [Fact]
    public async Task Requests_need_one_of_the_keys_and_no_key_gets_into_the_log()
    {
        string file = Files.Temporary(".keys");
        try
        {
            await File.WriteAllTextAsync(file, $"# of the search team\n{Key}\n\n  {Other}  \n");
            await using RunningServer server = await RunningServer.StartAsync(options => options.KeyFile = file);
            foreach ((string? header, HttpStatusCode status) in new (string?, HttpStatusCode)[]
            {
                (null, HttpStatusCode.Unauthorized), ("Bearer", HttpStatusCode.Unauthorized), ("Bearer wrong-key-0123456789", HttpStatusCode.Unauthorized), (Key, HttpStatusCode.Unauthorized),
                ($"Basic {Key}", HttpStatusCode.Unauthorized), ($"Bearer {Key[..^1]}", HttpStatusCode.Unauthorized), ($"Bearer {Key}x", HttpStatusCode.Unauthorized), ("Bearer # of the search team", HttpStatusCode.Unauthorized),
                ($"Bearer {Key}", HttpStatusCode.OK), ($"bearer {Other}", HttpStatusCode.OK),
            })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "v1/models");
                if (header is not null)
                {
                    request.Headers.TryAddWithoutValidation("Authorization", header);
                }

                using HttpResponseMessage answer = await server.Http.SendAsync(request);
                Assert.Equal(status, answer.StatusCode);
                if (status == HttpStatusCode.Unauthorized)
                {
                    Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
                    Assert.Equal("invalid_api_key", (await RunningServer.ErrorAsync(answer, status)).GetProperty("code").GetString());
                }
            }

            using HttpResponseMessage embeddings = await server.PostAsync("embeddings", """{"model": "text", "input": "a"}""");
            Assert.Equal(HttpStatusCode.Unauthorized, embeddings.StatusCode);
            foreach (string open in (string[])["livez", "startupz", "readyz", "metrics", "openapi/v1.json"])
            {
                Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri(open, UriKind.Relative))).StatusCode);
            }

            Assert.DoesNotContain("-key-0123456789", server.Log, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Probes_and_metrics_can_be_protected_too()
    {
        string file = Files.Temporary(".keys");
        try
        {
            await File.WriteAllTextAsync(file, Key);
            await using RunningServer server = await RunningServer.StartAsync(options => (options.KeyFile, options.ProtectMetrics, options.ProtectProbes) = (file, true, true), waits: false);
            foreach (string route in (string[])["livez", "startupz", "readyz", "metrics"])
            {
                Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync(new Uri(route, UriKind.Relative))).StatusCode);
            }

            server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            await server.ReadyAsync();
            Assert.Contains("data2vec_", await server.Http.GetStringAsync(new Uri("metrics", UriKind.Relative)), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing")]
    [InlineData("short")]
    [InlineData("a key with spaces in it")]
    public void A_file_without_usable_keys_is_an_error_that_does_not_show_them(string content)
    {
        string file = Files.Temporary(".keys");
        try
        {
            File.WriteAllText(file, content);
            var error = Assert.Throws<InvalidDataException>(() => new ApiKeys(new Data2VecServerOptions { KeyFile = file }));
            Assert.StartsWith(file, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("with spaces in it", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("93.184.216.34", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.9.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:1::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fe80::1%2", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("fec0::1", false)]
    public void Public_addresses_are_told_from_others(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));

    [Fact]
    public async Task URLs_never_reach_local_addresses_also_after_a_redirection()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.AllowUrls = true, ["image"]);
        int port = server.Http.BaseAddress!.Port;
        foreach (string url in (string[])
        [
            $"http://127.0.0.1:{port}/livez", "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://0/", "http://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/a.png", "http://user:password@localhost/", "http://localhost.:80/",
        ])
        {
            using HttpResponseMessage answer = await server.PostAsync("v1/embeddings", System.Text.Json.JsonSerializer.Serialize(new { model = "image", input = url }));
            Assert.Equal("the URL in 'input' cannot be read", (await RunningServer.ErrorAsync(answer, HttpStatusCode.BadRequest)).GetProperty("message").GetString());
        }

        foreach (string other in (string[])["ftp://example.com/a.png", "gopher://example.com/", "\\\\server\\share", "/etc/passwd"])
        {
            using HttpResponseMessage answer = await server.PostAsync("v1/embeddings", System.Text.Json.JsonSerializer.Serialize(new { model = "image", input = other }));
            await RunningServer.ErrorAsync(answer, HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task The_reader_of_URLs_checks_the_address_of_each_connection_and_the_size_of_the_content()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0", "http://127.0.0.2:0");
        builder.Logging.ClearProviders();
        await using WebApplication site = builder.Build();
        site.MapGet("/content", () => "content");
        site.MapGet("/large", () => new string('x', 2000));
        site.MapGet("/streamed", async (HttpResponse response) =>
        {
            for (int i = 0; i < 20; i++)
            {
                await response.WriteAsync(new string('x', 100));
                await response.Body.FlushAsync();
            }
        });
        site.MapGet("/missing", () => Results.NotFound());
        site.MapGet("/loop", () => Results.Redirect("/loop"));
        site.MapGet("/near", () => Results.Redirect("/content"));
        site.MapGet("/away", () => Results.Redirect(site.Urls.Single(url => url.Contains("127.0.0.2", StringComparison.Ordinal)) + "/content"));
        site.MapGet("/file", () => Results.Redirect("file:///etc/passwd"));
        await site.StartAsync();
        string allowed = site.Urls.Single(url => url.Contains("127.0.0.1", StringComparison.Ordinal));

        // 127.0.0.1 stands for the internet.
        using var reader = new UrlReader(1000, address => address.ToString() == "127.0.0.1", _ => true);
        Assert.Equal("content"u8.ToArray(), await reader.ReadAsync(new Uri(allowed + "/content"), "input", default));
        Assert.Equal("content"u8.ToArray(), await reader.ReadAsync(new Uri(allowed + "/near"), "input", default));
        foreach (string path in (string[])["/away", "/file", "/loop", "/missing"])
        {
            var error = await Assert.ThrowsAsync<RequestException>(() => reader.ReadAsync(new Uri(allowed + path), "input", default));
            Assert.Equal(StatusCodes.Status400BadRequest, error.Status);
        }

        foreach (string path in (string[])["/large", "/streamed"])
        {
            var error = await Assert.ThrowsAsync<RequestException>(() => reader.ReadAsync(new Uri(allowed + path), "input", default));
            Assert.Equal(StatusCodes.Status413PayloadTooLarge, error.Status);
        }
    }
}
