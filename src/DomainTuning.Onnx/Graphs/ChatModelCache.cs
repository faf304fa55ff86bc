using System.Globalization;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Converted chat models on disk: one folder for each checkpoint (by SHA-256), form of weights and version of the converter. A folder appears by
/// one rename when it is complete, so a killed conversion leaves nothing that could be taken for a model, only work that the next one goes on with;
/// a damaged folder is replaced. Several processes may share a cache.
/// </summary>
/// <param name="folder">Created when needed.</param>
public sealed class ChatModelCache(string folder)
{
    /// <summary>Raised whenever the same checkpoint would be converted into other files.</summary>
    public const int ConverterVersion = 4;

    private const string WorkPrefix = ".converting-";

    /// <summary>How long the half of a killed conversion is kept for going on. Default a week: it is as large as the model.</summary>
    private static readonly TimeSpan WorkLifetime = TimeSpan.FromDays(7);

    private readonly RememberedHashes hashes = new(Path.Combine(folder, "hashes.json"));

    /// <summary>Lower-case hex SHA-256 of a checkpoint, as a conversion's and an adapter's card have it. Gigabytes are read once and remembered.</summary>
    public string Sha256(DecoderCheckpoint checkpoint, CancellationToken cancellationToken = default) => hashes.Sha256(checkpoint.Files, cancellationToken);

    /// <summary>Gives the converted model, converting it first when it is not there.</summary>
    /// <param name="tokenizer">The checkpoint's tokenizer, which cuts the calibration text.</param>
    /// <param name="form">The wanted form. Auto takes what suits model and processor, or the next best form that passes the check; any other passes or is refused.</param>
    /// <param name="threads">Threads that measure and check.</param>
    /// <exception cref="CheckpointException">The model is not supported, or the wanted form fails its check.</exception>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written.</exception>
    public ConvertedModel Open(
        DecoderCheckpoint checkpoint, Tokenizer tokenizer, WeightForm form, int threads, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        void Report(string stage, double fraction) => progress?.Report(new ConversionProgress(stage, fraction));

        var sha256 = hashes.Sha256(checkpoint.Files, cancellationToken);
        var candidates = form == WeightForm.Auto ? WeightForms.Candidates(CpuFeatures.This, checkpoint.Shape.Parameters, checkpoint.Weights.Share(NibbleBlocks.Holds) > 0.5) : [form];
        var target = Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture, $"{sha256[..16]}-{(form == WeightForm.Auto ? "auto-" : "")}{candidates[0].ToString().ToLowerInvariant()}-v{ConverterVersion}"));
        return new ConvertedModel(
            target, Verified(target, sha256, Report, cancellationToken) ?? Convert(checkpoint, sha256, tokenizer, candidates, target, threads, Report, cancellationToken));
    }

    /// <summary>The card of a conversion that is there and whole, or null. A damaged one is removed.</summary>
    private ConversionCard? Verified(string target, string sha256, Action<string, double> report, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(target)) return null;
        try
        {
            return ConversionCard.ReadAndVerify(target, sha256, hashes, cancellationToken);
        }
        catch (CheckpointException error)
        {
            report($"replacing a damaged conversion ({error.Message})", 0);
            Directory.Delete(target, recursive: true);
            return null;
        }
    }

    private ConversionCard Convert(
        DecoderCheckpoint checkpoint, string sha256, Tokenizer tokenizer, IReadOnlyList<WeightForm> candidates, string target, int threads, Action<string, double> report, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var work = Path.Combine(folder, WorkPrefix + Path.GetFileName(target));
        using var claim = Claim(work, report, cancellationToken);
        if (Verified(target, sha256, report, cancellationToken) is { } other) return other; // another process made it meanwhile
        RemoveOldWork(work);
        try
        {
            if (!Directory.Exists(work)) CheckSpace(checkpoint, candidates[0]);
            Directory.CreateDirectory(work);
            var result = new Conversion(checkpoint.Weights, CalibrationText.Read(tokenizer), work, threads, report, cancellationToken).Run(candidates);
            report("storing", 0.99);
            var files = new[] { PackedWeights.FileName, WeightsFile.FileName, KeyValueScales.FileName }.ToDictionary(name => name, name => RememberedHashes.Hash(Path.Combine(result.Folder, name), cancellationToken));
            var card = new ConversionCard(
                ConverterVersion, Path.GetFileName(checkpoint.Path), sha256, result.Form, result.Rejected, result.Nll, result.ReferenceForm, result.ReferenceNll, checkpoint.Shape,
                new FileInfo(Path.Combine(result.Folder, WeightsFile.FileName)).Length, files);
            card.Write(result.Folder);
            Directory.Move(result.Folder, target);
            foreach (var (name, hash) in files) hashes.Remember(Path.Combine(target, name), hash);
            Directory.Delete(work, recursive: true);
            report("converted", 1);
            return card;
        }
        catch (CheckpointException)
        {
            Directory.Delete(work, recursive: true); // it would end the same way again
            throw;
        }
        catch (IOException error) when (IsDiskFull(error))
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
            throw new IOException(DiskFull(checkpoint.Path, Needed(checkpoint.Shape, candidates[0])), error);
        }
    }

    /// <summary>Waits while another process converts the same model.</summary>
    private static FileStream Claim(string work, Action<string, double> report, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return TryClaim(work);
            }
            catch (IOException) when (File.Exists(work + ".lock"))
            {
                report("waiting for another process that converts this model", 0);
                cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    private static FileStream TryClaim(string work) => new(work + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    /// <summary>Work whose owner died no longer holds its lock. That of other converters is of no use, that of other models is kept for a while.</summary>
    private void RemoveOldWork(string own)
    {
        var current = string.Create(CultureInfo.InvariantCulture, $"-v{ConverterVersion}");
        foreach (var directory in Directory.EnumerateDirectories(folder, WorkPrefix + "*"))
        {
            if (directory == own || (directory.EndsWith(current, StringComparison.Ordinal) && TimeProvider.System.GetUtcNow() - Directory.GetLastWriteTimeUtc(directory) < WorkLifetime)) continue;
            try
            {
                using var claim = TryClaim(directory);
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
        var bytes = WeightForms.BytesPerWeight(form);
        if (shape.Parameters <= WeightForms.LargeParameters && form != WeightForm.Float32)
            bytes += WeightForms.BytesPerWeight(Conversion.ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        return (long)(shape.Parameters * bytes) + (16 << 20);
    }

    private void CheckSpace(DecoderCheckpoint checkpoint, WeightForm form)
    {
        var needed = Needed(checkpoint.Shape, form);
        if (new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace < needed) throw new IOException(DiskFull(checkpoint.Path, needed));
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
