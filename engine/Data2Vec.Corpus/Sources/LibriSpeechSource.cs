namespace Data2Vec.Corpus;

/// <summary>
/// LibriSpeech's folders: recordings with a transcript of each in the file <c>SPEAKER-CHAPTER.trans.txt</c> beside them. The id is the name of a recording without
/// its extension, as in the transcripts, and the reference is the transcript.
/// </summary>
/// <param name="Path">The path of the folder.</param>
public sealed record LibriSpeechSource(string Path) : CorpusSource
{
    internal override IEnumerable<PlannedInput> Read(SourceContext context)
    {
        if (context.Modality != Modality.Speech)
        {
            throw new InvalidDataException($"{Path}: LibriSpeech has recordings, and the model takes {context.Modality.Inputs()}");
        }

        bool isEmpty = true;
        string root = context.Resolve(Path);
        if (!Directory.Exists(root))
        {
            throw new IOException($"{Path}: no such folder");
        }

        var folders = new SkippedItems(strict: false);
        foreach (string transcript in FolderFiles.Find(root, LibriSpeechFolder.IsTranscript, folders))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            isEmpty = false;
            foreach (PlannedInput input in Chapter(root, transcript))
            {
                yield return input;
            }
        }

        foreach (SkippedItem folder in folders.All)
        {
            yield return PlannedInput.Bad(Given(root, folder.Name), folder.Reason);
        }

        if (isEmpty)
        {
            throw new InvalidDataException($"{Path}: there are no transcripts (.trans.txt) in this folder");
        }
    }

    private IEnumerable<PlannedInput> Chapter(string root, string transcript)
    {
        var skipped = new SkippedItems(strict: false);
        IReadOnlyList<RecordingSource> recordings = [];
        string? problem = null;
        try
        {
            recordings = LibriSpeechFolder.Read(root, [transcript], skipped).Recordings;
        }
        catch (Exception error) when (InputErrors.IsOfInput(error))
        {
            problem = InputErrors.Of(error).Message;
        }

        if (problem is not null)
        {
            yield return PlannedInput.Bad(Given(root, transcript), problem);
        }

        foreach (RecordingSource recording in recordings)
        {
            string path = Given(root, recording.Path);
            yield return new PlannedInput(System.IO.Path.GetFileNameWithoutExtension(path)) { Source = path, Path = path, Reference = recording.Transcript };
        }

        foreach (SkippedItem item in skipped.All)
        {
            yield return PlannedInput.Bad(Given(root, item.Name), item.Reason.Replace(root, Path, StringComparison.Ordinal));
        }
    }

    private string Given(string root, string full) => System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(root, full));
}
