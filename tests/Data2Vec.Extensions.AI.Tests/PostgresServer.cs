using System.Diagnostics;
using Npgsql;

namespace Data2Vec.Extensions.AI.Tests;

/// <summary>A PostgreSQL server of its own in a temporary folder, which listens to a socket in that folder alone.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly Folder _folder = new();
    private readonly string _programs;
    private readonly bool _isRoot = OperatingSystem.IsLinux() && Environment.UserName == "root";

    /// <summary>Starts it; a machine without one skips the test.</summary>
    public PostgresServer()
    {
        try
        {
            _programs = Programs();
            if (_isRoot)
            {
                // The server does not run as root.
                Assert.SkipUnless(
                    File.Exists("/usr/sbin/runuser") && Shell($"id postgres && chmod 777 {_folder.Path}") == 0,
                    "PostgreSQL does not run as root, and there is no user postgres");
            }

            Run($"initdb -D {Data} -U test -A trust --no-sync -E UTF8 --locale=C");
            Run($"pg_ctl -D {Data} -w -l {_folder.File("log")} -o \"-k {_folder.Path} -c listen_addresses= -c fsync=off\" start");
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    public string ConnectionString => new NpgsqlConnectionStringBuilder { Host = _folder.Path, Username = "test", Database = "postgres" }.ConnectionString;

    private string Data => _folder.File("data");

    public void Dispose()
    {
        Run($"pg_ctl -D {Data} -m immediate stop");
        _folder.Dispose();
    }

    private static string Programs()
    {
        string? initdb = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "initdb")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(initdb is null || OperatingSystem.IsWindows(), "PostgreSQL is not installed: there is no initdb in the path");
        return Path.GetDirectoryName(File.ResolveLinkTarget(initdb!, returnFinalTarget: true)?.FullName ?? initdb!)!;
    }

    private void Run(string command)
    {
        string program = $"cd {_folder.Path} && {_programs}/{command} > {_folder.File("output")} 2>&1";
        if (Shell(_isRoot ? $"/usr/sbin/runuser -u postgres -- sh -c '{program}'" : program) != 0)
        {
            throw new InvalidOperationException($"{command}: {File.ReadAllText(_folder.File("output"))}");
        }
    }

    private static int Shell(string command)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
