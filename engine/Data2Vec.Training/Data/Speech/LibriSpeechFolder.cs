using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>
/// LibriSpeech's folders: <c>SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt</c> with a line <c>NAME TRANSCRIPT</c> for each recording <c>NAME.flac</c> beside it.
/// </summary>
internal static class LibriSpeechFolder
{
    public static bool IsTranscript(string path) => path.EndsWith(".trans.txt", StringComparison.OrdinalIgnoreCase);

    public static RecordingList Read(string folder, IReadOnlyList<string> transcripts, SkippedItems skipped)
    {
        var recordings = new List<RecordingSource>();
        foreach (string file in transcripts)
        {
            string chapter = DataFile.FolderOf(file);
            Dictionary<string, string> beside = new(StringComparer.Ordinal);
            foreach (string path in FolderFiles.Files(chapter, FolderFiles.IsRecording))
            {
                beside.TryAdd(Path.GetFileNameWithoutExtension(path), path);
            }

            int number = 0;
            foreach (string line in DataFile.Lines(file))
            {
                number++;
                string entry = line.Trim();
                if (entry.Length == 0)
                {
                    continue;
                }

                string name = DataFile.LineName(file, number);
                int end = entry.IndexOfAny([' ', '\t']);
                string id = end < 0 ? entry : entry[..end];
                if (!beside.Remove(id, out string? recording))
                {
                    skipped.AddBad(name, $"there is no recording {id.AsSpan().Quote()} beside it, or it has two lines");
                    continue;
                }

                recordings.Add(new RecordingSource(recording, FolderFiles.Key(folder, recording), recording, end < 0 ? "" : entry[end..].Trim()));
            }

            foreach (string recording in beside.Values.Order(StringComparer.Ordinal))
            {
                skipped.AddBad(recording, $"{Path.GetFileName(file)} has no line for it");
            }
        }

        return new RecordingList(folder, recordings);
    }
}
