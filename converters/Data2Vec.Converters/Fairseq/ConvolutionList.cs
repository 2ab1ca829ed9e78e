namespace Data2Vec.Converters.Fairseq;

/// <summary>
/// Reads fairseq's <c>conv_feature_layers</c>, a Python expression such as <c>[(512, 10, 5)] + [(512, 3, 2)] * 4</c>: lists of (channels, kernel,
/// stride), repeated and joined. Nothing else of Python is understood.
/// </summary>
internal ref struct ConvolutionList
{
    private const int MaxLength = 10_000;
    private const int MaxLayers = 100;
    private const int MaxNumber = 1 << 16;

    private readonly ReadOnlySpan<char> _text;
    private int _position;

    private ConvolutionList(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Reads the expression.</summary>
    /// <exception cref="InvalidDataException">It is not of the form above, or asks for too much.</exception>
    public static IReadOnlyList<(int Channels, int Kernel, int Stride)> Parse(string text)
    {
        InvalidData.ThrowIf(text.Length > MaxLength, $"the option conv_feature_layers is longer than {MaxLength} characters");
        var reader = new ConvolutionList(text);
        var layers = new List<(int, int, int)>();
        do
        {
            List<(int, int, int)> list = reader.ReadList();
            int times = reader.TryTake('*') ? reader.ReadNumber() : 1;
            InvalidData.ThrowIf(layers.Count + (long)list.Count * times > MaxLayers, $"the option conv_feature_layers has more than {MaxLayers} layers");
            layers.AddRange(Enumerable.Repeat(list, times).SelectMany(part => part));
        }
        while (reader.TryTake('+'));

        reader.SkipSpaces();
        reader.Expect(reader._position == text.Length);
        return layers.Count > 0 ? layers : throw new InvalidDataException("the option conv_feature_layers has no layers");
    }

    private List<(int Channels, int Kernel, int Stride)> ReadList()
    {
        var list = new List<(int, int, int)>();
        Take('[');
        while (!TryTake(']'))
        {
            Take('(');
            int channels = ReadNumber();
            Take(',');
            int kernel = ReadNumber();
            Take(',');
            int stride = ReadNumber();
            TryTake(',');
            Take(')');
            list.Add((channels, kernel, stride));
            if (!TryTake(','))
            {
                Take(']');
                break;
            }
        }

        return list;
    }

    private int ReadNumber()
    {
        SkipSpaces();
        int number = 0;
        int start = _position;
        for (; _position < _text.Length && char.IsAsciiDigit(_text[_position]); _position++)
        {
            number = number * 10 + (_text[_position] - '0');
            InvalidData.ThrowIf(number > MaxNumber, $"the option conv_feature_layers has a number above {MaxNumber}");
        }

        Expect(_position > start);
        return number > 0 ? number : throw new InvalidDataException("the option conv_feature_layers has a zero");
    }

    private void Take(char expected) => Expect(TryTake(expected));

    private bool TryTake(char wanted)
    {
        SkipSpaces();
        bool isThere = _position < _text.Length && _text[_position] == wanted;
        _position += isThere ? 1 : 0;
        return isThere;
    }

    private void SkipSpaces()
    {
        while (_position < _text.Length && _text[_position] is ' ' or '\t' or '\r' or '\n')
        {
            _position++;
        }
    }

    private readonly void Expect(bool condition) => InvalidData.ThrowIf(
        !condition,
        $"the option conv_feature_layers is not of the form [(channels, kernel, stride)] * times + …: " +
        $"unexpected {(_position < _text.Length ? $"character {_position + 1}" : "end")}");
}
