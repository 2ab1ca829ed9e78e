namespace Data2Vec.Memes.Ocr;

/// <summary>The place of a line of text, which may be tilted. Lengths are in pixels.</summary>
/// <param name="Angle">The angle in radians; positive if the line falls to the right.</param>
/// <param name="Start">The start along the line, from the image's corner.</param>
/// <param name="End">The end along the line.</param>
/// <param name="Baseline">The distance of the baseline from the image's corner, across the line.</param>
/// <param name="Height">The height of capitals.</param>
internal readonly record struct LinePlace(double Angle, double Start, double End, double Baseline, double Height)
{
    /// <summary>Lines of the same text differ by at most this angle in radians, and this distance in heights.</summary>
    private const double MostAngle = 0.1, MostSpacing = 2.2;

    private double Area => (End - Start) * Height;

    /// <summary>The place of upright text.</summary>
    public static LinePlace Of(Box box) => new(0, box.X, box.X + box.Width, box.Y + box.Height, box.Height);

    /// <summary>A place in the image as distances along and across the line.</summary>
    public (double Along, double Across) ToLine(double x, double y) => (x * Math.Cos(Angle) + y * Math.Sin(Angle), -x * Math.Sin(Angle) + y * Math.Cos(Angle));

    /// <summary>The place in the image of distances along and across the line.</summary>
    public (double X, double Y) ToImage(double along, double across) => (along * Math.Cos(Angle) - across * Math.Sin(Angle), along * Math.Sin(Angle) + across * Math.Cos(Angle));

    /// <summary>The smallest upright rectangle around a rectangle along the line.</summary>
    public Box ToImage(double left, double top, double right, double bottom)
    {
        (double X, double Y)[] corners = [ToImage(left, top), ToImage(right, top), ToImage(left, bottom), ToImage(right, bottom)];
        int x = (int)Math.Floor(corners.Min(corner => corner.X)), y = (int)Math.Floor(corners.Min(corner => corner.Y));
        return new Box(x, y, (int)Math.Ceiling(corners.Max(corner => corner.X)) - x, (int)Math.Ceiling(corners.Max(corner => corner.Y)) - y);
    }

    /// <summary>The share of the smaller line that both have in common.</summary>
    public double Overlap(LinePlace other) => Shared(other) / Math.Min(Area, other.Area);

    /// <summary>The share of this line that another covers.</summary>
    public double CoveredBy(LinePlace other) => Shared(other) / Area;

    /// <summary>Whether another line stands where the next line, or another part of the same line, would stand.</summary>
    /// <param name="other">The other line.</param>
    /// <param name="heightRatio">The largest ratio of the heights.</param>
    public bool IsNear(LinePlace other, double heightRatio)
    {
        (double left, double right, double across) = Middle(other);
        return Math.Abs(Angle - other.Angle) <= MostAngle
            && Math.Max(Height, other.Height) <= heightRatio * Math.Min(Height, other.Height)
            && Math.Abs(across - (Baseline - 0.5 * Height)) <= MostSpacing * Height
            && Common(Start - MostSpacing * Height, End + MostSpacing * Height, left, right) > 0;
    }

    /// <summary>The middle of another line, along and across this line.</summary>
    public (double Left, double Right, double Across) Middle(LinePlace other)
    {
        double middle = other.Baseline - 0.5 * other.Height;
        ((double x, double y), (double endX, double endY)) = (other.ToImage(other.Start, middle), other.ToImage(other.End, middle));
        ((double left, double leftAcross), (double right, double rightAcross)) = (ToLine(x, y), ToLine(endX, endY));
        return (left, right, 0.5 * (leftAcross + rightAcross));
    }

    private double Shared(LinePlace other)
    {
        (double left, double right, double across) = Middle(other);
        return Common(Start, End, left, right) * Common(Baseline - Height, Baseline, across - 0.5 * other.Height, across + 0.5 * other.Height);
    }

    private static double Common(double from, double to, double otherFrom, double otherTo) => Math.Max(0, Math.Min(to, otherTo) - Math.Max(from, otherFrom));
}
