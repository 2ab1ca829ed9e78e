using BenchmarkDotNet.Running;
using Data2Vec.Bench;

switch (args)
{
    case ["quick", ..]:
        Quick.Run(args[1..]);
        return 0;
    case ["compare", ..]:
        return Compare.Run(args[1..]);
    case ["throughput", ..]:
        return Throughput.Run(args[1..]);
    case ["ocr", ..]:
        OcrMeasurement.Run(args.ElementAtOrDefault(1));
        return 0;
    case ["replay", ..]:
        return Data2Vec.Bench.Replays.Replay.Run(args[1..]);
    case ["train", ..]:
        return Data2Vec.Bench.Training.TrainCommand.Run(args[1..]);
    case ["alone", var engine, var workload, var type, var threads, .. var options]:
        Compare.RunAlone(engine, workload, type, threads, options);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Quick).Assembly).Run(args);
        return 0;
}
