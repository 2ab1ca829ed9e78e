using BenchmarkDotNet.Running;
using Data2Vec.Bench;

if (args is ["quick", ..])
{
    Quick.Run(args[1..]);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Quick).Assembly).Run(args);
