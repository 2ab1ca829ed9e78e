namespace Data2Vec.Cli;

/// <summary>The options that choose a device.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<int?> _threads = new Option<int?>("--threads") { Description = "The number of CPU threads; default: one per core", HelpName = "N" }.Range(1, 1024);
    private readonly Option<string> _device = new Option<string>("--device") { Description = "The device: auto, cpu, cuda, cuda:1, opencl, opencl:1; see data2vec devices", DefaultValueFactory = _ => "auto", HelpName = "DEVICE" }
        .Check(Devices.IsName, value => $"--device {value}: unknown device name; use auto, cpu, cuda, cuda:0, opencl or opencl:0");
    private readonly Option<bool> _tf32 = new("--tf32") { Description = "Let f32 models use the tensor cores' tf32 format (11-bit precision) on a GPU that has them: faster, less exact" };

    public void AddTo(Command command) => command.Add(_threads, _device, _tf32);

    public Device Open(ParseResult parsed) =>
        Devices.Open(parsed.GetValue(_device)!, parsed.GetValue(_threads) ?? 0, parsed.GetValue(_tf32), parsed.InvocationConfiguration.Error);
}
