using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>A task with its loaded model.</summary>
internal abstract class TaskRunner : IDisposable
{
    /// <summary>The columns of the results.</summary>
    public abstract IReadOnlyList<ResultColumn> Columns { get; }

    /// <summary>The rows of a batch that keep the device busy.</summary>
    public abstract int RowsAtOnce { get; }

    /// <summary>Facts about the results that are the same for all rows, such as the names of the labels.</summary>
    public virtual IReadOnlyDictionary<string, string> Facts => new Dictionary<string, string>();

    /// <summary>Brings an input into the model's form. Any number of threads may call it.</summary>
    public abstract ReadyRow Prepare(LoadedInput input, CancellationToken cancellation);

    /// <summary>Runs inputs together.</summary>
    /// <returns>For each input a value for each column.</returns>
    public abstract object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation);

    /// <summary>Runs a recording that is read meanwhile.</summary>
    /// <returns>A value for each column.</returns>
    public virtual object?[] Run(StreamedRecording recording, CancellationToken cancellation) => throw new NotSupportedException("the task takes no recordings");

    /// <summary>
    /// Runs an input of no meaning. The first inference takes long, and a process that is killed then must not blame an input. It also finds options that the
    /// model does not accept.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of range, or does not apply to the model.</exception>
    /// <exception cref="InvalidOperationException">The model cannot do what the task needs.</exception>
    public void WarmUp()
    {
        const int Side = 64, Rate = 16_000;
        var input = new LoadedInput
        {
            Text = "a",
            Image = new RgbImage(Side, Side, [.. Enumerable.Range(0, 3 * Side * Side).Select(i => (byte)i)]),
            Recording = new Waveform([.. Enumerable.Range(0, Rate).Select(i => MathF.Sin(i * 0.1f))], Rate),
        };
        try
        {
            Run([Prepare(input, CancellationToken.None)], CancellationToken.None);
        }
        catch (Exception error) when (InputErrors.IsOfInput(error) && error is not ArgumentException)
        {
            // The model does not like this input, which says nothing about others.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the model.</summary>
    protected abstract void Free();
}
