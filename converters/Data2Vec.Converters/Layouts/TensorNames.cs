using System.Globalization;
using System.Text.RegularExpressions;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// Where a layout keeps the tensors of a model file: one column of a <see cref="LayoutTable"/>. Rows are tensors of the model file, where
/// <c>{i}</c> stands for a layer's number and a name without <c>.weight</c> or <c>.bias</c> for both; of several rows of one tensor the
/// first holds whose name the checkpoint has. Rows that begin with <c>-</c> list tensors that inference does not use, some of which training does; a row
/// <c>+ name</c> is a tensor whose first row is added to every row of <c>name</c>. In a cell:
/// <list type="bullet">
/// <item><c>/name</c> is not below the layout's root.</item>
/// <item><c>{i}</c>, <c>{i+1}</c>, <c>{2i}</c> and <c>{block}</c> are the layer's number, the next, its double, and the layout's name of the layer.</item>
/// <item><c>name[0/3]</c> is the first of three tensors that are concatenated in one.</item>
/// <item><c>name.</c> in a row of unused tensors is a prefix.</item>
/// </list>
/// A row <c>name : a 3 * *</c> gives PyTorch's shape where it differs: <c>a</c> and <c>b</c> are the model file's first two dimensions,
/// each <c>*</c> an equal share of the remaining elements.
/// </summary>
internal sealed partial class TensorNames
{
    private static readonly string[] s_suffixes = [".weight", ".bias"];

    private readonly Dictionary<string, TensorPlace[]> _places = new(StringComparer.Ordinal);
    private readonly List<string> _unused = [];
    private readonly List<(string Part, TensorNames Names)> _parts = [];
    private readonly Func<int, string>? _block;

    /// <summary>Reads a column of a table. The root prefixes all names but those that begin with <c>/</c>; a block is the layout's name of a layer.</summary>
    public TensorNames(LayoutTable table, string column, string root = "", Func<int, string>? block = null)
    {
        _block = block;
        foreach ((string row, string[] cell) in table.Column(column))
        {
            string[] names = [.. cell.Select(name => name[0] == '/' ? name[1..] : root + name)];
            if (row.StartsWith('-'))
            {
                _unused.AddRange(names);
            }
            else if (row.StartsWith('+'))
            {
                _places[row[2..]] = [.. _places[row[2..]].Select(place => place with { AddedRow = names[0] })];
            }
            else
            {
                string[] nameAndShape = row.Split(" : ");
                TensorPlace place = Parse(names[0]) with { Shape = nameAndShape.ElementAtOrDefault(1) };
                _places[nameAndShape[0]] = [.. _places.GetValueOrDefault(nameAndShape[0]) ?? [], place];
            }
        }
    }

    /// <summary>Adds a tensor whose name in the layout is computed.</summary>
    public void Add(string name, string place) => _places.Add(name, [new TensorPlace(place)]);

    /// <summary>Adds the unused tensors in a column of another table.</summary>
    public void AddUnused(LayoutTable table, string column) => _unused.AddRange(table.Column(column).SelectMany(cell => cell.Names).Select(name => name.TrimStart('/')));

    /// <summary>Adds the names of a part, whose tensors begin with the part's name and a full stop in the model file.</summary>
    public void AddPart(string part, TensorNames names) => _parts.Add((part + ".", names));

    /// <summary>Finds a tensor of a model file: the first of its names that the weights have, otherwise the first.</summary>
    /// <returns>Its place, or null if the layout has no such tensor.</returns>
    public TensorPlace? Find(string name, Weights weights)
    {
        if (_parts.Find(part => name.StartsWith(part.Part, StringComparison.Ordinal)) is { Names: { } names, Part: { } part })
        {
            return names.Find(name[part.Length..], weights);
        }

        string[] words = name.Split('.');
        int at = Array.FindIndex(words, IsNumber);
        int number = at < 0 ? 0 : int.Parse(words[at], CultureInfo.InvariantCulture);
        if (at >= 0)
        {
            words[at] = "{i}";
        }

        TensorPlace[] places = Find(name) ?? Find(string.Join('.', words)) ?? [];
        TensorPlace[] numbered = [.. places.Select(place => place with { Name = WithNumber(place.Name, number) })];
        return numbered.FirstOrDefault(place => weights.Contains(place.Name)) ?? numbered.FirstOrDefault();
    }

    /// <summary>Whether a name of the checkpoint is listed as unused.</summary>
    public bool IsUnused(string name) =>
        _unused.Any(unused => Matches(name, unused) || Matches(WithoutNumbers(name), unused)) || _parts.Any(part => part.Names.IsUnused(name));

    /// <summary>A name with <c>{i}</c> for every number.</summary>
    public static string WithoutNumbers(string name) => string.Join('.', name.Split('.').Select(word => IsNumber(word) ? "{i}" : word));

    private static bool IsNumber(string word) => word.Length > 0 && word.All(char.IsAsciiDigit);

    private static bool Matches(string name, string unused) =>
        unused.EndsWith('.') ? name.StartsWith(unused, StringComparison.Ordinal) : name == unused;

    private TensorPlace[]? Find(string name)
    {
        if (_places.TryGetValue(name, out TensorPlace[]? places))
        {
            return places;
        }

        string? suffix = s_suffixes.FirstOrDefault(suffix => name.EndsWith(suffix, StringComparison.Ordinal));
        return suffix is not null && _places.TryGetValue(name[..^suffix.Length], out places)
            ? [.. places.Select(place => place with { Name = place.Name + suffix, AddedRow = place.AddedRow is null ? null : place.AddedRow + suffix })]
            : null;
    }

    private string WithNumber(string name, int number)
    {
        name = name
            .Replace("{i}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{i+1}", (number + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{2i}", (2 * number).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return _block is null ? name : name.Replace("{block}", _block(number), StringComparison.Ordinal);
    }

    private static TensorPlace Parse(string cell)
    {
        Match match = Cell().Match(cell);
        return match.Success
            ? new TensorPlace(match.Groups["name"].Value)
            {
                Part = match.Groups["part"] is { Success: true, Value: var part } ? part[0] - '0' : 0,
                Parts = match.Groups["parts"] is { Success: true, Value: var parts } ? parts[0] - '0' : 1,
            }
            : throw new FormatException($"'{cell}' is not the place of a tensor");
    }

    [GeneratedRegex(@"\A(?<name>[^\s\[]+)(\[(?<part>\d)/(?<parts>\d)\])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Cell();
}

/// <summary>Where a tensor of a model file is in a checkpoint.</summary>
/// <param name="Name">The name in the checkpoint.</param>
internal sealed record TensorPlace(string Name)
{
    /// <summary>Which of the concatenated tensors it is.</summary>
    public int Part { get; init; }

    /// <summary>How many tensors of one shape are concatenated.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>A tensor whose first row is added to every row, or null.</summary>
    public string? AddedRow { get; init; }

    /// <summary>PyTorch's shape as the table writes it, or null if it is that of the model file.</summary>
    public string? Shape { get; init; }

    /// <summary>The shape of the checkpoint's tensor.</summary>
    /// <param name="shape">The shape in the model file.</param>
    public int[] ShapeInCheckpoint(IReadOnlyList<int> shape)
    {
        int[] sizes = Shape is null ? [.. shape] : Expand(Shape.Split(' '), shape);
        sizes[0] *= Parts;
        return sizes;
    }

    /// <summary>A parameter in the shape that the model file is to have, if all layers or heads may share one value.</summary>
    public Parameter Broadcast(Parameter parameter, CheckpointTensor tensor)
    {
        string[] words = Shape?.Split(' ') ?? [];
        return parameter with { Shape = [.. parameter.Shape.Select((size, i) => IsShared(i == 0 ? "a" : "b") ? 1 : size)] };

        bool IsShared(string dimension) => Array.IndexOf(words, dimension) is >= 0 and var at && at < tensor.Shape.Count && tensor.Shape[at] == 1;
    }

    private static int[] Expand(string[] pattern, IReadOnlyList<int> shape)
    {
        long rest = shape.Aggregate(1L, (product, size) => product * size);
        int[] sizes = [.. pattern.Select(word => word switch
        {
            "a" => shape[0],
            "b" => shape[1],
            "*" => 0,
            _ => int.Parse(word, CultureInfo.InvariantCulture),
        })];
        int shares = sizes.Count(size => size == 0);
        double share = Math.Round(Math.Pow(rest / sizes.Where(size => size > 0).Aggregate(1L, (product, size) => product * size), 1.0 / Math.Max(shares, 1)));
        return [.. sizes.Select(size => size == 0 ? (int)share : size)];
    }
}
