using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>What is left of the limits in one rendering. Everything that loops, recurses or allocates asks here first.</summary>
internal sealed class Budget(TemplateLimits limits)
{
    private const int MaxIntegerBits = 16_384;
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _characters = limits.MaxCharacters;
    private long _steps = limits.MaxSteps;
    private long _untilClock = 4096;
    private int _depth;

    public void Steps(long count = 1)
    {
        if ((_steps -= count) < 0) throw Exceeded($"it takes more than {limits.MaxSteps} steps", nameof(TemplateLimits.MaxSteps));
        if ((_untilClock -= count) > 0) return;
        _untilClock = 4096;
        if (Stopwatch.GetElapsedTime(_started) > limits.MaxTime) throw Exceeded($"it takes longer than {limits.MaxTime.TotalSeconds:0.###} s", nameof(TemplateLimits.MaxTime));
    }

    /// <summary>Call before the characters are allocated. Long strings also cost steps, because copying them takes time.</summary>
    public void Characters(long count)
    {
        if (count < 0 || (_characters -= count) < 0) throw Exceeded($"its strings have more than {limits.MaxCharacters} characters", nameof(TemplateLimits.MaxCharacters));
        Steps(count >> 10);
    }

    public void Enter()
    {
        Steps();
        if (++_depth > limits.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            _depth--;
            throw Exceeded($"it nests deeper than {limits.MaxDepth} levels", nameof(TemplateLimits.MaxDepth));
        }
    }

    public void Leave() => _depth--;

    /// <summary>Numbers have any size in templates, but not here: 5,000 digits are enough for every chat.</summary>
    public static BigInteger Checked(BigInteger number) => number.GetBitLength() <= MaxIntegerBits ? number : throw TooLarge();

    public static TemplateFault TooLarge() => new(TemplateErrorKind.Limit, $"a number has more than {MaxIntegerBits} bits");

    private static TemplateFault Exceeded(string what, string limit) => new(TemplateErrorKind.Limit, $"rendering was stopped because {what} ({limit})");
}
