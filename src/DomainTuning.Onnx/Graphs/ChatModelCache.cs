using System.Globalization;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Converted chat models on disk: one folder for each checkpoint (by SHA-256), form of weights and version of the converter. A folder appears by
/// one rename when it is complete, so a killed conversion leaves nothing that could be taken for a model; a damaged folder is replaced.
/// Several processes may share a cache.
/// </summary>
/// <param name="folder">Created when needed.</param>
public sealed class ChatModelCache(string folder)
{
    /// <summary>Raised whenever the same checkpoint would be converted into other files.</summary>
    public const int ConverterVersion = 2;

    private const string WorkPrefix = ".converting-";

    /// <summary>Gives the converted model, converting it first when it is not there.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="tokenizer">The checkpoint's tokenizer, which cuts the calibration text.</param>
    /// <param name="form">The wanted form. Auto takes what suits the processor, or the next best form that passes the check; any other passes or is refused.</param>
    /// <param name="threads">Threads that measure and check.</param>
    /// <exception cref="CheckpointException">The model is not supported, or the wanted form fails its check.</exception>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written.</exception>
    public ConvertedModel Open(
        GgufFile file, Tokenizer tokenizer, WeightForm form, int threads, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        void Report(string stage, double fraction) => progress?.Report(new ConversionProgress(stage, fraction));

        var shape = DecoderShape.Read(file);
        var sha256 = ConversionCard.Sha256(file.Path, cancellationToken);
        var candidates = form == WeightForm.Auto ? WeightForms.Candidates(CpuFeatures.This) : [form];
        var target = Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture, $"{sha256[..16]}-{(form == WeightForm.Auto ? "auto-" : "")}{candidates[0].ToString().ToLowerInvariant()}-v{ConverterVersion}"));
        return new ConvertedModel(
            target, Verified(target, sha256, Report, cancellationToken) ?? Convert(file, shape, sha256, tokenizer, candidates, target, threads, Report, cancellationToken));
    }

    /// <summary>The card of a conversion that is there and whole, or null. A damaged one is removed.</summary>
    private static ConversionCard? Verified(string target, string sha256, Action<string, double> report, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(target)) return null;
        try
        {
            return ConversionCard.ReadAndVerify(target, sha256, cancellationToken);
        }
        catch (CheckpointException error)
        {
            report($"replacing a damaged conversion ({error.Message})", 0);
            Directory.Delete(target, recursive: true);
            return null;
        }
    }

    private ConversionCard Convert(
        GgufFile file, DecoderShape shape, string sha256, Tokenizer tokenizer, IReadOnlyList<WeightForm> candidates, string target, int threads, Action<string, double> report, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        RemoveAbandonedWork();
        var work = Path.Combine(folder, WorkPrefix + Guid.NewGuid().ToString("N"));
        using var claim = new FileStream(work + ".lock", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        try
        {
            Directory.CreateDirectory(work);
            CheckSpace(shape, candidates[0], file.Path);
            var result = new Conversion(new LlamaGgufWeights(file, shape), CalibrationText.Read(tokenizer), work, threads, report, cancellationToken).Run(candidates);
            report("storing", 0.99);
            var card = new ConversionCard(
                ConverterVersion, Path.GetFileName(file.Path), sha256, result.Form, result.Rejected, result.Nll, result.ReferenceForm, result.ReferenceNll, shape,
                new[] { PackedWeights.FileName, WeightsFile.FileName }.ToDictionary(name => name, name => ConversionCard.Sha256(Path.Combine(work, name), cancellationToken)));
            card.Write(work);
            Store(work, target);
            report("converted", 1);
            return card;
        }
        catch (IOException error) when (IsDiskFull(error))
        {
            throw new IOException(DiskFull(file.Path, Needed(shape, candidates[0])), error);
        }
        finally
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>Another process may have stored the same model meanwhile; either copy is as good.</summary>
    private static void Store(string work, string target)
    {
        try
        {
            Directory.Move(work, target);
        }
        catch (IOException) when (File.Exists(Path.Combine(target, ConversionCard.FileName)))
        {
        }
    }

    /// <summary>Work whose owner died no longer holds its lock.</summary>
    private void RemoveAbandonedWork()
    {
        foreach (var directory in Directory.EnumerateDirectories(folder, WorkPrefix + "*"))
        {
            try
            {
                using var claim = new FileStream(directory + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
                Directory.Delete(directory, recursive: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Its owner is at work.
            }
        }
    }

    private static long Needed(DecoderShape shape, WeightForm form)
    {
        var bytes = form == WeightForm.Float32 ? sizeof(float) : 1.25;
        if (form != WeightForm.Float32) bytes += Conversion.ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) == WeightForm.Float32 ? sizeof(float) : 1.25;
        return (long)(shape.Parameters * bytes) + (16 << 20);
    }

    private void CheckSpace(DecoderShape shape, WeightForm form, string source)
    {
        var needed = Needed(shape, form);
        if (new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace < needed) throw new IOException(DiskFull(source, needed));
    }

    private string DiskFull(string source, long needed) => string.Create(
        CultureInfo.InvariantCulture,
        $"The disk of '{Path.GetFullPath(folder)}' is full: converting '{source}' needs about {needed >> 20} MB there. Free some space, or choose a cache folder on another disk.");

    // ENOSPC and EDQUOT on Linux and macOS, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    private static bool IsDiskFull(IOException error) =>
        OperatingSystem.IsWindows() ? error.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027) : error.HResult is 28 or 122 or 69;
}

/// <summary>A converted model in its folder.</summary>
public sealed record ConvertedModel(string Folder, ConversionCard Card)
{
    internal PackedModel Packed => PackedModel.Open(Folder, Card.Shape);
}
