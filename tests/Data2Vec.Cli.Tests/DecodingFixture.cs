using Data2Vec.IO;

namespace Data2Vec.Cli.Tests;

/// <summary>Small files for decoders: emissions that spell texts, labels, a lexicon, an n-gram model and texts.</summary>
internal static class DecodingFixture
{
    private const string Letters = "|ABCDEHNOT";

    /// <summary>Writes the files into a folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "emissions"));
        File.WriteAllLines(Path.Combine(folder, "dict.ltr.txt"), Letters.Select(letter => $"{letter} 1"));
        File.WriteAllLines(Path.Combine(folder, "lexicon.txt"), ["THE\tT H E |", "CAT\tC A T |", "BAT\tB A T |", "HAD", "ONE"]);
        File.WriteAllLines(Path.Combine(folder, "words.arpa"), Model);
        File.WriteAllLines(Path.Combine(folder, "hot.txt"), ["BAT"]);
        File.WriteAllLines(Path.Combine(folder, "dev.tsv"), ["one\tTHE CAT HAD ONE", "two\tONE BAT"]);
        NpyFile.Write(Path.Combine(folder, "emissions", "one.npy"), Emissions("THE|CAT|HAD|ONE|"), 32, Letters.Length + 4);
        NpyFile.Write(Path.Combine(folder, "emissions", "two.npy"), Emissions("ONE|BAT|"), 16, Letters.Length + 4);
    }

    private static IEnumerable<string> Model =>
    [
        "\\data\\", "ngram 1=8", "ngram 2=3", "", "\\1-grams:", "-1.5\t<unk>\t0", "-99\t<s>\t-0.3", "-1\t</s>\t0", "-0.8\tTHE\t-0.3", "-1.1\tCAT\t0",
        "-1.2\tBAT\t0", "-1.1\tHAD\t0", "-1\tONE\t0", "", "\\2-grams:", "-0.2\t<s> THE", "-0.3\tTHE CAT", "-0.4\tCAT HAD", "", "\\end\\",
    ];

    // Each letter for a frame, and a blank after it. C and B are alike.
    private static float[] Emissions(string text)
    {
        int width = Letters.Length + 4;
        float[] values = new float[2 * text.Length * width];
        for (int i = 0; i < text.Length; i++)
        {
            values[(2 * i * width) + 4 + Letters.IndexOf(text[i], StringComparison.Ordinal)] = 8;
            values[(((2 * i) + 1) * width) + 0] = 8;
            if (text[i] is 'C' or 'B')
            {
                values[(2 * i * width) + 4 + Letters.IndexOf(text[i] == 'C' ? 'B' : 'C', StringComparison.Ordinal)] = 7.5f;
            }
        }

        return values;
    }
}
