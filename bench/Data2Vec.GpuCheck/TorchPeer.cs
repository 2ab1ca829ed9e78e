using System.Diagnostics;
using System.Globalization;

namespace Data2Vec.GpuCheck;

/// <summary>A row of what PyTorch measures.</summary>
/// <param name="Group">The kind of thing that ran.</param>
/// <param name="Name">Which, as <see cref="Measurement"/> has it, with how it ran where that is not the plain way.</param>
/// <param name="Milliseconds">How long; null where it failed.</param>
internal sealed record TorchRow(string Group, string Name, double? Milliseconds);

/// <summary>The same sizes in PyTorch, where there is a Python that has it.</summary>
internal static class TorchPeer
{
    /// <summary>The lines of a table, each as soon as it is measured, or one that says why there are none.</summary>
    public static IEnumerable<string> Run()
    {
        Process? python = null;
        try
        {
            python = Process.Start(new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "torch_peer.py")]) { RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
        }

        if (python is null)
        {
            yield return "not measured: there is no python3";
            yield break;
        }

        using (python)
        {
            while (python.StandardOutput.ReadLine() is { } line)
            {
                yield return line;
            }

            python.WaitForExit();
            if (python.ExitCode != 0)
            {
                yield return $"not measured further: python3 ended with {python.ExitCode}{(python.ExitCode == 1 ? ", as where it has no torch that finds a card" : "")}";
            }
        }
    }

    /// <summary>A line of the table as numbers, or null for other lines.</summary>
    public static TorchRow? Parse(string line)
    {
        string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
        return cells.Length > 4 && cells[1] is not ("what" or "---")
            ? new TorchRow(cells[1], cells[2], double.TryParse(cells[3], CultureInfo.InvariantCulture, out double milliseconds) ? milliseconds : null)
            : null;
    }
}
