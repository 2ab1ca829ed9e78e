using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Data2Vec.Cluster.Tests.Processes;

/// <summary>A Redis server of one test, which keeps nothing.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly Process _process;
    private readonly int _port;

    private RedisServer(Process process, int port) => (_process, _port) = (process, port);

    public string Members => $"redis:127.0.0.1:{_port}";

    /// <summary>Skips the test where Redis is not installed.</summary>
    public static RedisServer Start()
    {
        int port = ChildProcess.FindFreePort();
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(
                "redis-server", ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--logfile", "/dev/null"]))!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("Redis is not installed (apt-get install redis-server).");
            throw;
        }

        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", port);
                return new RedisServer(process, port);
            }
            catch (SocketException) when (attempt < 100)
            {
                Thread.Sleep(50);
            }
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
