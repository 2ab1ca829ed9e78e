using System.Buffers.Binary;
using Data2Vec.Tests.ModelFile;

namespace Data2Vec.Tests.Models;

/// <summary>A model from a file, a stream and a name.</summary>
public sealed class LoadingTests
{
    [Fact]
    public async Task A_model_is_the_same_from_a_file_a_stream_and_by_its_name()
    {
        byte[] bytes = Resources.Read("text");
        using var folder = new TemporaryFolder();
        string path = folder.File("text.d2v", bytes);
        Func<Task<Data2VecModel>>[] ways =
        [
            () => Task.FromResult(Data2VecModel.Load(path)),
            () => Data2VecModel.LoadAsync(path),
            () => Task.FromResult(Data2VecModel.Load(new OneWayStream(bytes, 10_000))),
            () => Data2VecModel.LoadAsync(new OneWayStream(bytes, 10_000)),
        ];
        using var named = (TextModel)BundledModels.Load("text");
        float[] expected = named.Embed("a text");
        foreach (Func<Task<Data2VecModel>> way in ways)
        {
            using var model = Assert.IsType<TextModel>(await way());
            Assert.Equal(expected, model.Embed("a text"));
        }
    }

    [Fact]
    public async Task Loading_looks_at_the_token_before_anything_is_read()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Data2VecModel.LoadAsync("no such file.d2v", cancellationToken: cancelled));
        using var stream = new MemoryStream(Resources.Read("text"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Data2VecModel.LoadAsync(stream, cancellationToken: cancelled));
        Assert.Equal(0, stream.Position);
    }

    [Fact]
    public void Every_bundled_model_loads_and_another_name_gets_a_list_of_them()
    {
        foreach (string name in BundledModels.Names)
        {
            BundledModels.Load(name).Dispose();
        }

        Assert.Equal(["image", "image-cifar10", "speech", "speech-ctc", "text", "text-sentiment"], BundledModels.Names);
        Assert.Contains("speech-ctc", Assert.Throws<ArgumentException>(() => BundledModels.Load("music")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_stream_without_an_end_no_more_is_read_than_the_model_should_have()
    {
        byte[] model = SampleModel.Bytes();
        foreach (byte[] start in (byte[][])[[], model])
        {
            using var endless = new EndlessStream(start);
            Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(endless));
            Assert.InRange(endless.Given, 1, start.Length + 64);
            using var again = new EndlessStream(start);
            await Assert.ThrowsAsync<InvalidDataException>(() => Data2VecModel.LoadAsync(again));
            Assert.InRange(again.Given, 1, start.Length + 64);
        }
    }

    [Fact]
    public async Task A_stream_that_claims_more_than_it_has_is_refused_without_memory_for_the_claim()
    {
        byte[] bytes = Resources.Read("text");
        foreach (ulong claim in (ulong[])[ulong.MaxValue, long.MaxValue, 1UL << 40])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), claim);
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => Data2VecModel.LoadAsync(new MemoryStream(bytes)));
            Assert.Equal($"the model: the file has {bytes.Length} bytes and should have {claim}; copy or convert it again", error.Message);
            Assert.Equal(error.Message, Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(new MemoryStream(bytes))).Message);
        }
    }

    [Fact]
    public async Task A_cancelled_load_gives_no_model()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Data2VecModel.LoadAsync(new MemoryStream(Resources.Read("text")), null, cancel.Token));
    }

    private sealed class EndlessStream(byte[] start) : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            for (int i = 0; i < count; i++, Given++)
            {
                buffer[offset + i] = Given < start.Length ? start[Given] : (byte)'x';
            }

            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var some = new byte[buffer.Length];
            int read = Read(some, 0, some.Length);
            some.CopyTo(buffer);
            return ValueTask.FromResult(read);
        }
    }
}
