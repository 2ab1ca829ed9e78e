namespace Data2Vec.Cli;

/// <summary>Text from outside on its way to a terminal.</summary>
internal static class Text
{
    private const int LongestName = 40;

    /// <summary>The text on one line, without what would steer a terminal.</summary>
    public static string OneLine(string text) => string.Join(
        ' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => string.Concat(word.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter))));

    /// <summary>The name of an input, short: of a file the end tells more, of a text the beginning.</summary>
    public static string Short(string name)
    {
        string line = OneLine(name);
        if (line.Length <= LongestName)
        {
            return line;
        }

        return name.Length < 1000 && File.Exists(name) ? $"…{line[^(LongestName - 1)..]}" : $"{line[..(LongestName - 1)]}…";
    }
}
