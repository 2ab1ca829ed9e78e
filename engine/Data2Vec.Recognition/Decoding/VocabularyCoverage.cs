using System.Globalization;
using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>Refuses words that a language model hardly knows: then one of them is of other texts, or is written in another case.</summary>
internal static class VocabularyCoverage
{
    // A model of other texts knows a few words of any list. Where it knows more in the other case, that is why.
    private const double LeastShare = 0.01, SuspiciousShare = 0.1, OtherCaseFactor = 5;

    /// <summary>Counts the words that a model knows.</summary>
    public static int CountKnown(NGramModel model, IEnumerable<string> words) => words.Count(word => Knows(model, word));

    /// <summary>Requires that a model knows more than hardly any of some words.</summary>
    /// <param name="model">The model.</param>
    /// <param name="words">The words.</param>
    /// <param name="known">The number of those that it knows.</param>
    /// <param name="list">What messages call the list of words.</param>
    /// <exception cref="InvalidDataException">It knows hardly any.</exception>
    public static void Check(NGramModel model, IReadOnlyCollection<string> words, int known, string list)
    {
        double share = (double)known / words.Count;
        if (words.Count == 0 || share >= SuspiciousShare)
        {
            return;
        }

        double upper = Share(word => word.ToUpperInvariant()), lower = Share(word => word.ToLowerInvariant()), other = Math.Max(upper, lower);
        bool isOtherCase = other >= Math.Max(OtherCaseFactor * share, LeastShare);
        if (share >= LeastShare && !isOtherCase)
        {
            return;
        }

        string cause = isOtherCase
            ? $"in {(upper > lower ? "upper" : "lower")} case it knows {Percent(other)}; write the words of the {list} as the model does"
            : $"give the {list} and the language model of the same words";
        throw new InvalidDataException(
            $"the language model knows only {known} of the {words.Count} words of the {list} ({Percent(share)}), for example not '{words.First(word => !Knows(model, word))}'; {cause}");

        double Share(Func<string, string> change) => (double)CountKnown(model, words.Select(change)) / words.Count;
    }

    private static bool Knows(NGramModel model, string word) => model.Find(Encoding.UTF8.GetBytes(word)) != NGramModel.Unknown;

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
