using System.Text;
using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Tests.Decoding.Constraints;

public sealed class VocabularyMasksTests
{
    [Theory]
    [InlineData("""{"type":"object"}""", 1)]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string","maxLength":40},"tags":{"type":"array","items":{"type":"string","pattern":"^[a-z]+( [a-z]+)*$"}},"n":{"type":"number"}}}""", 2)]
    [InlineData("""{"type":"array","items":{"type":"string","minLength":3,"maxLength":20}}""", 3)]
    public void AMaskAllowsExactlyTheTokensWhoseBytesTheGrammarAllows(string schema, int seed)
    {
        var grammar = Grammars.Compile(schema);
        var text = Grammars.Walk(grammar, new Random(seed));
        var tokens = Grammars.Smollm2.Tokenizer.Encode(text);
        var constraint = Grammars.Constraint(grammar);
        var logits = new float[Grammars.Smollm2.Tokenizer.VocabularySize];
        var checkedRows = 0;
        var start = new List<int>();
        foreach (var token in tokens)
        {
            Array.Clear(logits);
            constraint.Mask(logits);
            if (checkedRows++ % 7 == 0)
            {
                var before = Grammars.Smollm2.Tokenizer.Decode(start);
                for (var id = checkedRows % 17; id < logits.Length; id += 17)
                {
                    if (Grammars.Smollm2.StopTokens.Contains(id)) continue;
                    var bytes = Grammars.Smollm2.Tokenizer.BytesOf(id);
                    var expected = !Grammars.Smollm2.Tokenizer.IsControl(id) && GrammarConstraint.CanBegin(grammar, [.. Encoding.UTF8.GetBytes(before), .. bytes.Span]);
                    Assert.Equal(expected, logits[id] == 0);
                }
            }

            Assert.Equal(0, logits[token.Id]);
            constraint.Accept(token.Id);
            start.Add(token.Id);
        }

        Assert.True(constraint.IsComplete);
    }

    [Fact]
    public void WhenNothingElseIsPossibleTheTurnEnds()
    {
        var constraint = Grammars.Constraint(Grammars.Compile("""{"const":true}"""));
        var logits = new float[Grammars.Smollm2.Tokenizer.VocabularySize + 64]; // models pad their embeddings
        foreach (var token in Grammars.Smollm2.Tokenizer.Encode("true")) constraint.Accept(token.Id);

        constraint.Mask(logits);

        Assert.True(constraint.IsComplete);
        Assert.Equal(Grammars.Smollm2.StopTokens.Order(), Enumerable.Range(0, logits.Length).Where(id => logits[id] == 0));
    }

    [Fact]
    public void TheTrieHoldsEveryTextOfTheVocabulary()
    {
        var allowed = new ulong[Grammars.Masks.Words];
        var all = new MachineDraft();
        all.Add(isAccepting: true);
        for (var value = 0; value < 256; value++) all[0, value] = 0;

        Grammars.Masks.Trie.Walk(all.Build(), 0, 0, 0, allowed, []);

        var tokenizer = Grammars.Smollm2.Tokenizer;
        for (var id = 0; id < tokenizer.VocabularySize; id++)
            Assert.Equal(tokenizer.BytesOf(id).Length > 0 && !tokenizer.IsControl(id), (allowed[id >> 6] >> id & 1) == 1);
    }
}
