using System.Diagnostics;
using System.Globalization;

namespace Data2Vec.GpuCheck;

/// <summary>A measurement of PyTorch.</summary>
/// <param name="Group">Kind of operation.</param>
/// <param name="Name">Name as in <see cref="Measurement"/>, with a suffix for other ways to run.</param>
/// <param name="Milliseconds">Median time; null if the measurement failed.</param>
internal sealed record TorchRow(string Group, string Name, double? Milliseconds);

/// <summary>Measures the same sizes in PyTorch, if Python has it.</summary>
internal static class TorchPeer
{
    /// <summary>The lines of a table as they are measured, or a line with the reason why there are none.</summary>
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
            yield return "not measured: python3 was not found";
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
                yield return $"measurement stopped: python3 exited with {python.ExitCode}{(python.ExitCode == 1 ? "; PyTorch may be missing or find no GPU" : "")}";
            }
        }
    }

    /// <summary>Parses a row of the table; null for other lines.</summary>
    public static TorchRow? Parse(string line)
    {
        string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
        return cells.Length > 4 && cells[1] is not ("what" or "---")
            ? new TorchRow(cells[1], cells[2], double.TryParse(cells[3], CultureInfo.InvariantCulture, out double milliseconds) ? milliseconds : null)
            : null;
    }
}
