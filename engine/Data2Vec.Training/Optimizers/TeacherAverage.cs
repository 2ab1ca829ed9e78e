using System.Numerics;
using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Optimizers;

/// <summary>
/// The teacher: an exponential moving average of the student, <c>EMAModule</c> of fairseq (<c>fairseq/modules/ema_module.py</c>), in buffers of
/// the same layout. Some parameters are copied instead of averaged.
/// </summary>
public sealed unsafe class TeacherAverage
{
    private const int ChunkElements = 1 << 15;

    private readonly (int Offset, int Count, bool Copied)[] _chunks;
    private readonly int _end;

    /// <summary>Creates the average.</summary>
    /// <param name="ranges">The teacher's parameters. Elements of others, such as a head's, are not touched.</param>
    /// <param name="copied">Whether a parameter is copied from the student at each update (fairseq: <c>skip_keys</c>). Null: none.</param>
    public TeacherAverage(IEnumerable<ParameterRange> ranges, Func<string, bool>? copied = null)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        var chunks = new List<(int, int, bool)>();
        foreach (ParameterRange range in ranges)
        {
            if (range.Offset < 0 || range.Count < 0 || range.Count > int.MaxValue - range.Offset)
            {
                throw new ArgumentException($"{range.Name} is out of range.", nameof(ranges));
            }

            bool copy = copied?.Invoke(range.Name) ?? false;
            for (int start = 0; start < range.Count; start += ChunkElements)
            {
                chunks.Add((range.Offset + start, Math.Min(ChunkElements, range.Count - start), copy));
            }

            _end = Math.Max(_end, range.Offset + range.Count);
        }

        _chunks = [.. chunks];
    }

    /// <summary>The number of threads. The result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Makes the teacher a copy of the student, before update 0.</summary>
    /// <exception cref="ArgumentException">A buffer is too short.</exception>
    public void Start(Span<float> teacher, ReadOnlySpan<float> student)
    {
        CheckLengths(teacher, student);
        foreach ((int offset, int count, _) in _chunks)
        {
            student.Slice(offset, count).CopyTo(teacher[offset..]);
        }
    }

    /// <summary>Moves the teacher towards the student: decay x teacher + (1 - decay) x student.</summary>
    /// <exception cref="ArgumentException">A buffer is too short.</exception>
    public void Update(Span<float> teacher, ReadOnlySpan<float> student, double decay)
    {
        CheckLengths(teacher, student);
        double rest = 1 - decay;
        float keep = (float)(1 - rest), add = (float)rest;
        fixed (float* pinnedTeacher = teacher, pinnedStudent = student)
        {
            float* t = pinnedTeacher, s = pinnedStudent;
            ParallelTasks.Run(_chunks.Length, Threads, index =>
            {
                (int offset, int count, bool copied) = _chunks[index];
                var from = new ReadOnlySpan<float>(s + offset, count);
                var to = new Span<float>(t + offset, count);
                if (copied)
                {
                    from.CopyTo(to);
                }
                else
                {
                    Average(to, from, keep, add);
                }
            });
        }
    }

    private static void Average(Span<float> teacher, ReadOnlySpan<float> student, float keep, float add)
    {
        int i = 0;
        for (; i <= teacher.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            ((new Vector<float>(teacher[i..]) * keep) + (new Vector<float>(student[i..]) * add)).CopyTo(teacher[i..]);
        }

        for (; i < teacher.Length; i++)
        {
            teacher[i] = (teacher[i] * keep) + (student[i] * add);
        }
    }

    private void CheckLengths(ReadOnlySpan<float> teacher, ReadOnlySpan<float> student)
    {
        if (teacher.Length < _end || student.Length < _end)
        {
            throw new ArgumentException($"The teacher's parameters end at {_end}; a buffer is shorter.", nameof(teacher));
        }
    }
}
