using System.Diagnostics;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Templates;

namespace DomainTuning.Checkpoints.Tests.Templates;

public sealed class TemplateSandboxTests
{
    /// <summary>A tenth of the default, so that the tests are quick.</summary>
    private static readonly TemplateLimits Small = new() { MaxSteps = 500_000, MaxCharacters = 6_400_000 };

    [Fact]
    public void TheDefaultLimitsStopAnEndlessLoop()
    {
        var template = ChatTemplate.Parse("{% for a in range(100000) %}{% for b in range(100000) %}{{ a ~ b }}{% endfor %}{% endfor %}");

        Assert.Equal(TemplateErrorKind.Limit, Assert.Throws<TemplateException>(() => template.Render(new ChatTemplateInput { Messages = [] })).Kind);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ '%*d' % (1000000000, 1) }}")]
    [InlineData("{{ '{:>1000000000}'.format(1) }}")]
    [InlineData("{{ 'x' | center(1000000000) }}{{ 'x'.ljust(1000000000) }}")]
    [InlineData("{{ 'x' | indent(1000000000, true) }}")]
    [InlineData("{{ [1] * 1000000000 }}")]
    [InlineData("{{ [1] | batch(1000000000, 0) | list }}")]
    [InlineData("{{ [1] | slice(1000000000) | list }}")]
    [InlineData("{{ 9 ** 999999999 }}")]
    [InlineData("{% set ns = namespace(x=9) %}{% for i in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x | replace('a', ns.x) %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}")]
    [InlineData("{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=(1,)) %}{% for i in range(90000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} | length }}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}")]
    [InlineData("{% set ns = namespace(f=none) %}{% macro g() %}{{ ns.f() }}{% endmacro %}{% set ns.f = g %}{{ g() }}")]
    [InlineData("{% set s = 'a' * 100000 %}{% for i in range(100000) %}{% if 'b' in s %}{% endif %}{{ s.count('a') }}{{ s | wordcount }}{{ s | upper | length }}{% endfor %}")]
    [InlineData("{{ range(100000) | map('string') | join | list | map('upper') | join | list | sort | unique | list | length }}{% for i in range(100000) %}{{ range(100000) | sum }}{% endfor %}")]
    public void AHostileTemplateIsStopped(string source)
    {
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source, Small).RenderAlone(new Dictionary<string, JsonNode?>(), TimeProvider.System));

        Assert.Equal(TemplateErrorKind.Limit, error.Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1L << 30, "allocated more than 1 GB in all");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{'a':", "}")]
    [InlineData("not ", "")]
    [InlineData("- ", "")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("f(", ")")]
    [InlineData("a[", "]")]
    public void DeepNestingIsRefusedAndNotAStackOverflow(string open, string close)
    {
        const int depth = 50_000;
        var source = "{{ " + string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)) + " }}";

        Assert.Equal(TemplateErrorKind.Syntax, Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source)).Kind);
    }

    [Theory]
    [InlineData(" + 1")]
    [InlineData(" ~ 1")]
    [InlineData(" | string")]
    [InlineData(" and 1")]
    [InlineData(".a")]
    [InlineData(" is defined")]
    public void LongChainsEndInAnAnswerOrALimit(string link)
    {
        var source = "{{ 1" + string.Concat(Enumerable.Repeat(link, 50_000)) + " }}";

        var error = Record.Exception(() => ChatTemplate.Parse(source).RenderAlone(new Dictionary<string, JsonNode?>(), TimeProvider.System));

        Assert.True(error is null or TemplateException, error?.ToString());
    }

    [Fact]
    public void DeepBlocksAreRefused()
    {
        var source = string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000));

        Assert.Equal(TemplateErrorKind.Syntax, Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source)).Kind);
    }

    [Fact]
    public void ATimeLimitIsKept()
    {
        var template = ChatTemplate.Parse("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", new TemplateLimits { MaxSteps = long.MaxValue, MaxTime = TimeSpan.FromMilliseconds(50) });

        var error = Assert.Throws<TemplateException>(() => template.RenderAlone(new Dictionary<string, JsonNode?>(), TimeProvider.System));

        Assert.Contains("MaxTime", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ''.GetType() }}")]
    [InlineData("{{ ''.Length.Foo }}")]
    [InlineData("{{ messages.Elements[0] }}")]
    [InlineData("{{ namespace.Call() }}")]
    [InlineData("{{ ''.__class__.__mro__ }}")]
    [InlineData("{{ range.__globals__['x'] }}")]
    [InlineData("{{ self._TemplateReference__context }}")]
    public void NothingOfDotNetOrPythonIsWithinReach(string source)
    {
        var kind = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source).Render(new ChatTemplateInput { Messages = [] })).Kind;

        Assert.True(kind is TemplateErrorKind.Undefined or TemplateErrorKind.Security, kind.ToString());
    }

    [Fact]
    public void ErrorsNameTheLineAndWhatToDo()
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse("a\n{% if true %}\n{{ 1 + }}\n{% endif %}"));
        Assert.Equal(3, error.Line);

        error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse("a\n\n{{ raise_exception('Roles must alternate.') }}").Render(new ChatTemplateInput { Messages = [] }));
        Assert.Equal((3, TemplateErrorKind.Raised, "Roles must alternate."), (error.Line, error.Kind, error.Detail));
        Assert.Equal("Chat template, line 3: Roles must alternate. The template refuses this chat: change the messages, tools or variables accordingly.", error.Message);
    }

    [Fact]
    public void RandomTemplatesNeverThrowAnythingElse()
    {
        string[] parts = ["{{", "}}", "{%", "%}", "{#", "#}", "-", "+", " if ", " for ", " in ", "x", "messages", " set ", " = ", "'a'", "1", "[", "]", "(", ")", "{", "}", ",", ":", ".", "|", "~", "upper", "raw", "endraw", "endif", "endfor", "\n", "\\", "\"", "not ", " is ", "1.5", "**", "😀"];
        var random = new Random(7);
        for (var round = 0; round < 5_000; round++)
        {
            var source = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => parts[random.Next(parts.Length)]));
            var error = Record.Exception(() => ChatTemplate.Parse(source).Render(new ChatTemplateInput { Messages = [new JsonObject { ["role"] = "user" }] }));
            Assert.True(error is null or TemplateException, $"{source}: {error}");
        }
    }
}
