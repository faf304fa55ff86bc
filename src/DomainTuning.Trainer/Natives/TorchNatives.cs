using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;

namespace DomainTuning.Trainer.Natives;

/// <summary>
/// Sees to it that TorchSharp's native libraries load, before anything calls them. TorchSharp 0.107's libLibTorchSharp.so asks for GLIBCXX_3.4.32, which
/// many current Linux systems do not have; its file is then replaced, once, by one that does not (<see cref="LibstdcxxPatch"/>).
/// </summary>
internal static class TorchNatives
{
    private const string LibraryName = "libLibTorchSharp.so";

    /// <summary>TorchSharp-cpu 0.107.0 for linux-x64 as published: only what is known is changed.</summary>
    private const string PublishedSha256 = "cf33b1b0bb6bbb9754a768fb5c5d04d9f498603be50e73f55621a0b40ee608b8";

    private static string? trouble;

    /// <summary>Null, or why training cannot run on this machine and what to do about it.</summary>
    public static string? Trouble => trouble ??= Load();

    /// <summary>Runs before any other code of this assembly. Never throws: <see cref="Trouble"/> says what went wrong.</summary>
    [ModuleInitializer]
    internal static void Prepare()
    {
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            trouble = Prepare(AppContext.BaseDirectory, SystemHas(LibstdcxxPatch.Version));
    }

    /// <summary>For a person: what loads, with how many threads and which instructions; or what does not, and the remedy.</summary>
    public static (bool Usable, string Text) Check()
    {
        if (Trouble is { } sentence) return (false, sentence);
        return (true, $"libtorch {torch.__version__}, {torch.get_num_threads()} threads, base weights in {(Bf16.Instructions is { } name ? $"bfloat16 ({name})" : "float32 (the CPU has no bfloat16 instructions)")}");
    }

    /// <summary>Replaces the library in a folder where the system needs that.</summary>
    /// <returns>Null, or what is wrong and what to do.</returns>
    internal static string? Prepare(string folder, bool systemIsNewEnough)
    {
        var path = new[] { Path.Combine(folder, LibraryName), Path.Combine(folder, "runtimes", "linux-x64", "native", LibraryName) }.FirstOrDefault(File.Exists);
        if (path is null) return $"'{Path.Combine(folder, LibraryName)}' is missing: training needs TorchSharp's native library. Build the trainer again, or install it whole.";
        if (systemIsNewEnough) return null;
        var image = File.ReadAllBytes(path);
        var published = Convert.ToHexStringLower(SHA256.HashData(image)) == PublishedSha256;
        try
        {
            if (!LibstdcxxPatch.Apply(image)) return null; // replaced already
        }
        catch (InvalidDataException error)
        {
            return $"{Needs(path)} It cannot be adapted: {error.Message}. {Remedy}";
        }

        if (!published) return $"{Needs(path)} It is not the file of TorchSharp 0.107.0, so it is left as it is. {Remedy}";
        var mine = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            // Renamed over the old one: whoever starts at the same moment sees the one file or the other, both whole.
            File.WriteAllBytes(mine, image);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(mine, File.GetUnixFileMode(path));
            File.Move(mine, path, overwrite: true);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{Needs(path)} An adapted copy could not be put in its place: {error.Message.TrimEnd('.')}. Start the trainer once as a user who may write there ('trainer --check'), or copy the installation to a folder of your own.";
        }
        finally
        {
            Remove(mine);
        }
    }

    private const string Remedy = "Use a system with GCC 13's libstdc++ or newer (Debian 13, Ubuntu 24.04), or install that library.";

    private static string Needs(string path) => $"'{path}' needs {LibstdcxxPatch.Version}, which this system's libstdc++ does not have.";

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What could not be written cannot be removed either.
        }
    }

    private static string? Load()
    {
        var output = Console.Out;
        try
        {
            Console.SetOut(TextWriter.Null); // TorchSharp prints its trace before it throws it
            torch.InitializeDeviceType(DeviceType.CPU);
            return null;
        }
        catch (Exception error) when (error is NotSupportedException or DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            var last = error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
            return $"TorchSharp's native libraries in '{AppContext.BaseDirectory}' do not load: {last} Run 'ldd {LibraryName}' there to see what is missing; {Remedy}";
        }
        finally
        {
            Console.SetOut(output);
        }
    }

    /// <summary>Whether the libstdc++ that this process uses defines a version. The .NET runtime has loaded it already.</summary>
    private static bool SystemHas(string version)
    {
        var path = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).FirstOrDefault(file => file.Contains("/libstdc++.so", StringComparison.Ordinal));
        if (path is null) return true; // musl or a static runtime: nothing that a patch would help
        return File.ReadAllBytes(path).AsSpan().IndexOf((byte[])[.. System.Text.Encoding.ASCII.GetBytes(version), 0]) >= 0;
    }
}
