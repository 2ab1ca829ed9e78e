using System.Collections;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// What a layout of checkpoints calls the tensors of a model file. <c>{i}</c> stands for the number of a layer; an entry without
/// <c>.weight</c> or <c>.bias</c> holds for both.
/// </summary>
/// <param name="prefix">What stands before all names but those of a head.</param>
internal sealed class TensorNames(string prefix = "") : IEnumerable<KeyValuePair<string, TensorPlace>>
{
    private const string Number = "{i}";
    private static readonly string[] s_suffixes = [".weight", ".bias"];

    private readonly Dictionary<string, TensorPlace> _places = new(StringComparer.Ordinal);

    public void Add(string name, TensorPlace place) => _places.Add(name, Prefixed(place, prefix));

    /// <summary>Adds a tensor that has no prefix.</summary>
    public void AddHead(string name, TensorPlace place) => _places.Add(name, place);

    /// <summary>Where a tensor of a model file is; null where the layout has none such.</summary>
    public TensorPlace? Find(string name)
    {
        // A name with its number, where a layout gives layers names of their own, comes first.
        if (Find(name, "") is { } own)
        {
            return own;
        }

        string[] words = name.Split('.');
        int at = Array.FindIndex(words, word => char.IsAsciiDigit(word[0]));
        string number = at < 0 ? "" : words[at];
        if (at >= 0)
        {
            words[at] = Number;
        }

        string pattern = string.Join('.', words);
        return Find(pattern, number);
    }

    public IEnumerator<KeyValuePair<string, TensorPlace>> GetEnumerator() => _places.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private TensorPlace? Find(string pattern, string number)
    {
        if (_places.TryGetValue(pattern, out TensorPlace? place))
        {
            return At(place, number, "");
        }

        string? suffix = s_suffixes.FirstOrDefault(suffix => pattern.EndsWith(suffix, StringComparison.Ordinal));
        return suffix is not null && _places.TryGetValue(pattern[..^suffix.Length], out place) ? At(place, number, suffix) : null;
    }

    private static TensorPlace At(TensorPlace place, string number, string suffix) =>
        place with { Name = place.Name.Replace(Number, number, StringComparison.Ordinal) + suffix };

    private static TensorPlace Prefixed(TensorPlace place, string prefix) =>
        place with { Name = prefix + place.Name, AddedRow = place.AddedRow is null ? null : prefix + place.AddedRow };
}
