using System.Numerics.Tensors;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Decoding;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class MixedBatchTests
{
    /// <summary>In float32, where the tokens must be the same whoever else is at work. Twice, so that the second time finds prefixes of all arms in the cache.</summary>
    [Fact]
    public async Task SixteenAnswersUnderFourAdaptersAtOnceAreThoseOfEachAlone()
    {
        const int Tokens = 12;
        string[] names = ["lora-r16-all", "lora-dora", "lora-embed", "lora-rank-pattern"];
        using var model = new AdapterBase("base-llama", slots: 8);
        var prompt = AdapterBase.Prompts()["p60"];
        var adapters = names.Select(model.Load).ToList();
        var expected = adapters.Select(adapter =>
        {
            var length = prompt.Length;
            var written = new List<int> { TensorPrimitives.IndexOfMax(model.Session.Run(0, prompt, [length], [length - 1], adapter)) };
            while (written.Count < Tokens) written.Add(TensorPrimitives.IndexOfMax(model.Session.Run(0, [written[^1]], [++length], [0], adapter)));
            return written;
        }).ToList();
        using var engine = new DecodingEngine(model.Session, 64, 1 << 20);

        for (var round = 0; round < 2; round++)
        {
            var generations = Enumerable.Range(0, 16).Select(i => TinyEngine.Generate(prompt, Tokens, adapters[i % 4])).ToList();
            foreach (var generation in generations) engine.Submit(generation);

            for (var i = 0; i < 16; i++) Assert.Equal(expected[i % 4], await TinyEngine.ReadAsync(generations[i]));
            if (round > 0) Assert.All(generations, generation => Assert.InRange(generation.Reused, 1, prompt.Length));
        }

        Assert.Equal(4, expected.Select(tokens => string.Join(',', tokens)).Distinct().Count());
    }
}
