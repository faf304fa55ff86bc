using System.Runtime.CompilerServices;
using DomainTuning.Trainer.Natives;

namespace DomainTuning.Trainer.Tests;

/// <summary>The natives beside the tests are those of the build: made ready before the first test calls torch.</summary>
internal static class NativesReady
{
    [ModuleInitializer]
    internal static void Prepare()
    {
        TorchNatives.Prepare();
        if (TorchNatives.Trouble is null) TorchSharp.torch.set_num_threads(1); // the models are so small that threads wait for one another
    }
}
