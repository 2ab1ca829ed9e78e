namespace Data2Vec.Text;

/// <summary>The tokenizer of a Hugging Face RoBERTa model as two files: <c>vocab.json</c>, which has the model's ids, and <c>merges.txt</c>.</summary>
internal static class HuggingFaceTokenizerFiles
{
    private const string VocabularyKind = "vocab.json";

    public static (TokenizerVocabulary Vocabulary, MergeList Merges) Read(ReadOnlyMemory<byte> vocabJson, ReadOnlySpan<byte> mergesTxt)
    {
        MergeList merges = MergesFile.Read(mergesTxt, "merges.txt");
        string[] tokens = TokenizerFile.ReadJson(vocabJson, VocabularyKind, json => JsonVocabulary.Read(json, VocabularyKind));
        return (Build(tokens, merges, VocabularyKind), merges);
    }

    /// <summary>A vocabulary from the tokens in the order of their ids.</summary>
    public static TokenizerVocabulary Build(string[] tokens, MergeList merges, string kind)
    {
        TokenizerVocabulary vocabulary = new();
        for (int id = 0; id < tokens.Length; id++)
        {
            FilePlace place = new(kind, "id", id);
            if (merges.Contains(tokens[id]))
            {
                vocabulary.AddToken(tokens[id], place);
            }
            else
            {
                vocabulary.AddName(tokens[id], place);
            }
        }

        string? missing = merges.Tokens.Skip(MergeList.ByteCount).FirstOrDefault(token => vocabulary.IdOfToken(token, -1) < 0);
        if (missing is not null)
        {
            throw TokenizerFile.Error(kind, $"no id for {TokenizerFile.Quote(missing)}, which a merge makes");
        }

        vocabulary.RequireSpecials(kind);
        return vocabulary;
    }
}
