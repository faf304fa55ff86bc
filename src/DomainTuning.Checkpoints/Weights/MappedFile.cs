using System.IO.MemoryMappedFiles;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>A whole file mapped into memory for reading.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private bool _disposed;

    private MappedFile(MemoryMappedFile mapping, MemoryMappedViewAccessor view, byte* start, long length)
    {
        _mapping = mapping;
        _view = view;
        Start = start;
        Length = length;
    }

    public byte* Start { get; }

    public long Length { get; }

    /// <param name="kind">For messages: "GGUF".</param>
    /// <param name="minimumBytes">A shorter file is refused (an empty one cannot be mapped).</param>
    public static MappedFile Open(string path, string kind, int minimumBytes)
    {
        var handle = File.OpenHandle(path);
        var length = RandomAccess.GetLength(handle); // not FileInfo's: a link (as in the Hugging Face cache) has a length of its own
        if (length < minimumBytes)
        {
            handle.Dispose();
            throw new CheckpointException($"'{path}' is not a {kind} file: it has {length} bytes. Fetch it again.");
        }

        var mapping = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        MemoryMappedViewAccessor? view = null;
        try
        {
            view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            return new MappedFile(mapping, view, pointer + view.PointerOffset, length);
        }
        catch
        {
            view?.Dispose();
            mapping.Dispose();
            throw;
        }
    }

    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new ReadOnlySpan<byte>(Start + offset, length);
    }

    public Stream Stream(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new UnmanagedMemoryStream(Start + offset, length);
    }

    /// <summary>Keeps the mapping alive until <see cref="Release"/>, whatever another thread does. Throws when the file is closed.</summary>
    public void Hold()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var held = false;
        _view.SafeMemoryMappedViewHandle.DangerousAddRef(ref held);
    }

    public void Release() => _view.SafeMemoryMappedViewHandle.DangerousRelease();

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }
}
