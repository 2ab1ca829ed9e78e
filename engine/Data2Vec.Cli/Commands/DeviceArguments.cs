using System.CommandLine;
using Data2Vec.Kernels;

namespace Data2Vec.Cli.Commands;

/// <summary>The options of where to run.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads to use; left out, one a core", HelpName = "N" };
    private readonly Option<string> _device = new("--device") { Description = "Where to run: auto, cpu, cuda, cuda:1, opencl, opencl:1; see data2vec devices", DefaultValueFactory = _ => "auto", HelpName = "DEVICE" };
    private readonly Option<bool> _tf32 = new("--tf32") { Description = "Let models of f32 multiply numbers of 11 bits (tf32) on a graphics processor that has tensor cores: faster, less exact" };

    public DeviceArguments()
    {
        _threads.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, out int count) && count is >= 1 and <= 1024))
            {
                result.AddError("--threads must be from 1 to 1024");
            }
        });
        _device.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !Devices.IsName(value))
            {
                result.AddError($"--device {value}: no device has this name; auto, cpu, cuda, cuda:0, opencl, opencl:0 are names");
            }
        });
    }

    public void AddTo(Command command)
    {
        command.Add(_threads);
        command.Add(_device);
        command.Add(_tf32);
    }

    /// <summary>The device, and what makes the one to fall back to; null where there is none.</summary>
    public (Backend Device, Func<Backend>? Fallback) Open(ParseResult parsed) =>
        Devices.Open(parsed.GetValue(_device)!, parsed.GetValue(_threads) ?? 0, parsed.GetValue(_tf32), parsed.InvocationConfiguration.Error);
}
