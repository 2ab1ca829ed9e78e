using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Data2Vec.Converters;

/// <summary>Checks of files from strangers.</summary>
internal static class InvalidData
{
    /// <summary>Throws if something is wrong with a file.</summary>
    /// <exception cref="InvalidDataException">The condition is true.</exception>
    public static void ThrowIf([DoesNotReturnIf(true)] bool condition, string message)
    {
        if (condition)
        {
            throw new InvalidDataException(message);
        }
    }

    /// <inheritdoc cref="ThrowIf(bool, string)"/>
    public static void ThrowIf(
        [DoesNotReturnIf(true)] bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Message message)
    {
        if (condition)
        {
            throw new InvalidDataException(message.ToString());
        }
    }

    /// <summary>Puts a file's name before the messages about it.</summary>
    public static T Named<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{name}: {error.Message}", error);
        }
    }

    /// <summary>A message that is formatted only if it is needed.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler _text;

        public Message(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = condition;
            _text = condition ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
