using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Schedules;

namespace Data2Vec.Training.Tests.Optimizers;

public class TeacherAverageTests
{
    /// <summary>The teacher is fairseq's after 20 updates: it has seen 19 averages. Its embeddings are copied, the head is not part of it.</summary>
    [Fact]
    public void Twenty_updates_of_pretraining_give_fairseqs_teacher()
    {
        (ParameterRange[] ranges, float[] gradients, float[] initial, _) = AdamTests.TextRun();
        float[] student = [.. initial], teacher = new float[initial.Length];
        var (mean, square) = (new float[student.Length], new float[student.Length]);
        var adam = new Adam(new AdamOptions(), ranges, [new(0.01)]);
        var average = new TeacherAverage(ranges[..^1], name => name.Split('.')[0] is "embed_tokens" or "layernorm_embedding");
        var decay = new TeacherDecaySchedule(0.99, 0.999, 10);
        for (int update = 0; update < 20; update++)
        {
            if (update == 0)
            {
                average.Start(teacher, student);
            }
            else
            {
                average.Update(teacher, student, decay.Decay(update));
            }

            adam.Step(student, gradients.AsSpan(update * student.Length, student.Length), mean, square, 0.0005);
        }

        float[] expected = Fixtures.Floats("optimizer/text-teacher.npy");
        Close.Absolute(expected, teacher.AsSpan(0, expected.Length), 1e-6);
        Assert.All(teacher[expected.Length..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Bits_do_not_depend_on_threads()
    {
        float[] student = [.. Enumerable.Range(0, 100_001).Select(i => MathF.Sin(i))];
        Assert.Equal(Run(1), Run(6));

        float[] Run(int threads)
        {
            float[] teacher = [.. student.Reverse()];
            new TeacherAverage([new("a", 0, 70_000), new("b", 70_000, 30_001)]) { Threads = threads }.Update(teacher, student, 0.9);
            return teacher;
        }
    }

    [Fact]
    public void Buffers_that_are_too_short_are_refused() =>
        Assert.Throws<ArgumentException>(() => new TeacherAverage([new("a", 0, 5)]).Update(new float[5], new float[4], 0.5));
}
