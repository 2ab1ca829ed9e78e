using Data2Vec.Converters.Hub;
using Data2Vec.Kernels;

namespace Data2Vec.Cli;

/// <summary><c>data2vec models</c>: lists and removes the models in the cache.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "List and remove the models that were pulled") { List(), Remove() };

    private static Command List()
    {
        var command = new Command("list", "List the models in the cache: name, number format, bytes, path");
        command.SetAction(parsed =>
        {
            using var store = new ModelStore();
            foreach (CachedModel model in store.List())
            {
                parsed.InvocationConfiguration.Output.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"{model.Name}\t{OptionFactory.DtypeName(model.Type)}\t{model.Bytes}\t{model.Path}"));
            }
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "The name of the model, as models list shows it" };
        var type = new Option<string?>("--dtype") { Description = "Only the model file of this number format", HelpName = string.Join('|', OptionFactory.Dtypes) };
        var downloads = new Option<bool>("--downloads") { Description = "Also remove the downloaded checkpoint, which Python programs may use too" };
        var command = new Command("rm", "Remove the model files of a model from the cache") { name, type.AcceptOnlyFromAmong(OptionFactory.Dtypes), downloads };
        command.SetAction(parsed =>
        {
            string given = parsed.GetRequiredValue(name);
            using var store = new ModelStore();
            try
            {
                (string model, ElementType? suffix) = ModelName.Parse(given);
                long bytes = store.Remove(model, parsed.GetValue(type) is { } format ? OptionFactory.ParseDtype(format) : suffix, parsed.GetValue(downloads));
                parsed.InvocationConfiguration.Output.WriteLine(bytes > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"{given}: {bytes:N0} bytes removed")
                    : throw new IOException($"{given}: not in the cache; see data2vec models list"));
            }
            catch (ArgumentException problem)
            {
                throw new UsageException(TerminalText.WithoutParameter(problem.Message));
            }
        });
        return command;
    }
}
