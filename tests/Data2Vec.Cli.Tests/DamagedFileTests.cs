using System.Text;
using Data2Vec.IO;
using static Data2Vec.Cli.Tests.CommandLine;

namespace Data2Vec.Cli.Tests;

/// <summary>Whatever is done to a file, the command ends with exit code 1 and one line, or with the right result.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private const int Cuts = 200;
    private const int Flips = 2000;

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;
    private readonly string _checkpoint;
    private readonly string _model;
    private readonly string _input;
    private readonly string _damaged;
    private readonly string _result;

    public DamagedFileTests()
    {
        _checkpoint = Path.Combine(AppContext.BaseDirectory, "Fixtures", "audio", "audio_tiny_fp16.pt");
        _model = Path.Combine(_folder, "model.d2v");
        _input = Path.Combine(_folder, "input.npy");
        _damaged = Path.Combine(_folder, "damaged.file");
        _result = Path.Combine(_folder, "result.file");
        NpyFile.Write(_input, new float[400]);
        Assert.Equal(0, Run("convert", _checkpoint, "-o", _model).Code);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_truncated_or_altered_model_is_rejected()
    {
        foreach (byte[] bytes in Damage(File.ReadAllBytes(_model)))
        {
            File.WriteAllBytes(_damaged, bytes);
            AssertRefused(Run("embed", "--model", _damaged, _input, "-o", _result));
        }
    }

    [Fact]
    public void A_truncated_or_altered_checkpoint_is_rejected_unless_the_change_does_not_matter()
    {
        byte[] model = File.ReadAllBytes(_model);
        int refused = 0;
        foreach (byte[] bytes in Damage(File.ReadAllBytes(_checkpoint)))
        {
            File.WriteAllBytes(_damaged, bytes);
            (int code, string output, string error) = Run("convert", _damaged, "-o", _result);
            if (code == 0)
            {
                // Padding, or numbers that the model does not use: the weights must be what they were.
                AssertSameAfterHeader(model, File.ReadAllBytes(_result));
                File.Delete(_result);
            }
            else
            {
                refused++;
                AssertRefused((code, output, error));
            }
        }

        Assert.InRange(refused, Cuts + Flips / 4, Cuts + Flips);
    }

    [Theory]
    [InlineData("cos\nsystem\n(S'touch pwned'\ntR.")]
    [InlineData("\u0080\u0002c__builtin__\neval\nX\u0004\0\0\0" + "1+1x\u0085R.")]
    [InlineData("\u0080\u0002}(((((((((((((((((((((((((((((((((((((((((((.")]
    [InlineData("\u0080\u0002X\u00ff\u00ff\u00ff\u007fabc.")]
    [InlineData("PK\u0003\u0004")]
    [InlineData("")]
    [InlineData("hello")]
    public void A_hostile_or_foreign_file_is_rejected_as_checkpoint_model_and_recording(string content)
    {
        File.WriteAllBytes(_damaged, Encoding.Latin1.GetBytes(content));
        AssertRefused(Run("convert", _damaged, "-o", _result));
        AssertRefused(Run("inspect", _damaged));
        AssertRefused(Run("embed", "--model", _model, _damaged, "-o", _result));
    }

    private static IEnumerable<byte[]> Damage(byte[] file)
    {
        var random = new Random(7);
        for (int i = 0; i < Cuts; i++)
        {
            yield return file[..(int)((long)file.Length * i / Cuts)];
        }

        for (int i = 0; i < Flips; i++)
        {
            byte[] changed = (byte[])file.Clone();
            changed[random.Next(file.Length)] ^= (byte)random.Next(1, 256);
            yield return changed;
        }
    }

    /// <summary>The header holds the checkpoint's name; all behind it must agree.</summary>
    private static void AssertSameAfterHeader(byte[] expected, byte[] actual)
    {
        static ReadOnlySpan<byte> Data(byte[] file) =>
            file.AsSpan((int)((64 + BitConverter.ToInt64(file, 8) + 63) / 64 * 64));

        Assert.True(Data(expected).SequenceEqual(Data(actual)), "the result of a damaged checkpoint differs");
    }

    private void AssertRefused((int Code, string Output, string Error) run)
    {
        Assert.Equal(1, run.Code);
        Assert.Empty(run.Output);
        string[] lines = run.Error.TrimEnd().Split('\n');
        Assert.StartsWith("data2vec: ", lines[^1], StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith("data2vec: ", StringComparison.Ordinal));
        Assert.False(File.Exists(_result));
    }
}
