namespace Data2Vec.Training.Data;

/// <summary>How the lines of a text become items.</summary>
public enum CorpusItems
{
    /// <summary>Whole sentences of one document, as many as fit (fairseq's <c>complete_doc</c>). Empty lines are between documents.</summary>
    Documents,

    /// <summary>Each line.</summary>
    Lines,
}
