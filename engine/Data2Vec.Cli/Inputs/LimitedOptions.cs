using System.CommandLine.Parsing;

namespace Data2Vec.Cli;

/// <summary>Those options of a command line that apply to some forms of inputs only. One without effect is refused rather than ignored.</summary>
internal sealed class LimitedOptions
{
    private const string Long = "--long";

    private static readonly Limit[] s_options =
    [
        new("--window", InputForm.Recording, InputForm.Samples),
        new("--stride", InputForm.Recording, InputForm.Samples),
        new("--split", InputForm.Recording, InputForm.Samples),
        new("--image-size", InputForm.Image | InputForm.Pixels, InputForm.None),
        new("--pair", InputForm.Pair, InputForm.None),
        new("--prompt", InputForm.Text, InputForm.Pair | InputForm.TokenIds),
        new("--query-prompt", InputForm.Text, InputForm.Pair | InputForm.TokenIds),
    ];

    /// <summary>The values of --long.</summary>
    private static readonly (string Name, InputForm Applies)[] s_long =
    [
        ("chunk", InputForm.Recording | InputForm.Text),
        ("truncate", InputForm.Text | InputForm.Pair),
        ("whole", InputForm.Recording),
        ("error", InputForm.Recording | InputForm.Text | InputForm.Pair),
    ];

    private readonly List<Limit> _given;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private bool _hasInputs;

    private LimitedOptions(IEnumerable<Limit> given) => _given = [.. given];

    /// <summary>No options.</summary>
    public static LimitedOptions None { get; } = new([]);

    /// <summary>Those on a command line.</summary>
    public static LimitedOptions Of(ParseResult parsed)
    {
        // An empty prompt is none, which suits every input.
        var options = new LimitedOptions(s_options.Where(option => parsed.GetResult(option.Name) is OptionResult { Implicit: false, Tokens: not [{ Value: "" }] }));
        if (parsed.GetResult(Long) is OptionResult { Implicit: false, Tokens: [{ Value: var value }] })
        {
            InputForm applies = s_long.First(known => known.Name == value).Applies;
            // What any other value applies to.
            InputForm others = s_long.Aggregate(InputForms.Prepared & ~InputForm.Pixels, (all, known) => all | known.Applies) & ~applies;
            options._given.Add(new Limit($"{Long} {value}", applies, others));
        }

        return options;
    }

    /// <summary>The same options without one.</summary>
    public LimitedOptions Without(string name) => new(_given.Where(limit => limit.Name != name));

    /// <summary>Refuses an option that applies to none of the inputs, or is refused with one, before any is read, as far as their names tell.</summary>
    /// <exception cref="UsageException">There is one.</exception>
    public void RequirePossible(IReadOnlyList<InputSource> sources)
    {
        foreach (Limit limit in _given)
        {
            if (sources.Count > 0 && sources.All(source => source.Form is { } form && !limit.Applies.HasFlag(form) && !limit.Refused.HasFlag(form)))
            {
                throw WithoutEffect(limit);
            }

            if (sources.FirstOrDefault(source => source.Form is { } form && limit.Refused.HasFlag(form)) is { Form: { } other })
            {
                throw NotFor(limit, other);
            }
        }
    }

    /// <summary>Takes note of an input.</summary>
    /// <returns>What is wrong if an option would skip it; otherwise null.</returns>
    public UsageException? See(InputForm form)
    {
        _hasInputs = true;
        foreach (Limit limit in _given)
        {
            if (limit.Refused.HasFlag(form))
            {
                return NotFor(limit, form);
            }

            if (limit.Applies.HasFlag(form))
            {
                _used.Add(limit.Name);
            }
        }

        return null;
    }

    /// <summary>What is wrong if an option applied to none of the inputs; otherwise null.</summary>
    public UsageException? Unused() =>
        _hasInputs && _given.FirstOrDefault(limit => !_used.Contains(limit.Name)) is { } idle ? WithoutEffect(idle) : null;

    private static UsageException NotFor(Limit limit, InputForm form)
    {
        string reason = InputForms.Prepared.HasFlag(form) ? ", which are prepared already and go through the model whole" : "";
        string advice = !limit.Name.StartsWith(Long, StringComparison.Ordinal) || reason.Length > 0 ? $"it is for {limit.Applies.Names()}"
            : $"use {string.Join(" or ", s_long.Where(known => known.Applies.HasFlag(form)).Select(known => known.Name))}";
        return new UsageException($"{limit.Name} does not apply to {form.Names()}{reason}; {advice}");
    }

    private static UsageException WithoutEffect(Limit limit) =>
        new($"{limit.Name} has no effect: it is for {limit.Applies.Names()}, and no input is one of them");

    /// <summary>An option, perhaps with its value.</summary>
    /// <param name="Name">The option.</param>
    /// <param name="Applies">The forms that it applies to.</param>
    /// <param name="Refused">The forms that it is refused with, because it would skip them.</param>
    private sealed record Limit(string Name, InputForm Applies, InputForm Refused);
}
