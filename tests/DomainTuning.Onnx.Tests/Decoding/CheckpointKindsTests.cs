using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class CheckpointKindsTests
{
    [Fact]
    public async Task AFolderOfSafetensorsAnswersAsItsGgufFileDoes()
    {
        using var cache = new TemporaryFolder();
        var answers = new List<ChatResponse>();
        foreach (var path in new[] { Fixtures.Path("models", "tiny-llama"), Fixtures.Path("gguf", "models", "tiny-llama-f32.gguf") })
        {
            using var client = await OnnxChatClient.LoadAsync(path, cache.Path, new ChatEngineOptions { Form = WeightForm.Float32 }, cancellationToken: TestContext.Current.CancellationToken);
            answers.Add(await client.GetResponseAsync("Is it open?", new ChatOptions { MaxOutputTokens = 24 }, TestContext.Current.CancellationToken));
        }

        Assert.NotEqual("", answers[0].Text);
        Assert.Equal(answers[1].Text, answers[0].Text);
        Assert.Equal((answers[1].Usage!.InputTokenCount, "tiny-llama"), (answers[0].Usage!.InputTokenCount, answers[0].ModelId));
        Assert.Equal(2, Directory.GetDirectories(cache.Path).Length); // other files, so another conversion
    }
}
