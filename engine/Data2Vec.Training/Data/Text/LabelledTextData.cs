namespace Data2Vec.Training.Data;

/// <summary>Texts, or pairs of texts, with a class number (<see cref="int"/>) or a number to predict (<see cref="float"/>). <see cref="LabelledText"/> opens them.</summary>
/// <typeparam name="TTarget">The type of the targets.</typeparam>
public sealed class LabelledTextData<TTarget> : TrainingData<int, TTarget>
{
    private readonly string _path;
    private readonly IReadOnlyList<(int Line, int[] Ids, TTarget Target)> _items;

    internal LabelledTextData(
        string path, IReadOnlyList<(int Line, int[] Ids, TTarget Target)> items, IReadOnlyList<string> classes, IReadOnlyList<SkippedItem> skipped)
    {
        (_path, _items, Classes) = (path, items, classes);
        Skipped = skipped;
    }

    /// <summary>The names of the classes in the order of their numbers. Empty where the target is a number to predict.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override int Count => _items.Count;

    /// <inheritdoc/>
    public override string Name(int item) => DataFile.LineName(_path, _items[item].Line);

    /// <inheritdoc/>
    public override int Length(int item) => _items[item].Ids.Length;

    /// <summary>The target of an item.</summary>
    public TTarget Target(int item) => _items[item].Target;

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
        crc.Append(_items[item].Ids);
        crc.AppendTarget(_items[item].Target);
    }

    /// <inheritdoc/>
    protected override TrainingItem<int, TTarget> LoadItem(int item, EpochRandom random) => new(item, _items[item].Ids, _items[item].Target);
}
