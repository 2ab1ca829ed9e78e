using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Data2Vec.Cli.Tests;

/// <summary>The samples for Kubernetes and Compose, as far as they can be tested without a cluster: they are YAML, and their commands are ones the program knows.</summary>
public sealed partial class SampleManifestTests
{
    private const string Program = "dotnet Data2Vec.Cli.dll";

    public static TheoryData<string> Files =>
    [
        .. Directory.GetFiles(Samples(), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Samples(), file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    [Theory, MemberData(nameof(Files))]
    public void The_commands_of_a_file_are_ones_the_program_knows(string file)
    {
        var commands = Documents(file).SelectMany(Mappings).Where(IsOurs).Select(Command).ToList();
        Assert.NotEmpty(commands);
        Assert.All(commands, command =>
        {
            ParseResult parsed = Cli.Program.CreateRoot().Parse([.. command.Select(word => Variable().Replace(word, match => match.Value.Contains("INDEX", StringComparison.Ordinal) ? "63" : "10.0.0.7"))]);
            Assert.Empty(parsed.Errors.Select(error => error.Message));
            Assert.NotNull(parsed.Action);
        });
    }

    [Fact]
    public void Resources_of_Kubernetes_say_what_they_are_and_use_what_they_have()
    {
        foreach (string file in Files.Select(row => row.Data).Where(file => file.StartsWith("kubernetes/", StringComparison.Ordinal)))
        {
            foreach (YamlMappingNode resource in Documents(file).Cast<YamlMappingNode>())
            {
                Assert.All(["apiVersion", "kind", "metadata"], key => Assert.True(resource.Children.ContainsKey(key), $"{file}: {key}"));
                string[] volumes = [.. Mappings(resource).Where(m => m.Children.ContainsKey("persistentVolumeClaim")).Select(m => $"{m["name"]}")];
                string[] mounts = [.. Mappings(resource).Where(m => m.Children.ContainsKey("mountPath")).Select(m => $"{m["name"]}")];
                Assert.Equal(volumes.Order(), mounts.Distinct().Order());
            }
        }
    }

    [Fact]
    public void The_parts_of_the_indexed_job_are_its_completions()
    {
        YamlNode job = Documents("kubernetes/corpus-parts.yaml").Single(document => Mappings(document).Any(m => m.Children.ContainsKey("completions")));
        string completions = $"{job["spec"]["completions"]}";
        string[] command = Mappings(job).Where(IsOurs).Select(Command).Single();
        Assert.Equal($"$(JOB_COMPLETION_INDEX)/{completions}", command[Array.IndexOf(command, "--part") + 1]);
    }

    private static bool IsOurs(YamlMappingNode container) => container.Children.TryGetValue("image", out YamlNode? image) && $"{image}" == "data2vec";

    /// <summary>The arguments of a container: Kubernetes calls the program "command", and Compose "entrypoint".</summary>
    private static string[] Command(YamlMappingNode container)
    {
        bool isCompose = container.Children.ContainsKey("entrypoint");
        Assert.Equal(Program, string.Join(' ', Words(container[isCompose ? "entrypoint" : "command"])));
        return Words(container[isCompose ? "command" : "args"]);
    }

    private static string[] Words(YamlNode node) => [.. ((YamlSequenceNode)node).Select(word => $"{word}")];

    private static IEnumerable<YamlMappingNode> Mappings(YamlNode node) => node.AllNodes.OfType<YamlMappingNode>();

    private static List<YamlNode> Documents(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Samples(), file))));
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    private static string Samples([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(path, "..", "..", "..", "engine", "samples"));

    [GeneratedRegex(@"\$\([A-Z_]+\)|\$\{[^}]*\}")]
    private static partial Regex Variable();
}
