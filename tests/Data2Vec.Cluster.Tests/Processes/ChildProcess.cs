using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Data2Vec.Cluster.Tests.Processes;

/// <summary>A silo in a process of its own. What it does is in Data2Vec.Cluster.Silos.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<(long Time, string Text)> _lines = [];
    private readonly CountdownEvent _streams = new(2);

    public ChildProcess(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cluster.Silos.dll");
        _process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        DataReceivedEventHandler read = (_, line) =>
        {
            if (line.Data is null)
            {
                _streams.Signal();
                return;
            }

            lock (_lines)
            {
                _lines.Add((Stopwatch.GetTimestamp(), line.Data));
            }
        };
        _process.OutputDataReceived += read;
        _process.ErrorDataReceived += read;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines.Select(line => line.Text));
            }
        }
    }

    public bool IsCoordinator => Output.Contains("This process coordinates", StringComparison.Ordinal);

    /// <summary>The shards that the process has taken.</summary>
    public int[] Taken => Numbers("take ");

    /// <summary>The shards that the process runs now.</summary>
    public int[] Running => [.. Taken.Except(Numbers("done "))];

    public static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Whether the process has taken a shard since a time.</summary>
    public bool Took(int shard, long since)
    {
        lock (_lines)
        {
            return _lines.Any(line => line.Time >= since && line.Text == $"take {shard}");
        }
    }

    /// <summary>Kill -9. All that the process has written is read.</summary>
    public void Kill()
    {
        _process.Kill();
        WaitForEnd(10);
    }

    public void Signal(string name) => Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)])!.WaitForExit();

    public void WaitForEnd(int seconds)
    {
        Assert.True(_process.WaitForExit(seconds * 1000), $"A process did not end within {seconds} s:\n{Output}");
        _streams.Wait(TimeSpan.FromSeconds(seconds));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private int[] Numbers(string prefix)
    {
        lock (_lines)
        {
            return [.. _lines.Where(line => line.Text.StartsWith(prefix, StringComparison.Ordinal)).Select(line => int.Parse(line.Text[prefix.Length..], CultureInfo.InvariantCulture))];
        }
    }
}
