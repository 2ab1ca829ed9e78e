using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Data2Vec.Bench;

/// <summary>A benchmark that knows its number of floating-point operations.</summary>
internal interface ICountsFlops
{
    /// <summary>The floating-point operations of one call of a method; a multiply-add is two.</summary>
    double Flops(string method);
}

/// <summary>A column with GFLOP/s, or with their share of the measured peak of all cores.</summary>
internal sealed class GflopsColumn(bool share) : IColumn
{
    private static readonly Lazy<double> s_peakOfThread = new(Peak.GigaflopsPerThread);

    public string Id => ColumnName;

    public string ColumnName => share ? "Of peak" : "GFLOP/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => share ? 1 : 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => share
        ? "Share of the multiply-add peak of all cores, as measured on registers in this run"
        : "Billions of floating-point operations per second; a multiply-add is two";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? mean = summary[benchmarkCase]?.ResultStatistics?.Median;
        if (mean is null || Activator.CreateInstance(benchmarkCase.Descriptor.Type) is not ICountsFlops counter)
        {
            return "-";
        }

        foreach (var parameter in benchmarkCase.Parameters.Items)
        {
            benchmarkCase.Descriptor.Type.GetProperty(parameter.Name)!.SetValue(counter, parameter.Value);
        }

        double gigaflops = counter.Flops(benchmarkCase.Descriptor.WorkloadMethod.Name) / mean.Value;
        if (double.IsNaN(gigaflops))
        {
            return "-";
        }

        return share
            ? (gigaflops / (s_peakOfThread.Value * Environment.ProcessorCount)).ToString("P0", CultureInfo.InvariantCulture)
            : gigaflops.ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}

/// <summary>The configuration of all benchmarks here.</summary>
internal sealed class BenchConfig : ManualConfig
{
    public BenchConfig()
    {
        AddColumn(new GflopsColumn(share: false), new GflopsColumn(share: true));
    }
}
