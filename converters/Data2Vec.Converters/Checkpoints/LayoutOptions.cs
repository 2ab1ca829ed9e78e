using System.Globalization;
using Data2Vec.Converters.Layouts;

namespace Data2Vec.Converters.Checkpoints;

/// <summary>
/// The options of a model under names of the model file: one column of a <see cref="LayoutTable"/>. A cell is the layout's option and its
/// default, <c>encoder_layers = 12</c>; a default without an option is a constant; <c>task/normalize</c> belongs to other options than the
/// model's. A row <c>must be X</c> lists options of which no other value is supported.
/// </summary>
internal sealed class LayoutOptions
{
    private readonly Dictionary<string, Option> _options = new(StringComparer.Ordinal);
    private readonly string _column;

    /// <summary>
    /// Reads a column of a table, and refuses options whose value is not supported. The other options, by the prefix that a cell gives them, are null
    /// where the checkpoint does not have them.
    /// </summary>
    /// <exception cref="InvalidDataException">An option has a value that is not supported.</exception>
    public LayoutOptions(LayoutTable table, string column, CheckpointOptions model, params (string Prefix, CheckpointOptions? Options)[] others)
    {
        const string MustBe = "must be ";
        _column = column;
        foreach ((string row, string[] names) in table.Column(column))
        {
            foreach (string cell in names)
            {
                string[] nameAndDefault = cell.Split('=', 2, StringSplitOptions.TrimEntries);
                string[] place = nameAndDefault[0].Split('/');
                CheckpointOptions? source = place.Length == 1 ? model : others.First(other => other.Prefix == place[0]).Options;
                var option = new Option(place[^1], source, nameAndDefault.ElementAtOrDefault(1));
                if (!row.StartsWith(MustBe, StringComparison.Ordinal))
                {
                    _options.Add(row, option);
                }
                else if (source is not null)
                {
                    source.Require(option.Name, Text(option.Default ?? ""), [.. row[MustBe.Length..].Split(" or ").Select(Text)]);
                }
            }
        }

        static string Text(string cell) => cell == "''" ? "" : cell;
    }

    /// <summary>Whether the layout has an option.</summary>
    public bool Has(string row) => _options.ContainsKey(row);

    /// <summary>A text.</summary>
    public string Text(string row) => Source(row)?.Text(Name(row)) ?? Default(row);

    /// <summary>A truth value.</summary>
    public bool Flag(string row) => Source(row)?.Flag(Name(row)) ?? bool.Parse(Default(row));

    /// <summary>A whole number.</summary>
    public int Integer(string row, int least, int most) =>
        Given(row)?.Integer(Name(row), 0, least, most) ?? int.Parse(Default(row), CultureInfo.InvariantCulture);

    /// <summary>The side of a square: a whole number, or a list with height and width.</summary>
    /// <exception cref="InvalidDataException">Height and width differ.</exception>
    public int Side(string row, int least, int most)
    {
        if (Given(row) is not { } source || !source.IsList(Name(row)))
        {
            return Integer(row, least, most);
        }

        int[] sides = Integers(row, least, most);
        return sides.Distinct().Count() == 1 && sides.Length <= 2 ? sides[0] : throw Bad(row, $"is [{string.Join(", ", sides)}]; only squares are supported");
    }

    /// <summary>A list of whole numbers.</summary>
    public int[] Integers(string row, int least, int most) =>
        Given(row)?.Integers(Name(row), [], least, most)
        ?? [.. Default(row).Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    /// <summary>A number.</summary>
    public double Number(string row) =>
        Given(row)?.Number(Name(row), 0) ?? double.Parse(Default(row), CultureInfo.InvariantCulture);

    /// <summary>A positive number of parts that divides a size.</summary>
    /// <exception cref="InvalidDataException">It does not divide the size.</exception>
    public int Divisor(string row, string sizeRow, int size) => Dividing(row, sizeRow, size, Integer(row, 1, size));

    /// <summary>The side of a square part, which divides that of the whole.</summary>
    /// <inheritdoc cref="Divisor" path="/exception"/>
    public int DividingSide(string row, string sizeRow, int size) => Dividing(row, sizeRow, size, Side(row, 1, size));

    /// <summary>Throws <see cref="Bad"/> if something is wrong with an option.</summary>
    public void ThrowIf(bool condition, string row, string what)
    {
        if (condition)
        {
            throw Bad(row, what);
        }
    }

    /// <summary>An error about an option, by the layout's name.</summary>
    public InvalidDataException Bad(string row, string what) =>
        Source(row)?.Bad(Name(row), what) ?? new InvalidDataException($"the option {row} {what}");

    private int Dividing(string row, string sizeRow, int size, int value) => size % value == 0
        ? value
        : throw Bad(row, $"{(Given(row) is null ? $"is missing, and its default is {value}" : $"is {value}")}, which does not divide {Name(sizeRow)}, {size}");

    private CheckpointOptions? Source(string row) => Find(row) is { Name.Length: > 0 } option ? option.Source : null;

    private CheckpointOptions? Given(string row)
    {
        CheckpointOptions? source = Source(row);
        source?.ThrowIf(source.HasNull(Name(row)), Name(row), "is null; it must be a number, or be left out for the default");
        return source?.Has(Name(row)) == true ? source : null;
    }

    private string Name(string row) => Find(row).Name;

    private string Default(string row) => Find(row).Default ?? throw Bad(row, "is missing");

    private Option Find(string row) => _options.TryGetValue(row, out Option? option)
        ? option
        : throw new InvalidOperationException($"The column {_column} has no option '{row}'.");

    private sealed record Option(string Name, CheckpointOptions? Source, string? Default);
}
