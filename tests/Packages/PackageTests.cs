using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Converters;
using Data2Vec.Memes;
using Data2Vec.Training.Recipes;
using Microsoft.Extensions.AI;

/// <summary>The packages as users get them: restored from a feed, installed as a tool, published as native code.</summary>
public class PackageTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private static readonly string s_root = Root();
    private static readonly string s_packed = Path.Combine(s_root, "artifacts", "packages");
    private static readonly string s_version = typeof(Data2VecModel).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
    private static readonly string s_recording = Path.Combine(s_root, "engine", "samples", "four-two.wav");

    [Fact]
    public void The_tested_packages_are_the_packed_ones()
    {
        // Another feed on this machine may have packages with the same names and versions.
        string[] restored = Directory.GetFiles(Path.Combine(s_root, "artifacts", "restored"), "data2vec*.nupkg", SearchOption.AllDirectories);
        Assert.Contains(restored, package => Path.GetFileName(package).StartsWith("data2vec.converters.", StringComparison.Ordinal));
        Dictionary<string, string> packed = Directory.GetFiles(s_packed, "*.nupkg").ToDictionary(package => Path.GetFileName(package)!, StringComparer.OrdinalIgnoreCase);
        Assert.All(restored, package => Assert.Equal(File.ReadAllBytes(packed[Path.GetFileName(package)]), File.ReadAllBytes(package)));
    }

    [Fact]
    public void The_library_transcribes_with_a_bundled_model()
    {
        using SpeechModel model = BundledModels.Load<SpeechModel>("speech-ctc");
        Assert.Equal("FOUR TWO", model.Transcribe(AudioFile.Load(s_recording)));
    }

    [Fact]
    public void The_codecs_recognize_a_compressed_recording() =>
        Assert.Contains(AudioCodecs.All, decoder => decoder.Recognizes("OggS"u8));

    [Fact]
    public async Task The_generator_returns_the_vectors_of_the_model()
    {
        using TextModel model = BundledModels.Load<TextModel>("text");
        Embedding<float> embedding = await model.AsTextEmbeddingGenerator().GenerateAsync("a text");
        Assert.Equal(model.Embed("a text"), embedding.Vector.ToArray());
    }

    [Fact]
    public void The_converter_rejects_a_file_that_is_not_a_checkpoint()
    {
        string output = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(s_recording, output, new ConversionOptions()));
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void The_meme_classifier_rejects_a_file_that_is_not_a_model() =>
        Assert.Throws<InvalidDataException>(() => MemeClassifier.Load(s_recording));

    [Fact]
    public void The_training_library_reads_the_recipes_it_brings() =>
        Assert.NotEmpty(RecipeFile.ToJson(RecipeFile.ReadPretraining("text-small")));

    [Fact]
    public async Task The_installed_tool_transcribes()
    {
        string folder = Directory.CreateTempSubdirectory("data2vec-tool-").FullName;
        try
        {
            await RunAsync("dotnet", "tool", "install", "Data2Vec.Tool", "--version", s_version, "--tool-path", folder, "--source", s_packed, "--no-http-cache");
            Assert.Equal("FOUR TWO", (await RunAsync(Path.Combine(folder, "data2vec"), "transcribe", s_recording)).Trim());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_native_program_publishes_without_warnings_and_transcribes()
    {
        string folder = Directory.CreateTempSubdirectory("data2vec-native-").FullName;
        try
        {
            string log = await RunAsync(
                "dotnet", "publish", Path.Combine(s_root, "engine", "samples", "Data2Vec.Samples.Transcribe"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
                "-p:IlcInstructionSet=native", "-o", folder);
            Assert.DoesNotContain("warning", log, StringComparison.OrdinalIgnoreCase);
            Assert.False(File.Exists(Path.Combine(folder, "Data2Vec.dll")));
            Assert.Equal("FOUR TWO", (await RunAsync(Path.Combine(folder, "transcribe"), Path.Combine(s_root, "engine", "Data2Vec.Cli", "models", "speech-ctc.d2v"), s_recording)).Trim());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_example_for_a_host_compiles_in_an_empty_project_with_the_packages_it_names()
    {
        string page = File.ReadAllText(Path.Combine(s_root, "engine", "docs", "library.md"));
        string section = page[page.IndexOf("## Microsoft.Extensions.AI", StringComparison.Ordinal)..];
        IEnumerable<string> packages = Block(section, "sh").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[3]);
        string versions = File.ReadAllText(Path.Combine(s_root, "Directory.Packages.props"));
        string Version(string package) => package.StartsWith("Data2Vec", StringComparison.Ordinal)
            ? s_version
            : Regex.Match(versions, $"\"{Regex.Escape(package)}\" Version=\"([^\"]+)\"").Groups[1].Value;
        string folder = Directory.CreateTempSubdirectory("data2vec-host-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "Program.cs"), Block(section, "csharp"));
            File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
                <configuration><packageSources><add key="packed here" value="{s_packed}" /></packageSources></configuration>
                """);
            File.WriteAllText(Path.Combine(folder, "Host.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <Nullable>enable</Nullable>
                    <RestorePackagesPath>{Path.Combine(s_root, "artifacts", "restored")}</RestorePackagesPath>
                  </PropertyGroup>
                  <ItemGroup>
                    {string.Concat(packages.Select(package => $"<PackageReference Include=\"{package}\" Version=\"{Version(package)}\" />"))}
                  </ItemGroup>
                </Project>
                """);
            await RunAsync("dotnet", "build", folder, "-v", "q");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Block(string section, string language) => Regex.Match(section, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
    }

    [Fact]
    public async Task A_program_for_texts_is_small_and_has_no_native_libraries()
    {
        const long MostBytes = 25 << 20;
        string folder = Directory.CreateTempSubdirectory("data2vec-text-").FullName, output = Path.Combine(folder, "published");
        try
        {
            File.WriteAllText(Path.Combine(folder, "text.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <RestoreAdditionalProjectSources>{s_packed}</RestoreAdditionalProjectSources>
                    <RestorePackagesPath>{Path.Combine(s_root, "artifacts", "restored")}</RestorePackagesPath>
                    <NuGetAudit>false</NuGetAudit>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="Data2Vec" Version="{s_version}" />
                  </ItemGroup>
                </Project>
                """);
            File.WriteAllText(Path.Combine(folder, "Program.cs"), """
                using Data2Vec;

                using TextModel model = Data2VecModel.Load<TextModel>(args[0]);
                Console.WriteLine(model.Embed("a text").Length);
                """);
            await RunAsync("dotnet", "publish", folder, "-c", "Release", "-o", output);
            string[] files = Directory.GetFiles(output, "*", SearchOption.AllDirectories);
            Assert.InRange(files.Sum(file => new FileInfo(file).Length), 1, MostBytes);
            Assert.DoesNotContain(files, file => Path.GetExtension(file) is ".so" or ".dylib");
            Assert.All(files.Where(file => Path.GetExtension(file) == ".dll"), file => AssemblyName.GetAssemblyName(file)); // throws for native code
            string size = await RunAsync("dotnet", Path.Combine(output, "text.dll"), Path.Combine(s_root, "engine", "Data2Vec.Cli", "models", "text.d2v"));
            Assert.True(int.Parse(size, System.Globalization.CultureInfo.InvariantCulture) > 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{program}: exit code {process.ExitCode}\n{output}\n{await errors}");
            return output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}: timed out after {s_limit.TotalMinutes} minutes");
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
