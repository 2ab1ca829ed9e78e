namespace Data2Vec.Training.Data;

/// <summary>The numbers of class names.</summary>
internal sealed class ClassNames
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    private ClassNames(IReadOnlyList<string> names) => Names = names;

    /// <summary>The names in the order of their numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Numbers names.</summary>
    /// <param name="given">The names in their order; null to take those that are found.</param>
    /// <param name="found">The names in the data, in any order, with repetitions. They are sorted: as numbers if all are whole numbers.</param>
    /// <exception cref="ArgumentException">A given name occurs twice.</exception>
    public static ClassNames Create(IReadOnlyList<string>? given, IEnumerable<string> found)
    {
        var names = new ClassNames(given ?? Sort([.. found.Distinct(StringComparer.Ordinal)]));
        for (int number = 0; number < names.Names.Count; number++)
        {
            if (!names._numbers.TryAdd(names.Names[number], number))
            {
                throw new ArgumentException($"The class '{names.Names[number]}' is given twice.", nameof(given));
            }
        }

        return names;
    }

    /// <summary>The number of a name, or -1.</summary>
    public int Number(string name) => _numbers.GetValueOrDefault(name, -1);

    private static string[] Sort(string[] names) => names.All(name => int.TryParse(name, out _))
        ? [.. names.OrderBy(int.Parse).ThenBy(name => name, StringComparer.Ordinal)]
        : [.. names.Order(StringComparer.Ordinal)];
}
