namespace Data2Vec.Text;

/// <summary>One input of the model, cut from a text.</summary>
/// <param name="Ids">The ids with <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>.</param>
/// <param name="Offset">Where the window begins among the text's tokens, which do not count the special ones.</param>
/// <param name="Weight">
/// The window's share in an average over the text's windows: its tokens (special ones not counted) over those of all windows, so that
/// the shares add up to 1. Tokens in an overlap count in both windows.
/// </param>
public sealed record TextWindow(int[] Ids, int Offset, double Weight)
{
    /// <summary>The number of the text's tokens in the window.</summary>
    public int TokenCount => Ids.Length - 2;
}
