using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Fairseq;

/// <summary>
/// Options of a fairseq model or task: a dictionary in new checkpoints, an <c>argparse.Namespace</c> in old ones. What an
/// old version did not know is missing and has fairseq's default.
/// </summary>
internal sealed class FairseqOptions
{
    private readonly object _options;

    private FairseqOptions(object options) => _options = options;

    /// <summary>The options in a value of a pickle, or null where it holds none.</summary>
    public static FairseqOptions? Of(object? value) =>
        value is PickleDictionary or PickleObject { Name: "Namespace" } ? new FairseqOptions(value) : null;

    /// <summary>The options under a key, or null where there are none.</summary>
    public FairseqOptions? Group(string name) => Of(Value(name));

    /// <summary>A text, or null where the option is missing or None.</summary>
    /// <exception cref="InvalidDataException">The option is something else.</exception>
    public string? Text(string name) => Value(name) switch
    {
        null => null,
        string text => text,
        // An enumeration's member: its class is called with its value.
        PickleObject { Arguments: { Count: 1 } arguments } when arguments[0] is string text => text,
        _ => throw new InvalidDataException($"the option {name} is not a string"),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="InvalidDataException">The option is something else or out of range.</exception>
    public int Integer(string name, int whenMissing, int least, int most)
    {
        object? value = Value(name);
        if (value is null)
        {
            return whenMissing;
        }

        if (value is not long number)
        {
            throw new InvalidDataException($"the option {name} is not a whole number");
        }

        return number >= least && number <= most
            ? (int)number
            : throw new InvalidDataException($"the option {name} is {number}; it must be from {least} to {most}");
    }

    /// <summary>A truth value, or null where the option is missing or None.</summary>
    /// <exception cref="InvalidDataException">The option is something else.</exception>
    public bool? Boolean(string name) => Value(name) switch
    {
        null => null,
        bool value => value,
        _ => throw new InvalidDataException($"the option {name} is neither true nor false"),
    };

    /// <summary>Numbers, or null where the option is missing or None.</summary>
    /// <exception cref="InvalidDataException">The option is something else, or not this many.</exception>
    public float[]? Numbers(string name, int count)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        object?[] items = value switch
        {
            PickleList list => [.. list],
            PickleTuple tuple => [.. tuple],
            _ => [],
        };
        return items.Length == count && items.All(item => item is double or long)
            ? [.. items.Select(item => item is double real ? (float)real : (long)item!)]
            : throw new InvalidDataException($"the option {name} is not a list of {count} numbers");
    }

    /// <summary>A number above 0.</summary>
    /// <exception cref="InvalidDataException">The option is something else.</exception>
    public double Number(string name, double whenMissing) => Value(name) switch
    {
        null => whenMissing,
        long number and > 0 => number,
        double number when number > 0 && double.IsFinite(number) => number,
        _ => throw new InvalidDataException($"the option {name} is not a number above 0"),
    };

    /// <summary>Refuses another text than the one that is supported.</summary>
    public void Require(string name, string whenMissing, string wanted)
    {
        string value = Text(name) ?? whenMissing;
        if (value != wanted)
        {
            throw new InvalidDataException(
                $"the option {name} is '{PickleText.Quote(value)}'; only '{wanted}' is supported");
        }
    }

    /// <summary>Refuses another member of an enumeration, by its name or its value, than the one that is supported.</summary>
    public void RequireMember(string name, string wanted, long number)
    {
        object? value = Value(name);
        if (value is PickleObject { Arguments: { Count: 1 } arguments })
        {
            value = arguments[0];
        }

        if (value is not null && !wanted.Equals(value) && !number.Equals(value))
        {
            throw new InvalidDataException($"the option {name} is not {wanted}, which alone is supported");
        }
    }

    /// <summary>Refuses another truth value than the one that is supported.</summary>
    public void Require(string name, bool whenMissing, bool wanted)
    {
        bool value = Boolean(name) ?? whenMissing;
        if (value != wanted)
        {
            throw new InvalidDataException($"the option {name} is {Word(value)}; only {Word(wanted)} is supported");
        }

        static string Word(bool value) => value ? "true" : "false";
    }

    /// <summary>A number of heads or groups, which divides the hidden size.</summary>
    public int Divisor(string name, int whenMissing, int hidden, string hiddenName)
    {
        int value = Integer(name, whenMissing, 1, hidden);
        return hidden % value == 0
            ? value
            : throw new InvalidDataException($"the option {name} is {value}, which does not divide {hiddenName}, {hidden}");
    }

    /// <summary>The features inside a feed-forward block of vision models and of data2vec 2.0's: <c>mlp_ratio</c> times the hidden size.</summary>
    public int FeedForwardSize(int hidden)
    {
        double size = Math.Floor(hidden * Number("mlp_ratio", 4));
        return size is >= 1 and <= Limits.Size
            ? (int)size
            : throw new InvalidDataException($"the option mlp_ratio gives a feed-forward size of {size}; it must be from 1 to {Limits.Size}");
    }

    private object? Value(string name)
    {
        object? value;
        bool found = _options is PickleDictionary dictionary
            ? dictionary.TryGetValue(name, out value)
            : ((PickleObject)_options).TryGetAttribute(name, out value);
        return found ? value : null;
    }
}
