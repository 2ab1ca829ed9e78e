using System.Text.RegularExpressions;
using Data2Vec.Audio;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Describes data to train on.</summary>
internal static partial class DataSummary
{
    private const int MostNamed = 10;

    /// <summary>How much there is.</summary>
    public static string Amount(TrainingData data, ModelConfig model)
    {
        long length = Enumerable.Range(0, data.Count).Sum(item => (long)data.Length(item));
        string size = model switch
        {
            AudioConfig speech => $", {TerminalText.Duration(TimeSpan.FromSeconds((double)length / speech.SampleRate))} of sound",
            { Modality: Modality.Text } => string.Create(CultureInfo.InvariantCulture, $", {length:N0} tokens"),
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{data.Count:N0} {model.Modality.Inputs()}{size}");
    }

    /// <summary>The items that were left out: bad ones by their names, others in numbers with their reasons.</summary>
    public static IEnumerable<string> LeftOut(IReadOnlyList<SkippedItem> skipped)
    {
        SkippedItem[] bad = [.. skipped.Where(item => item.IsBad)];
        foreach (SkippedItem item in bad.Take(MostNamed))
        {
            yield return $"{item}; it is left out";
        }

        if (bad.Length > MostNamed)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{bad.Length - MostNamed:N0} more items are bad and left out");
        }

        // Reasons that differ in their numbers alone are the same.
        foreach (SkippedItem[] alike in skipped.Where(item => !item.IsBad).GroupBy(item => Numbers().Replace(item.Reason, "0")).Select(group => group.ToArray()))
        {
            yield return alike.Length == 1 ? $"{alike[0]}; it is left out" : string.Create(CultureInfo.InvariantCulture, $"{alike.Length:N0} items are left out, as {alike[0]}");
        }
    }

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Numbers();
}
