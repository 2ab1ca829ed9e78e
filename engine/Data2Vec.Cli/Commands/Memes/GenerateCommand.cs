using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Ocr;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes generate</c>: generates harmless memes for trying out the other commands.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "The folder for the images and the lists sarcastic.train, sarcastic.valid, sincere.train and sincere.valid" };
        Option<int> count = new Option<int>("--count") { Description = "The number of memes", DefaultValueFactory = _ => 800, HelpName = "N" }.Range(1, 100_000);
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same memes", HelpName = "N" };
        var texts = new Option<bool>("--texts") { Description = "Also write the texts as IMAGE.ocr, so that they need not be read from the images; without Tesseract they are always written" };
        var command = new Command("generate", "Generate harmless memes about the weather; the sarcastic ones are the positive class") { folder, count, seed, texts };
        folder.Validators.Add(InputArguments.RefuseOptions);
        command.SetAction(parsed =>
        {
            string target = parsed.GetRequiredValue(folder);
            bool writesTexts = parsed.GetValue(texts) || !HasTesseract();
            SyntheticMemes.Write(target, parsed.GetValue(count), parsed.GetValue(seed), writesTexts);
            string reading = writesTexts ? "their texts are in IMAGE.ocr" : "Tesseract will read their texts";
            parsed.InvocationConfiguration.Output.WriteLine($"{parsed.GetValue(count)} memes in {TerminalText.OneLine(target)}; {reading}");
        });
        return command;
    }

    private static bool HasTesseract()
    {
        try
        {
            using var recognizer = new TesseractRecognizer();
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }
}
