using Data2Vec.Memes.Demonstration;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes generate</c>: generates harmless memes for trying out the other commands.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "The folder for the images and the lists sarcastic.txt and sincere.txt" };
        Option<int> count = new Option<int>("--count") { Description = "The number of memes", DefaultValueFactory = _ => 800, HelpName = "N" }.Range(1, 100_000);
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same memes", HelpName = "N" };
        var command = new Command("generate", "Generate harmless memes about the weather; the sarcastic ones are the positive class") { folder, count, seed };
        command.SetAction(parsed => SyntheticMemes.Write(parsed.GetRequiredValue(folder), parsed.GetValue(count), parsed.GetValue(seed)));
        return command;
    }
}
