using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Data2Vec.Batching;

/// <summary>The instruments of the meter <c>Data2Vec</c>. Each measurement has the tag <c>data2vec.architecture</c>.</summary>
internal sealed class QueueMetrics(string architecture)
{
    private static readonly Meter s_meter = new("Data2Vec");
    private static readonly UpDownCounter<long> s_waiting = s_meter.CreateUpDownCounter<long>("data2vec.queue.rows", "{row}", "Rows of inputs that wait for a batch.");
    private static readonly Histogram<double> s_wait = s_meter.CreateHistogram<double>("data2vec.queue.duration", "s", "The time from a call to the start of its first batch.");
    private static readonly Histogram<double> s_preparation = s_meter.CreateHistogram<double>("data2vec.prepare.duration", "s", "The time to tokenize, resample or scale the inputs of a call.");
    private static readonly Counter<long> s_refused = s_meter.CreateCounter<long>("data2vec.queue.refused", "{call}", "Calls that were refused because too much waited.");
    private static readonly Histogram<int> s_inputs = s_meter.CreateHistogram<int>("data2vec.batch.inputs", "{input}", "Inputs of a batch.");
    private static readonly Histogram<int> s_rows = s_meter.CreateHistogram<int>("data2vec.batch.rows", "{row}", "Rows of a batch: tokens, frames or patches.");
    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>("data2vec.batch.duration", "s", "The time to run a batch.");

    private readonly KeyValuePair<string, object?> _tag = new("data2vec.architecture", architecture);

    /// <summary>Records that the inputs of a call have the encoder's form.</summary>
    /// <param name="since">The timestamp of the call.</param>
    public void Prepare(long since) => s_preparation.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, _tag);

    public void Wait(long rows) => s_waiting.Add(rows, _tag);

    public void Refuse() => s_refused.Add(1, _tag);

    /// <summary>Records that the first inputs of a call are in a batch.</summary>
    /// <param name="since">The timestamp of the call.</param>
    public void Start(long since) => s_wait.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, _tag);

    /// <summary>Records a batch that has run.</summary>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="time">How long it ran.</param>
    public void Complete(int inputs, int rows, TimeSpan time)
    {
        s_inputs.Record(inputs, _tag);
        s_rows.Record(rows, _tag);
        s_duration.Record(time.TotalSeconds, _tag);
    }
}
