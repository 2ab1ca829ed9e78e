using System.CommandLine.Parsing;

namespace Data2Vec.Cli;

/// <summary>Those options of a command line that apply to some forms of inputs only. One without effect is refused rather than ignored.</summary>
internal sealed class LimitedOptions
{
    private const string Long = "--long";

    /// <summary>Each option, the forms that it applies to, and forms that it is refused with, because it would skip them.</summary>
    private static readonly (string Name, InputForm Applies, InputForm Refused)[] s_options =
    [
        ("--window", InputForm.Recording, InputForm.Samples),
        ("--stride", InputForm.Recording, InputForm.Samples),
        ("--split", InputForm.Recording, InputForm.Samples),
        ("--image-size", InputForm.Image | InputForm.Pixels, InputForm.None),
        ("--pair", InputForm.Pair, InputForm.None),
        ("--prompt", InputForm.Text, InputForm.Pair | InputForm.TokenIds),
        ("--query-prompt", InputForm.Text, InputForm.Pair | InputForm.TokenIds),
    ];

    /// <summary>The values of --long.</summary>
    private static readonly (string Name, InputForm Applies)[] s_long =
    [
        ("chunk", InputForm.Recording | InputForm.Text),
        ("truncate", InputForm.Text | InputForm.Pair),
        ("whole", InputForm.Recording),
        ("error", InputForm.Recording | InputForm.Text | InputForm.Pair),
    ];

    private readonly List<(string Name, InputForm Applies, InputForm Refused)> _given;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private bool _hasInputs;

    private LimitedOptions(IEnumerable<(string Name, InputForm Applies, InputForm Refused)> given) => _given = [.. given];

    /// <summary>No options.</summary>
    public static LimitedOptions None { get; } = new([]);

    /// <summary>Those on a command line.</summary>
    public static LimitedOptions Of(ParseResult parsed)
    {
        var options = new LimitedOptions(s_options.Where(option => parsed.GetResult(option.Name) is OptionResult { Implicit: false }));
        if (parsed.GetResult(Long) is OptionResult { Implicit: false, Tokens: [{ Value: var value }] })
        {
            InputForm applies = s_long.First(known => known.Name == value).Applies;
            // What any other value applies to.
            InputForm others = s_long.Aggregate(InputForms.Prepared & ~InputForm.Pixels, (all, known) => all | known.Applies) & ~applies;
            options._given.Add(($"{Long} {value}", applies, others));
        }

        return options;
    }

    /// <summary>Refuses an option that applies to none of the inputs, or is refused with one, before any is read, as far as their names tell.</summary>
    /// <exception cref="UsageException">There is one.</exception>
    public void RequirePossible(IReadOnlyList<InputSource> sources)
    {
        foreach ((string name, InputForm applies, InputForm refused) in _given)
        {
            if (sources.Count > 0 && sources.All(source => source.Form is { } form && !applies.HasFlag(form) && !refused.HasFlag(form)))
            {
                throw WithoutEffect(name, applies);
            }

            if (sources.FirstOrDefault(source => source.Form is { } form && refused.HasFlag(form)) is { Form: { } other })
            {
                throw NotFor(name, applies, other);
            }
        }
    }

    /// <summary>Takes note of an input.</summary>
    /// <returns>What is wrong if an option would skip it; otherwise null.</returns>
    public UsageException? See(InputForm form)
    {
        _hasInputs = true;
        foreach ((string name, InputForm applies, InputForm refused) in _given)
        {
            if (refused.HasFlag(form))
            {
                return NotFor(name, applies, form);
            }

            if (applies.HasFlag(form))
            {
                _used.Add(name);
            }
        }

        return null;
    }

    /// <summary>What is wrong if an option applied to none of the inputs; otherwise null.</summary>
    public UsageException? Unused() =>
        _hasInputs && _given.FirstOrDefault(option => !_used.Contains(option.Name)) is { Name: not null } idle ? WithoutEffect(idle.Name, idle.Applies) : null;

    private static UsageException NotFor(string name, InputForm applies, InputForm form)
    {
        string reason = InputForms.Prepared.HasFlag(form) ? ", which are prepared already and go through the model whole" : "";
        string advice = !name.StartsWith(Long, StringComparison.Ordinal) || reason.Length > 0 ? $"it is for {applies.Names()}"
            : $"use {string.Join(" or ", s_long.Where(known => known.Applies.HasFlag(form)).Select(known => known.Name))}";
        return new UsageException($"{name} does not apply to {form.Names()}{reason}; {advice}");
    }

    private static UsageException WithoutEffect(string name, InputForm applies) => new($"{name} has no effect: it is for {applies.Names()}, and no input is one of them");
}
