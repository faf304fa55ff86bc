using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class ChatModelCacheTests
{
    [Fact]
    public void TheSecondOpeningConvertsNothing()
    {
        using var folder = new TemporaryFolder();
        var first = Open(folder, WeightForm.Blocks8, out var stages);
        Assert.Contains("converted", stages);

        var second = Open(folder, WeightForm.Blocks8, out stages);

        Assert.Empty(stages);
        Assert.Equal(first.Folder, second.Folder);
        Assert.Equal(first.Card.Nll, second.Card.Nll);
        Assert.Equal(WeightForm.Blocks8, second.Card.Form);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path)); // no work folder, no lock
    }

    [Fact]
    public void FormsAndCheckpointsDoNotShareAFolder()
    {
        using var folder = new TemporaryFolder();

        Assert.NotEqual(Open(folder, WeightForm.Float32, out _).Folder, Open(folder, WeightForm.Blocks8, out _).Folder);
    }

    [Theory]
    [InlineData("weights.bin")]
    [InlineData("tensors.json")]
    [InlineData("card.json")]
    public void ADamagedConversionIsReplaced(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(Open(folder, WeightForm.Blocks8, out _).Folder, name);
        var whole = File.ReadAllBytes(path);
        var damaged = (byte[])whole.Clone();
        damaged[damaged.Length / 2] ^= 0x10;
        File.WriteAllBytes(path, damaged);

        Open(folder, WeightForm.Blocks8, out var stages);

        Assert.Contains(stages, stage => stage.StartsWith("replacing a damaged conversion", StringComparison.Ordinal));
        Assert.Equal(whole, File.ReadAllBytes(path));
    }

    [Fact]
    public void ACancelledConversionLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var progress = new Stages(stage =>
        {
            if (stage == "measuring activations") source.Cancel();
        });

        Assert.ThrowsAny<OperationCanceledException>(() => Open(folder, WeightForm.Auto, progress, source.Token));

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void WhatAKilledConversionLeftIsRemovedAndWorkInProgressIsNot()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder[".converting-dead"]);
        File.WriteAllText(folder[Path.Combine(".converting-dead", "weights.bin")], "half");
        File.WriteAllText(folder[".converting-dead.lock"], "");
        Directory.CreateDirectory(folder[".converting-alive"]);
        using var claim = new FileStream(folder[".converting-alive.lock"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        Open(folder, WeightForm.Float32, out _);

        Assert.False(Directory.Exists(folder[".converting-dead"]));
        Assert.False(File.Exists(folder[".converting-dead.lock"]));
        Assert.True(Directory.Exists(folder[".converting-alive"]));
    }

    [Fact]
    public void AFormThatLosesTooMuchIsRefusedWithNumbers()
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(TinyDecoder.Gguf("tiny-llama"));
        var weights = new LlamaGgufWeights(file, DecoderShape.Read(file));
        var conversion = new Conversion(weights, CalibrationText.Read(ChatFormat.Read(file).Tokenizer), folder.Path, 1, (_, _) => { }, TestContext.Current.CancellationToken) { LargestLoss = -1 };

        var error = Assert.Throws<CheckpointException>(() => conversion.Run([WeightForm.W8A8, WeightForm.Blocks8]));

        Assert.Contains("W8A8 predicts the check text with", error.Message, StringComparison.Ordinal);
        Assert.Contains("Blocks8 predicts the check text with", error.Message, StringComparison.Ordinal);
        Assert.Contains("the Float32 reference with", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressRisesToOne()
    {
        using var folder = new TemporaryFolder();
        var fractions = new List<double>();

        Open(folder, WeightForm.Auto, new Stages(_ => { }, fractions.Add), TestContext.Current.CancellationToken);

        Assert.Equal(fractions.Order(), fractions);
        Assert.Equal(1, fractions[^1]);
    }

    private static ConvertedModel Open(TemporaryFolder folder, WeightForm form, out List<string> stages)
    {
        var seen = new List<string>();
        stages = seen;
        return Open(folder, form, new Stages(seen.Add), TestContext.Current.CancellationToken);
    }

    private static ConvertedModel Open(TemporaryFolder folder, WeightForm form, IProgress<ConversionProgress> progress, CancellationToken cancellationToken)
    {
        using var file = GgufFile.Open(TinyDecoder.Gguf("tiny-llama"));
        return new ChatModelCache(folder.Path).Open(file, ChatFormat.Read(file).Tokenizer, form, threads: 1, progress, cancellationToken);
    }

    private sealed class Stages(Action<string> stage, Action<double>? fraction = null) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            stage(value.Stage);
            fraction?.Invoke(value.Fraction);
        }
    }
}
