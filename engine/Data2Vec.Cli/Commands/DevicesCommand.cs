namespace Data2Vec.Cli;

/// <summary><c>data2vec devices</c>: lists the available devices.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var check = new Option<bool>("--check") { Description = "Compile all kernels for each device (takes seconds), and report errors" };
        var command = new Command("devices", "List the devices that can run models") { check };
        command.SetAction(parsed =>
        {
            foreach (string line in Devices.Describe(parsed.GetValue(check)))
            {
                parsed.InvocationConfiguration.Output.WriteLine(line);
            }
        });
        return command;
    }
}
