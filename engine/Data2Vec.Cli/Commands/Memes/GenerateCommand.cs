using System.CommandLine;
using Data2Vec.Memes.Demonstration;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary><c>data2vec memes generate</c>: a harmless set of memes to try the others with.</summary>
internal static class GenerateCommand
{
    private const int MostMemes = 100_000;

    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "Where the images and the lists sarcastic.txt and sincere.txt go" };
        var count = new Option<int>("--count") { Description = "How many memes", DefaultValueFactory = _ => 800, HelpName = "N" };
        count.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, out int number) && number is >= 1 and <= MostMemes))
            {
                result.AddError($"--count must be from 1 to {MostMemes}");
            }
        });
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same memes", HelpName = "N" };
        var command = new Command("generate", "Draw harmless memes about the weather, of which the sarcastic ones are to be found") { folder, count, seed };
        command.SetAction(parsed => SyntheticMemes.Write(parsed.GetRequiredValue(folder), parsed.GetValue(count), parsed.GetValue(seed)));
        return command;
    }
}
