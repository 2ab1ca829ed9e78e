using System.Diagnostics.Metrics;

namespace Data2Vec.Server.Observability;

/// <summary>The instruments of the meter <c>Data2Vec.Server</c>. Those of the models' queues are in the meter <c>Data2Vec</c>.</summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Data2Vec.Server";

    private readonly Meter _meter;
    private readonly Histogram<double> _request, _decode;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _inputs, _tokens;

    public ServerMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _request = _meter.CreateHistogram<double>("data2vec.request.duration", "s", "The time from the arrival of a request to the end of its answer.");
        _decode = _meter.CreateHistogram<double>("data2vec.decode.duration", "s", "The time to decode a recording or an image.");
        _active = _meter.CreateUpDownCounter<long>("data2vec.request.active", "{request}", "Requests in work.");
        _inputs = _meter.CreateCounter<long>("data2vec.request.inputs", "{input}", "Texts, recordings and images of answered requests.");
        _tokens = _meter.CreateCounter<long>("data2vec.request.rows", "{row}", "Rows of answered requests: tokens, frames or patches.");
    }

    public void Begin(string route) => _active.Add(1, new KeyValuePair<string, object?>("route", route));

    public void End(string route, int status, TimeSpan time)
    {
        _active.Add(-1, new KeyValuePair<string, object?>("route", route));
        _request.Record(time.TotalSeconds, new KeyValuePair<string, object?>("route", route), new KeyValuePair<string, object?>("status", status));
    }

    public void Decoded(TimeSpan time) => _decode.Record(time.TotalSeconds);

    public void Answered(string model, int inputs, long rows)
    {
        var tag = new KeyValuePair<string, object?>("model", model);
        _inputs.Add(inputs, tag);
        _tokens.Add(rows, tag);
    }

    public void Dispose() => _meter.Dispose();
}
