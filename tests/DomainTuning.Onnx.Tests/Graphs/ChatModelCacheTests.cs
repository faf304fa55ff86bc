using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
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
        Assert.Equal([Path.GetFileName(first.Folder), "hashes.json"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)); // no work folder, no lock
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

    [Theory]
    [InlineData("writing weights (Float32)")]
    [InlineData("measuring activations")]
    [InlineData("writing weights (Blocks8)")]
    [InlineData("checking the converted model")]
    public void AConversionThatWasBrokenOffGoesOn(string where)
    {
        using var folder = new TemporaryFolder();
        using var whole = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var seen = 0;
        var progress = new Stages(stage =>
        {
            if (stage == where && ++seen == 3) source.Cancel(); // in the middle, where the stage has one
            if (stage == "checking the converted model") source.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Open(folder, WeightForm.Blocks8, progress, source.Token));
        var work = Assert.Single(Directory.GetDirectories(folder.Path, ".converting-*"));
        var before = Directory.GetFiles(work, "weights.bin", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);

        var model = Open(folder, WeightForm.Blocks8, out var stages);

        Assert.True(before > 0);
        Assert.Empty(Directory.GetDirectories(folder.Path, ".converting-*"));
        if (where is not "writing weights (Float32)" and not "measuring activations") Assert.DoesNotContain("measuring activations", stages);
        if (where is "checking the converted model") Assert.DoesNotContain("writing weights (Blocks8)", stages);
        Assert.Equal(Open(whole, WeightForm.Blocks8, out _).Card.Files["weights.bin"], model.Card.Files["weights.bin"]);
    }

    [Fact]
    public void HalfAWeightsFileThatHasChangedIsWrittenAgainFromThere()
    {
        using var folder = new TemporaryFolder();
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => (float)i)];
        using (var file = new WeightsFile(folder.Path, TestContext.Current.CancellationToken))
            foreach (var name in new[] { "a", "b", "c" }) file.Append(name, [5000], values);
        var whole = File.ReadAllBytes(folder["weights.bin"]);
        using (var stream = File.OpenWrite(folder["weights.bin"])) stream.Write([1, 2, 3]); // within a
        using (var file = new WeightsFile(folder.Path, TestContext.Current.CancellationToken)) Assert.Empty(file.Packed.Tensors);
        using (var file = new WeightsFile(folder.Path, TestContext.Current.CancellationToken))
            foreach (var name in new[] { "a", "b" }) file.Append(name, [5000], values);
        File.AppendAllText(folder["journal.jsonl"], "{\"tensors\":[{\"na"); // killed within a line

        using (var file = new WeightsFile(folder.Path, TestContext.Current.CancellationToken))
        {
            Assert.Equal(["a", "b"], file.Packed.Tensors.Keys);
            file.Append("c", [5000], values);
            file.Complete();
        }

        Assert.Equal(whole, File.ReadAllBytes(folder["weights.bin"]));
        Assert.False(File.Exists(folder["journal.jsonl"]));
    }

    [Fact]
    public void HashesAreRememberedUntilTheFileChanges()
    {
        using var folder = new TemporaryFolder();
        var hashes = new RememberedHashes(folder["hashes.json"]);
        File.WriteAllText(folder["model"], "weights");
        var time = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(folder["model"], time);
        var first = hashes.Sha256(folder["model"], TestContext.Current.CancellationToken);
        File.WriteAllText(folder["model"], "changed");
        File.SetLastWriteTimeUtc(folder["model"], time);

        Assert.Equal(first, hashes.Sha256(folder["model"], TestContext.Current.CancellationToken)); // same length, same time: not read again
        File.SetLastWriteTimeUtc(folder["model"], time.AddSeconds(1));
        Assert.NotEqual(first, hashes.Sha256(folder["model"], TestContext.Current.CancellationToken));
        File.WriteAllText(folder["hashes.json"], "damaged");
        Assert.Equal(64, hashes.Sha256(folder["model"], TestContext.Current.CancellationToken).Length);
    }

    [Fact]
    public void WhatAKilledConversionOfAnotherVersionLeftIsRemovedAndWorkInProgressIsNot()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder[".converting-dead-v1"]);
        File.WriteAllText(folder[Path.Combine(".converting-dead-v1", "weights.bin")], "half");
        File.WriteAllText(folder[".converting-dead-v1.lock"], "");
        Directory.CreateDirectory(folder[".converting-alive-v1"]);
        using var claim = new FileStream(folder[".converting-alive-v1.lock"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        Open(folder, WeightForm.Float32, out _);

        Assert.False(Directory.Exists(folder[".converting-dead-v1"]));
        Assert.False(File.Exists(folder[".converting-dead-v1.lock"]));
        Assert.True(Directory.Exists(folder[".converting-alive-v1"]));
    }

    [Fact]
    public void AFormThatLosesTooMuchIsRefusedWithNumbers()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = DecoderCheckpoint.Open(TinyDecoder.Gguf("tiny-llama"));
        var conversion = new Conversion(checkpoint.Weights, CalibrationText.Read(ChatFormat.Read(checkpoint.Gguf!).Tokenizer), folder.Path, 1, (_, _) => { }, TestContext.Current.CancellationToken) { LargestLoss = -1 };

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
        using var checkpoint = DecoderCheckpoint.Open(TinyDecoder.Gguf("tiny-llama"));
        return new ChatModelCache(folder.Path).Open(checkpoint, ChatFormat.Read(checkpoint.Gguf!).Tokenizer, form, threads: 1, progress, cancellationToken);
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
