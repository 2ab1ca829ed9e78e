using System.Globalization;

namespace Data2Vec.Corpus;

/// <summary>The lines of text files.</summary>
internal static class TextLines
{
    /// <summary>A row for each line. What cannot be read is a row with the reason.</summary>
    public static IEnumerable<PlannedInput> Read(string path, SourceContext context, string? reference = null)
    {
        int number = 0;
        using IEnumerator<string> lines = Lines(path, context).GetEnumerator();
        while (Next(lines, out string? problem) || problem is not null)
        {
            string place = problem is not null && number == 0 ? path : Place(path, ++number);
            yield return problem is null ? PlannedInput.OfText(place, lines.Current) with { Reference = reference } : PlannedInput.Bad(place, problem);
            if (problem is not null)
            {
                yield break;
            }
        }

        if (number == 0)
        {
            yield return PlannedInput.Bad(path, "the file has no text");
        }
    }

    /// <summary>The name of a line.</summary>
    public static string Place(string path, long line) => string.Create(CultureInfo.InvariantCulture, $"{path}:{line}");

    private static IEnumerable<string> Lines(string path, SourceContext context)
    {
        RegularFile.RequireContent(context.Resolve(path));
        using FileStream stream = File.OpenRead(context.Resolve(path));
        foreach (string line in TextFile.ReadLines(stream))
        {
            yield return line;
        }
    }

    private static bool Next(IEnumerator<string> lines, out string? problem)
    {
        problem = null;
        try
        {
            return lines.MoveNext();
        }
        catch (Exception error) when (InputErrors.IsOfInput(error))
        {
            problem = InputErrors.Of(error).Message;
            return false;
        }
    }
}
