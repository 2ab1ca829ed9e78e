using System.CommandLine;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec devices</c>: what models can run on here.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var command = new Command("devices", "Lists the devices that models can run on.");
        command.SetAction(result =>
        {
            foreach (string line in Devices.Describe())
                result.InvocationConfiguration.Output.WriteLine(line);
        });
        return command;
    }
}
