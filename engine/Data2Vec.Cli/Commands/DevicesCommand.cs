using System.CommandLine;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec devices</c>: what models can run on here.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var check = new Option<bool>("--check") { Description = "Compile all kernels for each device, which takes seconds, and name those that its compiler refuses." };
        var command = new Command("devices", "Lists the devices that models can run on.") { check };
        command.SetAction(result =>
        {
            foreach (string line in Devices.Describe(result.GetValue(check)))
            {
                result.InvocationConfiguration.Output.WriteLine(line);
            }
        });
        return command;
    }
}
