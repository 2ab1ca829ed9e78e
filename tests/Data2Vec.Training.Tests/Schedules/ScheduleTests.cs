using System.Text.Json;
using Data2Vec.Training.Schedules;

namespace Data2Vec.Training.Tests.Schedules;

public class ScheduleTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Fixtures.Json("schedules.json").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rates_are_those_of_fairseq(int index)
    {
        JsonElement settings = Fixtures.Json("schedules.json")[index];
        LearningRateSchedule schedule = Create(settings);
        double[] rates = settings.Doubles("rates");
        for (int update = 0; update < rates.Length; update++)
        {
            double actual = schedule.Rate(update);
            Assert.True(Math.Abs(actual - rates[update]) <= 1e-12 * settings.Number("lr"), $"{settings}: update {update} has {actual}, not {rates[update]}.");
        }
    }

    [Fact]
    public void Tri_stage_ratios_that_do_not_add_up_are_refused() =>
        Assert.Contains("0.8", Assert.Throws<ArgumentException>(() => TriStageSchedule.FromRatios(1, 100, 0.1, 0.8, 0.2)).Message);

    [Fact]
    public void A_warm_up_as_long_as_all_updates_is_refused() => Assert.Throws<ArgumentException>(() => new CosineSchedule(1, 10, 10));

    [Fact]
    public void A_polynomial_that_is_all_warm_up_ends_at_its_end()
    {
        var schedule = new PolynomialSchedule(1, 10, 10);
        Assert.Equal([0, 0.5, 1, 0], [schedule.Rate(0), schedule.Rate(5), schedule.Rate(10), schedule.Rate(11)]);
    }

    [Fact]
    public void A_tri_stage_without_decay_falls_at_once()
    {
        var schedule = new TriStageSchedule(1, 2, 3, 0, finalScale: 0.5);
        Assert.Equal([0.01, 1, 1, 0.5, 0.5], [schedule.Rate(0), schedule.Rate(2), schedule.Rate(4), schedule.Rate(5), schedule.Rate(6)]);
    }

    /// <summary>The values are those that fairseq logged in a run with 0.99, 0.999 and 10.</summary>
    [Fact]
    public void The_teachers_decay_is_that_of_fairseq()
    {
        var schedule = new TeacherDecaySchedule(0.99, 0.999, 10);
        double[] logged = [0.99, 0.9909, 0.9918, 0.9927, 0.9936, 0.9944999999999999, 0.9954, 0.9963, 0.9972, 0.9981, 0.999, 0.999];
        for (int update = 0; update < logged.Length; update++)
        {
            Assert.Equal(logged[update], schedule.Decay(update), 15);
        }

        Assert.Equal(0.9998, new TeacherDecaySchedule(0.9998, 0.9998, 0).Decay(0));
    }

    /// <summary>The factors are those of fairseq's image classification with three blocks and 0.65.</summary>
    [Fact]
    public void Layerwise_decay_is_that_of_fairseq()
    {
        double[] expected = [0.17850625000000003, 0.274625, 0.42250000000000004, 0.65, 1];
        for (int depth = 0; depth < expected.Length; depth++)
        {
            Assert.Equal(expected[depth], LayerwiseRateDecay.Scale(0.65, 3, depth), 15);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => LayerwiseRateDecay.Scale(0.65, 3, 5));
    }

    private static LearningRateSchedule Create(JsonElement settings)
    {
        double peak = settings.Number("lr");
        long updates = (long)settings.Number("max_update"), warmUp = (long)settings.Number("warmup_updates", 0);
        double initial = settings.Number("init_lr_scale", 0.01), final = settings.Number("final_lr_scale", 0.01);
        switch (settings.GetProperty("name").GetString())
        {
            case "cosine":
                double? from = settings.TryGetProperty("warmup_init_lr", out JsonElement value) ? value.GetDouble() : null;
                return new CosineSchedule(peak, updates, warmUp, settings.Number("min_lr", 0), from)
                {
                    Period = settings.Number("lr_period_updates", updates - warmUp),
                    PeriodGrowth = settings.Number("t_mult", 1),
                    Shrink = settings.Number("lr_shrink", 0.1),
                };
            case "polynomial_decay":
                long total = (long)settings.Number("total_num_update", updates);
                return new PolynomialSchedule(peak, total, warmUp, settings.Number("end_learning_rate", 0), settings.Number("power", 1));
            default:
                if (!settings.TryGetProperty("phase_ratio", out _))
                {
                    return new TriStageSchedule(
                        peak, (long)settings.Number("warmup_steps"), (long)settings.Number("hold_steps"), (long)settings.Number("decay_steps"), initial, final);
                }

                double[] ratios = settings.Doubles("phase_ratio");
                return TriStageSchedule.FromRatios(peak, updates, ratios[0], ratios[1], ratios[2], initial, final);
        }
    }
}
