using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Converters;
using Microsoft.Extensions.AI;

/// <summary>The packages as their users get them: restored from a feed, the tool installed, a program published as native code.</summary>
public class PackageTests
{
    private static readonly string s_root = Root();
    private static readonly string s_recording = Path.Combine(s_root, "engine", "samples", "four-two.wav");

    [Fact]
    public void The_library_transcribes_with_a_bundled_model()
    {
        using Data2VecModel model = BundledModels.Load("speech-ctc");
        Assert.Equal("FOUR TWO", model.Transcribe([WavFile.Load(s_recording).Resample(model.SampleRate).Samples])[0]);
    }

    [Fact]
    public async Task The_generator_gives_the_vectors_of_the_model()
    {
        using Data2VecModel model = BundledModels.Load("text");
        Embedding<float> embedding = await model.AsTextEmbeddingGenerator().GenerateAsync("a text");
        Assert.Equal(model.EmbedText("a text"), embedding.Vector.ToArray());
    }

    [Fact]
    public void The_converter_refuses_what_is_no_checkpoint()
    {
        string output = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(s_recording, output, new ConversionOptions()));
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void The_tool_is_installed_and_transcribes()
    {
        string folder = Directory.CreateTempSubdirectory("data2vec-tool-").FullName;
        try
        {
            Run("dotnet", "tool", "install", "Data2Vec.Tool", "--version", "0.1.0", "--tool-path", folder, "--add-source", Path.Combine(s_root, "artifacts", "packages"), "--no-cache");
            Assert.Equal("FOUR TWO", Run(Path.Combine(folder, "data2vec"), "transcribe", s_recording).Trim());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_program_is_published_as_native_code_without_a_warning_and_transcribes()
    {
        string folder = Directory.CreateTempSubdirectory("data2vec-native-").FullName;
        try
        {
            string log = Run(
                "dotnet", "publish", Path.Combine(s_root, "engine", "samples", "Data2Vec.Samples.Transcribe"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
                "-p:IlcInstructionSet=native", "-o", folder);
            Assert.DoesNotContain("warning", log, StringComparison.OrdinalIgnoreCase);
            Assert.False(File.Exists(Path.Combine(folder, "Data2Vec.dll")));
            Assert.Equal("FOUR TWO", Run(Path.Combine(folder, "transcribe"), Path.Combine(s_root, "engine", "Data2Vec.Cli", "models", "speech-ctc.d2v"), s_recording).Trim());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: exit code {process.ExitCode}\n{output}\n{errors.Result}");
        return output;
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
