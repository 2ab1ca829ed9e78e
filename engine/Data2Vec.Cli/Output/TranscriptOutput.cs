using System.Text;

namespace Data2Vec.Cli;

/// <summary>Where transcripts are written: the standard output, a file, or a folder with a file for each recording.</summary>
internal abstract class TranscriptOutput
{
    /// <summary>Checks where transcripts are to be written, before any work is done.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The file or folder; null for the standard output.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    /// <param name="format">The format.</param>
    /// <param name="words">Whether each word has its own line.</param>
    /// <param name="inputs">The names of the inputs.</param>
    public static TranscriptOutput Create(ParseResult parsed, string? path, bool isFolder, string format, bool words, IReadOnlyList<string> inputs)
    {
        if (isFolder)
        {
            return new FolderOutput(path!, TranscriptWriter.Create(format, words, isTogether: false), format, inputs);
        }

        if (format is "srt" or "vtt" && inputs.Count > 1)
        {
            throw new UsageException($"--format {format} has one recording to a file; give -o FOLDER for {inputs.Count} recordings");
        }

        TranscriptWriter writer = TranscriptWriter.Create(format, words, inputs.Count > 1);
        if (path is null)
        {
            return new StreamOutput(parsed.InvocationConfiguration.Output, writer);
        }

        return new FileOutput(Files.RequireTarget(path), writer);
    }

    /// <summary>Runs the work and writes its transcripts.</summary>
    public abstract void Write(Action<Action<TranscriptRecord>> work);

    private static StreamWriter Open(Stream stream) => new(stream, new UTF8Encoding(false), 1 << 12, leaveOpen: true) { NewLine = "\n" };

    private sealed class StreamOutput(TextWriter output, TranscriptWriter writer) : TranscriptOutput
    {
        public override void Write(Action<Action<TranscriptRecord>> work)
        {
            int written = 0;
            try
            {
                work(record =>
                {
                    if (written++ == 0)
                    {
                        writer.Begin(output);
                    }

                    writer.Write(output, record);
                    output.Flush();
                });
            }
            catch (OperationCanceledException)
            {
                throw new InterruptedException($"cancelled; {written} results were written");
            }
        }
    }

    private sealed class FileOutput(string path, TranscriptWriter writer) : TranscriptOutput
    {
        public override void Write(Action<Action<TranscriptRecord>> work)
        {
            try
            {
                Files.WriteWhole(path, stream =>
                {
                    bool any = false;
                    using StreamWriter output = Open(stream);
                    work(record =>
                    {
                        if (!any)
                        {
                            writer.Begin(output);
                        }

                        any = true;
                        writer.Write(output, record);
                    });
                    return any;
                });
            }
            catch (OperationCanceledException)
            {
                throw new InterruptedException($"cancelled; {path} was not written");
            }
        }
    }

    private sealed class FolderOutput : TranscriptOutput
    {
        private readonly string _folder;
        private readonly TranscriptWriter _writer;
        private readonly Dictionary<string, string> _targets = [];

        public FolderOutput(string folder, TranscriptWriter writer, string format, IReadOnlyList<string> inputs)
        {
            (_folder, _writer) = (folder, writer);
            var inputOf = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (string input in inputs)
            {
                string name = input == "-" ? "stdin" : Path.GetFileNameWithoutExtension(input);
                string target = Path.Combine(folder, $"{name}.{(format == "text" ? "txt" : format)}");
                if (inputOf.TryGetValue(target, out string? other) && other != input)
                {
                    throw new UsageException($"{other} and {input} would both be written to {target}; transcribe them to different folders");
                }

                (inputOf[target], _targets[input]) = (input, target);
                if (Directory.Exists(folder))
                {
                    Files.RequireOutput(target, inputs);
                }
            }
        }

        public override void Write(Action<Action<TranscriptRecord>> work)
        {
            int written = 0;
            try
            {
                Directory.CreateDirectory(_folder);
                work(record =>
                {
                    Files.WriteWhole(_targets[record.Input], stream =>
                    {
                        using StreamWriter output = Open(stream);
                        _writer.Begin(output);
                        _writer.Write(output, record);
                    });
                    written++;
                });
            }
            catch (OperationCanceledException)
            {
                throw new InterruptedException($"cancelled; {written} of {_targets.Count} transcripts were written to {_folder}");
            }
        }
    }
}
