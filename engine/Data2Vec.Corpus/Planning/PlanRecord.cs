using System.Text;

namespace Data2Vec.Corpus;

/// <summary>The form of a row in the file of a plan: a byte that tells which texts follow, and the texts.</summary>
internal static class PlanRecord
{
    [Flags]
    private enum Fields
    {
        None = 0,
        Source = 1,
        Path = 2,
        PathIsId = 4,
        Text = 8,
        Reference = 16,
        Problem = 32,
    }

    /// <summary>The encoding of the texts.</summary>
    public static Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    public static void Write(BinaryWriter writer, PlannedInput input)
    {
        bool hasSource = input.Source != input.Id, pathIsId = input.Path == input.Id;
        Fields fields = (hasSource ? Fields.Source : 0) | (pathIsId ? Fields.PathIsId : input.Path is not null ? Fields.Path : 0)
            | (input.Text is not null ? Fields.Text : 0) | (input.Reference is not null ? Fields.Reference : 0) | (input.Problem is not null ? Fields.Problem : 0);
        writer.Write((byte)fields);
        writer.Write(input.Id);
        WriteIf(hasSource, input.Source);
        WriteIf(fields.HasFlag(Fields.Path), input.Path);
        WriteIf(true, input.Text);
        WriteIf(true, input.Reference);
        WriteIf(true, input.Problem);

        void WriteIf(bool isWritten, string? text)
        {
            if (isWritten && text is not null)
            {
                writer.Write(text);
            }
        }
    }

    /// <exception cref="EndOfStreamException">The file ends within the row.</exception>
    public static PlannedInput Read(BinaryReader reader)
    {
        var fields = (Fields)reader.ReadByte();
        string id = reader.ReadString();
        string source = fields.HasFlag(Fields.Source) ? reader.ReadString() : id;
        string? path = fields.HasFlag(Fields.PathIsId) ? id : ReadIf(Fields.Path);
        return new PlannedInput(id) { Source = source, Path = path, Text = ReadIf(Fields.Text), Reference = ReadIf(Fields.Reference), Problem = ReadIf(Fields.Problem) };

        string? ReadIf(Fields field) => fields.HasFlag(field) ? reader.ReadString() : null;
    }
}
