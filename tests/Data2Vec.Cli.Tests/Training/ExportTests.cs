using Data2Vec.ModelFile;

namespace Data2Vec.Cli.Tests.Training;

public sealed class ExportTests : IDisposable
{
    private readonly RunFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("speech")]
    [InlineData("text")]
    [InlineData("image")]
    public void A_run_is_exported_and_read_again_as_the_same_model(string kind)
    {
        string data = kind == "speech" ? _files.Recordings() : kind == "text" ? _files.Texts() : _files.Images(), run = _files["run"];
        string[] tokenizer = kind == "text" ? ["--tokenizer", _files.Tokenizer()] : [];
        Succeed(["pretrain", _files[$"{kind}.json"], "--data", data, "-o", run, .. tokenizer]);
        string model = Path.Combine(run, "model.d2v");

        Succeed("export", run, "--to", "d2v", "-o", _files["same.d2v"]);
        AssertSame(model, _files["same.d2v"]);

        Succeed("export", run, "--to", "huggingface", "-o", _files["folder"]);
        Succeed("convert", _files["folder"], "-o", _files["folder.d2v"]);
        AssertSame(model, _files["folder.d2v"]);

        Succeed("export", run, "--to", "fairseq", "-o", _files["model.pt"]);
        Succeed(["convert", _files["model.pt"], "-o", _files["fairseq.d2v"], .. kind == "text"
            ? new[] { "--dict", _files["tokenizer/dict.txt"], "--bpe", _files["tokenizer/encoder.json"], _files["tokenizer/vocab.bpe"] } : []]);
        AssertSame(model, _files["fairseq.d2v"]);

        // The teacher differs from the student, and is a whole model.
        Succeed("export", run, "--to", "d2v", "-o", _files["teacher.d2v"], "--teacher", "--dtype", "bf16");
        Assert.NotEqual(First(model), First(_files["teacher.d2v"]));
        using D2vFile teacher = D2vFile.Open(_files["teacher.d2v"]);
        Assert.Contains(teacher.Tensors.Values, tensor => tensor.Type == Kernels.ElementType.BF16);
        using Data2VecModel loaded = Data2VecModel.Load(_files["teacher.d2v"]);

        // A checkpoint that was written is a start as well.
        Succeed(["pretrain", _files[$"{kind}.json"], "--data", data, "--from", _files["model.pt"], "-o", _files["second"], .. tokenizer]);
    }

    [Fact]
    public void What_cannot_be_exported_is_said()
    {
        Succeed("pretrain", _files["image.json"], "--data", _files.Images(), "-o", _files["run"]);
        AssertFails(2, "has no teacher", "export", _files["run/model.d2v"], "--to", "d2v", "-o", _files["x.d2v"], "--teacher");
        AssertFails(2, "the student and the teacher", "export", _files["run"], "--to", "fairseq", "-o", _files["x.pt"], "--teacher");
        AssertFails(2, "--dtype is for", "export", _files["run"], "--to", "fairseq", "-o", _files["x.pt"], "--dtype", "bf16");
        AssertFails(1, "no state.d2v", "export", _files["images"], "--to", "d2v", "-o", _files["x.d2v"]);
        AssertFails(2, "would replace", "export", _files["run/model.d2v"], "--to", "d2v", "-o", _files["run/model.d2v"]);
    }

    private static void Succeed(params string[] command)
    {
        (int code, _, string error) = CommandLine.Run(command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {error}");
    }

    private static void AssertFails(int expected, string message, params string[] command)
    {
        (int code, _, string error) = CommandLine.Run(command);
        Assert.True(code == expected && error.Contains(message, StringComparison.Ordinal), $"{code}: {error}");
    }

    private static void AssertSame(string one, string other)
    {
        using D2vFile first = D2vFile.Open(one), second = D2vFile.Open(other);
        Assert.Equal(first.Tensors.Keys.Order(StringComparer.Ordinal), second.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (TensorInfo tensor in first.Tensors.Values)
        {
            float[] a = new float[tensor.Count], b = new float[tensor.Count];
            first.Read(tensor, a);
            second.Read(second.Tensor(tensor.Name), b);
            Assert.Equal(a, b);
        }
    }

    private static float[] First(string path)
    {
        using D2vFile file = D2vFile.Open(path);
        TensorInfo tensor = file.Tensor("encoder.0.attention.query.weight");
        float[] values = new float[tensor.Count];
        file.Read(tensor, values);
        return values;
    }
}
