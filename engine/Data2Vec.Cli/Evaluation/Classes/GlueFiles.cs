using System.Security.Cryptography;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>A file of a task of GLUE to measure with.</summary>
/// <param name="Task">The task.</param>
/// <param name="Part">What is added to the task's name: <c>-m</c> and <c>-mm</c> for the two of MNLI, nothing for others.</param>
/// <param name="Paths">The file, or those of which the set is made.</param>
internal sealed record GlueFiles(GlueTask Task, string Part, IReadOnlyList<string> Paths)
{
    /// <summary>CoLA as its authors publish it: the set in two files.</summary>
    private static readonly string[] s_cola = ["in_domain_dev.tsv", "out_of_domain_dev.tsv"];

    public string Name => Task.Name + Part;

    /// <summary>Finds the files of a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="data">A file, the folder of the task, or the folder of all tasks.</param>
    /// <returns>The files; nothing if there are none.</returns>
    public static IReadOnlyList<GlueFiles> Find(GlueTask task, string data)
    {
        if (File.Exists(data))
        {
            int number = task.DevelopmentFiles.Count == 1 ? -1 : data.Contains("mismatched", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            return [new GlueFiles(task, PartOf(task, number), [data])];
        }

        IEnumerable<string> folders = [data, .. Directory.EnumerateDirectories(data).Where(child => GlueTask.Find(Path.GetFileName(child)) == task).Order(StringComparer.Ordinal)];
        foreach (string folder in folders)
        {
            GlueFiles[] found = [.. task.DevelopmentFiles.Select((name, i) => new GlueFiles(task, PartOf(task, task.DevelopmentFiles.Count == 1 ? -1 : i), [Path.Combine(folder, name)]))
                .Where(files => File.Exists(files.Paths[0]))];

            // The folder of all tasks may have such a file of another task in it.
            if (found.Length > 0)
            {
                return found;
            }

            string[] cola = [.. s_cola.Select(name => Path.Combine(folder, name))];
            if (task.Name == "CoLA" && cola.All(File.Exists))
            {
                return [new GlueFiles(task, "", cola)];
            }
        }

        return [];
    }

    /// <summary>The SHA-256 of the files together.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Paths)
        {
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string PartOf(GlueTask task, int number) => number < 0 || task.DevelopmentFiles.Count == 1 ? "" : number == 0 ? "-m" : "-mm";
}
