using System.Diagnostics;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Network;

/// <summary>
/// An inference that records its operations and plays them backward. It runs the same model code as any inference: an operation here also notes its backward
/// partner and keeps what that needs. Memory is not reused while a recording lasts.
/// </summary>
/// <remarks>
/// A segment whose activations are not kept is run without recording; in the backward pass it is run again, recorded, and played backward. Random numbers depend on
/// the place in the network, so the second run draws the same.
/// </remarks>
internal sealed unsafe partial class Recording : Inference
{
    private readonly TrainingInference _run;
    private readonly RecordingOptions _options;
    private readonly List<(Activation Activation, DerivedBackward Derived)> _derived = [];
    private RecordingLevel _level = new(outer: null);
    private bool _isRecording = true;
    private bool _learns;
    private int _site;
    private int? _layer;
    private long _keptBytes;
    private Sequences _rows;
    private RowPlace* _rowPlaces, _itemPlaces;

    /// <summary>Begins a recording.</summary>
    /// <param name="run">Carries out the operations.</param>
    /// <param name="derived">Activations of the store that are computed from parameters which learn.</param>
    /// <param name="options">Random numbers and memory.</param>
    public Recording(TrainingInference run, IEnumerable<DerivedActivations> derived, RecordingOptions options)
    {
        (_run, _options) = (run, options);
        foreach (DerivedActivations one in derived)
        {
            Activation activation = _level.Add(one.Tensor);
            activation.Learns = true;

            // Segments use it, so its gradient outlives them.
            PrepareGradient(one.Tensor);
            _derived.Add((activation, one.Backward!));
        }
    }

    /// <summary>Whether the recording is being played backward; not while a segment is computed again.</summary>
    public bool IsPlaying { get; private set; }

    public override ElementType ActivationType => _run.ActivationType;

    /// <summary>Tells which items the rows of the network belong to, for dropout.</summary>
    public void SetItems(Sequences sequences, ReadOnlySpan<long> items)
    {
        _rows = sequences;
        _rowPlaces = AllocatePlaces(sequences.Rows);
        _itemPlaces = AllocatePlaces(sequences.Count);
        for (int i = 0; i < sequences.Count; i++)
        {
            _itemPlaces[i] = new RowPlace(items[i], 0);
            for (int row = 0; row < sequences.Length(i); row++)
            {
                _rowPlaces[sequences.Start(i) + row] = new RowPlace(items[i], row);
            }
        }
    }

    public override Tensor Allocate(int rows, int columns, ElementType type) => Track(_run.Allocate(rows, columns, type));

    /// <inheritdoc/>
    /// <remarks>
    /// Within a segment that is not recorded, only what comes from outside is still needed. Memory of the segment itself is reused as in any inference: a new
    /// tensor could lie in memory that the caller releases before it reads the tensor.
    /// </remarks>
    public override Tensor Reuse(Tensor spent) => _isRecording || _level.Find(spent) is not null ? Allocate(spent.Rows, spent.Columns) : spent;

    public override long Mark() => _run.Mark();

    public override void Release(long mark)
    {
        if (!_isRecording)
        {
            _run.Release(mark);
        }
    }

    public override Sequences Sequences(ReadOnlySpan<int> lengths) => _run.Sequences(lengths);

    public override Sequences Sequences(Sequences inputs, Conv1dShape shape) => _run.Sequences(inputs, shape);

    public override void Upload(ReadOnlySpan<float> values, Tensor destination) => _run.Upload(values, destination);

    public override void Download(Tensor tensor, Span<float> values) => _run.Download(tensor, values);

    public override Tensor Segment(ModelPart part, Tensor x, Func<Tensor, Tensor> run)
    {
        if (!_isRecording)
        {
            throw new InvalidOperationException("A segment has no segments inside.");
        }

        if (part.Kind == ModelPartKind.Layer && Skips(part.Number))
        {
            return x;
        }

        int outerSite = _site, site = _site = FirstSite(part);
        _layer = part.Kind == ModelPartKind.Layer ? part.Number : null;
        Tensor output = _keptBytes < _options.KeptBytesOf(part.Kind) ? Keep(x, run) : Forget(x, run, site, _layer);
        _layer = null;
        _site = outerSite;
        return output;
    }

    /// <summary>Plays the recording backward.</summary>
    /// <param name="output">A result.</param>
    /// <param name="gradient">The gradient of the loss by the result, row-major.</param>
    public void Backward(Tensor output, ReadOnlySpan<float> gradient)
    {
        Activation activation = Find(output);
        if (!activation.Learns)
        {
            return;
        }

        _run.Upload(gradient, GradientToWrite(output, out bool accumulate));
        if (accumulate)
        {
            throw new InvalidOperationException("The result has a gradient already.");
        }

        IsPlaying = true;
        Play(_level);
        PassToConstants();
        IsPlaying = false;
    }

    protected override void Dispose(bool disposing) => _run.Dispose();

    /// <summary>Sites are numbered within each part, so that random numbers do not depend on what ran before it.</summary>
    private static int FirstSite(ModelPart part) => ((int)part.Kind + 1 << 24) + (part.Number << 8);

    private bool Skips(int layer) => _options.Dropout.Layer > 0
        && _options.Random(RandomSite.LayerDrop, layer).Uniform(0, 0, 0) < _options.Dropout.Layer;

    private RowPlace* AllocatePlaces(int count)
    {
        // A place takes as much memory as four floats.
        Debug.Assert(sizeof(RowPlace) == 4 * sizeof(float), "The size of a place.");
        Tensor memory = _run.Allocate(1, checked(4 * count), ElementType.F32);
        return (RowPlace*)memory.Data;
    }

    /// <summary>Records a segment within the recording.</summary>
    private Tensor Keep(Tensor x, Func<Tensor, Tensor> run)
    {
        long before = _run.Mark();
        RecordingLevel outer = _level, inner = new(outer);
        _level = inner;
        Tensor output = run(x);
        _level = outer;
        _keptBytes += _run.Mark() - before;
        if (outer.Find(output) is null)
        {
            // The output is made inside and used outside.
            outer.Add(inner.Find(output)!);
        }

        outer.Backward.Add(() =>
        {
            if (Find(output).IsWritten)
            {
                PlaySegment(inner, x);
            }
        });
        return output;
    }

    /// <summary>Runs a segment without recording, and notes how to do it again.</summary>
    private Tensor Forget(Tensor x, Func<Tensor, Tensor> run, int site, int? layer)
    {
        Tensor output = x.IsEmpty ? default : Allocate(x.Rows, x.Columns);
        long mark = _run.Mark();
        _isRecording = false;
        bool learned = _learns;
        _learns = !x.IsEmpty && Find(x).Learns;
        Tensor result = run(x);
        _isRecording = true;
        if (output.IsEmpty)
        {
            output = result;
        }
        else
        {
            _run.Copy(result, output);
        }

        _run.Release(mark);
        Activation activation = Find(output);
        activation.Learns |= _learns;
        _learns = learned;
        if (activation.Learns)
        {
            _level.Backward.Add(() => Again(activation, output, x, run, site, layer));
        }

        return output;
    }

    private void Again(Activation activation, Tensor output, Tensor x, Func<Tensor, Tensor> run, int site, int? layer)
    {
        if (!activation.IsWritten)
        {
            return;
        }

        if (!x.IsEmpty && Find(x).Learns)
        {
            // The gradient of the input outlives the segment.
            PrepareGradient(x);
        }

        long mark = _run.Mark();
        RecordingLevel outer = _level, inner = new(outer);
        (_level, _site, _layer) = (inner, site, layer);
        IsPlaying = false;
        Tensor result = run(x);
        IsPlaying = true;
        if (inner.Find(result) is { } made && made != activation)
        {
            made.Gradient = activation.GradientOf(output);
            made.IsWritten = true;
        }

        Play(inner);
        (_level, _layer) = (outer, null);
        _run.Release(mark);
    }

    private void PlaySegment(RecordingLevel inner, Tensor x)
    {
        if (!x.IsEmpty && Find(x).Learns)
        {
            PrepareGradient(x);
        }

        long mark = _run.Mark();
        RecordingLevel outer = _level;
        _level = inner;
        Play(inner);
        _level = outer;
        _run.Release(mark);
    }

    private static void Play(RecordingLevel level)
    {
        for (int i = level.Backward.Count - 1; i >= 0; i--)
        {
            level.Backward[i]();
        }

        level.Clear();
    }

    /// <summary>Adds the gradients of activations that are computed from parameters to those of the parameters.</summary>
    private void PassToConstants()
    {
        foreach ((Activation activation, DerivedBackward derived) in _derived)
        {
            if (!activation.IsWritten)
            {
                continue;
            }

            var gradient = new float[activation.Tensor.Rows * activation.Tensor.Columns];
            _run.Download(activation.Gradient, gradient);
            for (int i = 0; i < derived.Constants.Count; i++)
            {
                WeightData constant = derived.Constants[i];
                if (GradientOfConstant(constant) is not 0 and var address)
                {
                    derived.Add(gradient, i, new Span<float>((void*)address, constant.Rows * constant.RowSize));
                }
            }
        }
    }

    /// <summary>The address of a constant's gradient; 0 if it does not learn.</summary>
    public required Func<WeightData, nint> GradientOfConstant { get; init; }

    private Tensor Track(Tensor tensor)
    {
        if (_isRecording)
        {
            _level.Add(tensor);
        }

        return tensor;
    }

    private Activation Find(Tensor part) => _level.Find(part) ?? throw new InvalidOperationException("The tensor is not an activation of this recording.");

    /// <summary>Whether gradients flow to a tensor. One that no operation of this recording wrote has none.</summary>
    private bool Learns(Tensor x) => !x.IsEmpty && _level.Find(x) is { Learns: true };

    /// <summary>Notes an operation, if anything that it reads learns.</summary>
    /// <param name="output">The result.</param>
    /// <param name="learns">Whether anything that it reads learns.</param>
    /// <param name="backward">Plays it backward, with the gradient of the result.</param>
    private void Note(Tensor output, bool learns, Action<Tensor> backward)
    {
        if (!_isRecording)
        {
            _learns |= learns;
            return;
        }

        if (!learns)
        {
            return;
        }

        Activation activation = Find(output);
        activation.Learns = true;
        _level.Backward.Add(() =>
        {
            if (activation.IsWritten)
            {
                backward(activation.GradientOf(output));
            }
        });
    }

    /// <summary>Makes sure that an activation has memory for its gradient.</summary>
    private Activation PrepareGradient(Tensor x)
    {
        Activation activation = Find(x);
        if (activation.Gradient.IsEmpty)
        {
            Tensor like = activation.Tensor;
            activation.Gradient = _run.Allocate(like.Rows, like.Columns, ElementType.F32);
        }

        return activation;
    }

    /// <summary>The gradient of a tensor, to be written or added to.</summary>
    /// <param name="x">An activation or a part of it.</param>
    /// <param name="accumulate">Whether there is a gradient already, to be added to.</param>
    private Tensor GradientToWrite(Tensor x, out bool accumulate)
    {
        Activation activation = PrepareGradient(x);
        accumulate = activation.IsWritten;
        if (!activation.IsWritten && !activation.IsWhole(x))
        {
            // Other parts may get none.
            _run.Clear(activation.Gradient);
            accumulate = true;
        }

        activation.IsWritten = true;
        return activation.GradientOf(x);
    }

    /// <summary>Adds to the gradient of a tensor.</summary>
    private void AddTo(Tensor x, Tensor gradient)
    {
        Tensor destination = GradientToWrite(x, out bool accumulate);
        if (destination.Stride == 0)
        {
            // One row was read as many: their gradients are added up.
            for (int row = 0; row < gradient.Rows; row++)
            {
                _run.Add(gradient.SliceRows(row, 1), destination with { Rows = 1 });
            }
        }
        else if (accumulate)
        {
            _run.Add(gradient, destination);
        }
        else
        {
            _run.Copy(gradient, destination);
        }
    }

    /// <summary>The gradient of a tensor, to be added to.</summary>
    private Tensor GradientToAddTo(Tensor x)
    {
        Tensor gradient = GradientToWrite(x, out bool accumulate);
        if (!accumulate)
        {
            _run.Clear(gradient);
        }

        return gradient;
    }

    private bool IsWritten(Tensor x) => _level.Find(x) is { IsWritten: true };
}
