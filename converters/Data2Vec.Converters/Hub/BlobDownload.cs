using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Data2Vec.Converters.Hub;

/// <summary>Downloads one file: resumes an earlier download and checks the content.</summary>
internal sealed class BlobDownload(HubRequests requests, RemoteFile file)
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Attempts that bring less count as failures, so that a server that stops after each byte cannot stall the download.</summary>
    private const int WorthwhileBytes = 1 << 20;

    /// <summary>Downloads the file.</summary>
    /// <param name="blob">Where it goes; it appears when it is whole and right.</param>
    /// <exception cref="HttpRequestException">The server is not there or refuses.</exception>
    /// <exception cref="InvalidDataException">What came is not the file.</exception>
    public async Task RunAsync(string blob)
    {
        using PartialFile partial = PartialFile.Claim(blob);
        if (partial.Length > file.Size)
        {
            partial.Clear();
        }
        // The partial file may have been damaged on disk, so a resumed download gets another attempt.
        for (bool isResumed = partial.Length > 0; ; isResumed = false)
        {
            await ReceiveAllAsync(partial).ConfigureAwait(false);
            if (await FindErrorAsync(partial).ConfigureAwait(false) is not { } error)
            {
                break;
            }

            partial.Clear();
            InvalidData.ThrowIf(!isResumed, error);
        }

        partial.Complete();
    }

    private async Task ReceiveAllAsync(PartialFile partial)
    {
        // Bytes that are dropped and downloaded again are not progress.
        long best = partial.Length;
        for (int failures = 0; partial.Length < file.Size;)
        {
            try
            {
                await ReceiveAsync(partial).ConfigureAwait(false);
            }
            catch (TransientFailure failure)
            {
                failures++;
                if (partial.Length >= best + WorthwhileBytes)
                {
                    (failures, best) = (1, partial.Length);
                }

                if (failures == HubRequests.MaxAttempts)
                {
                    throw;
                }

                await requests.WaitAsync(failure, failures).ConfigureAwait(false);
            }
        }
    }

    private async Task ReceiveAsync(PartialFile partial)
    {
        if (!file.CanResume)
        {
            partial.Clear();
        }

        long start = partial.Length;
        using HttpResponseMessage response = await requests.SendAsync(HttpMethod.Get, file.Address, file.Title, headers =>
        {
            headers.Range = start > 0 ? new RangeHeaderValue(start, null) : null;
            headers.IfRange = start > 0 && file.Validator is { } tag ? new RangeConditionHeaderValue(tag) : null;
        }).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent
                when response.Content.Headers.ContentRange is { } range && range.From == start && (range.Length ?? file.Size) == file.Size:
                break;
            case HttpStatusCode.OK:
                partial.Clear();
                start = 0;
                break;
            case HttpStatusCode.RequestedRangeNotSatisfiable when start > 0:
                partial.Clear();
                throw new TransientFailure($"{file.Title}: the server does not have the rest of what was downloaded before", response.StatusCode);
            default:
                throw new InvalidDataException($"{file.Title}: the server answers {(int)response.StatusCode} with another part than was asked for");
        }

        InvalidData.ThrowIf(
            response.Content.Headers.ContentEncoding.Any(encoding => encoding != "identity"),
            $"{file.Title}: the server sends it compressed, which it was asked not to do");

        if (response.Content.Headers.ContentLength is { } length && length != file.Size - start)
        {
            throw WrongSize(start + length);
        }

        await CopyAsync(response, partial).ConfigureAwait(false);
    }

    private async Task CopyAsync(HttpResponseMessage response, PartialFile partial)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(requests.Cancellation);
        byte[] buffer = new byte[BufferBytes];
        Stream body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
        for (int count; (count = await ReadAsync(body, buffer, timeout).ConfigureAwait(false)) > 0;)
        {
            if (count > file.Size - partial.Length)
            {
                partial.Clear();
                throw WrongSize(null);
            }

            await partial.AppendAsync(buffer.AsMemory(0, count), requests.Cancellation).ConfigureAwait(false);
            requests.Report(PullStage.Downloading, file.Name, partial.Length, file.Size);
        }

        if (partial.Length < file.Size)
        {
            throw CutOff(partial.Length, null);
        }

        async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationTokenSource timeout)
        {
            timeout.CancelAfter(requests.DownloadTimeout);
            try
            {
                return await body.ReadAsync(buffer, timeout.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (requests.IsCut(error))
            {
                throw CutOff(partial.Length, error);
            }
        }
    }

    /// <summary>The error in the complete file, or null.</summary>
    private async Task<string?> FindErrorAsync(PartialFile partial)
    {
        (HashAlgorithmName name, string head) = file switch
        {
            { HasSha256: true } => (HashAlgorithmName.SHA256, ""),
            { HasGitHash: true } => (HashAlgorithmName.SHA1, string.Create(CultureInfo.InvariantCulture, $"blob {file.Size}\0")),
            _ => default,
        };
        if (name == default)
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(name);
        hash.AppendData(Encoding.ASCII.GetBytes(head));
        byte[] buffer = new byte[BufferBytes];
        Stream whole = partial.Read();
        for (int count; (count = await whole.ReadAsync(buffer, requests.Cancellation).ConfigureAwait(false)) > 0;)
        {
            hash.AppendData(buffer, 0, count);
        }

        string actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        return actual == file.Etag
            ? null
            : $"{file.Title}: the downloaded file has the {name.Name} {actual}, and the server announced {file.Etag}; try again, " +
                "and if it happens again, do not trust the server";
    }

    private TransientFailure CutOff(long received, Exception? inner) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{file.Title}: the download stopped after {received:N0} of {file.Size:N0} bytes"), inner: inner);

    private InvalidDataException WrongSize(long? size) =>
        new(string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Title}: the server sends {(size is null ? "more" : $"{size:N0} bytes")}, and announced {file.Size:N0} bytes"));
}
