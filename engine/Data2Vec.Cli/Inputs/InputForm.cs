namespace Data2Vec.Cli;

/// <summary>What an input is when it is read.</summary>
[Flags]
internal enum InputForm
{
    None = 0,
    Recording = 1,
    Samples = 2,
    Image = 4,
    Pixels = 8,
    Text = 16,
    Pair = 32,
    TokenIds = 64,
}

/// <summary>The forms in words.</summary>
internal static class InputForms
{
    private static readonly (InputForm Form, string Name)[] s_names =
    [
        (InputForm.Recording, "recordings"), (InputForm.Samples, "arrays of samples"), (InputForm.Image, "images"), (InputForm.Pixels, "arrays of pixels"),
        (InputForm.Text, "texts"), (InputForm.Pair, "pairs of texts"), (InputForm.TokenIds, "token ids"),
    ];

    /// <summary>The forms that are prepared already, and go through the model whole.</summary>
    public const InputForm Prepared = InputForm.Samples | InputForm.Pixels | InputForm.TokenIds;

    public static string Names(this InputForm forms)
    {
        string[] names = [.. s_names.Where(form => forms.HasFlag(form.Form)).Select(form => form.Name)];
        return names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} and {names[^1]}";
    }
}
