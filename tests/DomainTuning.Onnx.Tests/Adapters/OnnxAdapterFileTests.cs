using System.Text;
using DomainTuning.Adapters;
using DomainTuning.Onnx.Adapters;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class OnnxAdapterFileTests
{
    [Fact]
    public void AnExportedAdapterComesBackAndGivesTheSameLogits()
    {
        using var folder = new TemporaryFolder();
        using var model = new AdapterBase("base-llama");
        using var adapter = model.Load("lora-dora");
        File.WriteAllBytes(folder["dora.onnx_adapter"], new OnnxAdapterFile(adapter.Inputs, 77).ToArray());

        var file = OnnxAdapterFile.Read(folder["dora.onnx_adapter"]);
        using var back = new LoadedAdapter("dora", file.Inputs, model.Session.Shape);

        Assert.Equal(77, file.ModelVersion);
        var ids = AdapterBase.Prompts()["p20"];
        Assert.Equal(model.Logits(ids, adapter), model.Logits(ids, back));
    }

    [Fact]
    public void OnnxRuntimeItselfLoadsAnExportedAdapter()
    {
        using var model = new AdapterBase("base-llama");
        using var adapter = model.Load("lora-r16-all");

        using var loaded = OrtLoraAdapter.Create(new OnnxAdapterFile(adapter.Inputs, 1).ToArray(), null);

        Assert.False(loaded.IsInvalid);
    }

    [Fact]
    public void ADamagedFileIsRefusedWhateverItsDamage()
    {
        using var folder = new TemporaryFolder();
        using var model = new AdapterBase("base-llama");
        using var adapter = model.Load("lora-r8-attn");
        var whole = new OnnxAdapterFile(adapter.Inputs, 1).ToArray();
        var random = new Random(1);
        var path = folder["broken.onnx_adapter"];
        for (var i = 0; i < 300; i++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = 0; change < 3; change++) bytes[random.Next(Math.Min(600, bytes.Length))] = (byte)random.Next(256);
            File.WriteAllBytes(path, i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                _ = OnnxAdapterFile.Read(path); // a change within a name or a number is no damage that can be seen
            }
            catch (AdapterException)
            {
            }
        }

        File.WriteAllBytes(path, Encoding.ASCII.GetBytes("no FlatBuffer at all"));
        Assert.Contains("TORT", Assert.Throws<AdapterException>(() => OnnxAdapterFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InputsOfAnotherModelAreRefusedByName()
    {
        using var model = new AdapterBase("base-llama");

        var error = Assert.Throws<AdapterException>(() => new LoadedAdapter("other", [new("blk.7.attn_qkv.lora_a", [64, 1], new float[64]), new("blk.7.attn_qkv.lora_b", [1, 128], new float[128])], model.Session.Shape));
        Assert.Contains("blk.7.attn_qkv.lora_a", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<AdapterException>(() => new LoadedAdapter("other", [new("ZZZ", [1], new float[1])], model.Session.Shape));
        Assert.Contains("ZZZ", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<AdapterException>(() => new LoadedAdapter("half", [new("blk.0.attn_qkv.lora_a", [64, 1], new float[64])], model.Session.Shape));
        Assert.Contains("partner", error.Message, StringComparison.Ordinal);
    }
}
