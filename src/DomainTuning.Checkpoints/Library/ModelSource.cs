namespace DomainTuning.Checkpoints.Library;

/// <summary>Where a model is added from: first it says what it offers, then it hands over files.</summary>
internal abstract class ModelSource
{
    public abstract Task<RepositoryListing> ListAsync(CancellationToken cancellationToken);

    /// <summary>Short name of this exact state of the source, part of the name of the folder where its files are gathered, so that two states never mix.</summary>
    public abstract string StateTag { get; }

    /// <summary>The first bytes of a file, to judge it before all of it is fetched.</summary>
    public abstract Task<byte[]> PeekAsync(OfferedFile file, int bytes, CancellationToken cancellationToken);

    /// <summary>Brings a file to <paramref name="path"/>, where it appears whole or not at all.</summary>
    /// <param name="report">Told the number of bytes of this file that are there.</param>
    public abstract Task FetchAsync(OfferedFile file, string path, Action<long> report, CancellationToken cancellationToken);
}
