using System.Diagnostics;
using System.Globalization;

namespace Data2Vec.Cluster.Tests.Processes;

/// <summary>A PostgreSQL server of one test class in a temporary folder. It refuses to run as root, so root runs it as the user postgres.</summary>
public sealed class PostgreSqlServer : IDisposable
{
    private readonly string? _binaries = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "postgres"))).Max(StringComparer.Ordinal)
        : null;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"data2vec-postgresql-{Guid.NewGuid():N}");
    private readonly int _port = ChildProcess.FindFreePort();
    private bool _created;

    public string Members => $"postgresql:Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres";

    private bool IsRunning => File.Exists(PidFile);

    private string PidFile => Path.Combine(_folder, "postmaster.pid");

    public string ConnectionString => Members["postgresql:".Length..];

    /// <summary>Skips the test where PostgreSQL is not installed.</summary>
    public void Start()
    {
        Assert.SkipWhen(_binaries is null, "PostgreSQL is not installed (apt-get install postgresql).");
        if (!_created)
        {
            Run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--pgdata", _folder);
            _created = true;
        }

        if (IsRunning)
        {
            return;
        }

        Run("pg_ctl", "start", "--wait", "--pgdata", _folder, "--log", _folder + ".log", "--options",
            string.Create(CultureInfo.InvariantCulture, $"-F -p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder}"));
    }

    /// <summary>Kills the server without any notice. It recovers when it starts again.</summary>
    public void Kill()
    {
        int id = int.Parse(File.ReadLines(PidFile).First(), CultureInfo.InvariantCulture);
        using var server = Process.GetProcessById(id);
        server.Kill(entireProcessTree: true);
        server.WaitForExit();
        File.Delete(PidFile);
    }

    public void Dispose()
    {
        if (_created)
        {
            if (IsRunning)
            {
                Run("pg_ctl", "stop", "--mode=immediate", "--pgdata", _folder);
            }

            Directory.Delete(_folder, recursive: true);
            File.Delete(_folder + ".log");
        }
    }

    private void Run(string program, params string[] arguments)
    {
        string path = Path.Combine(_binaries!, program);
        (string name, string[] all) = Environment.UserName == "root" ? ("runuser", ["-u", "postgres", "--", path, .. arguments]) : (path, arguments);

        // The output goes nowhere: the server inherits it, and would keep a pipe open.
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", name, .. all]) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} failed with {process.ExitCode}.");
    }
}
