using System.Buffers.Binary;

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>Messages between parent and child: four bytes of length (little-endian), then that many bytes of JSON.</summary>
internal static class MessageFrame
{
    /// <summary>A path, a hash, a password.</summary>
    public const int MaxRequestBytes = 1 << 20;

    /// <summary>About 50,000 dense pages.</summary>
    public const int MaxResponseBytes = 512 << 20;

    private const int Step = 1 << 16;

    /// <returns>The message; null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">The stream is no sequence of messages, one is too long, or it ends in the middle of one.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellationToken)
    {
        var head = new byte[4];
        var got = await stream.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got == 0) return null;
        if (got < 4) throw new InvalidDataException($"A message header of 4 bytes was expected, {got} came.");
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length < 0 || length > maxBytes) throw new InvalidDataException($"A message of at most {maxBytes} bytes was expected, one of {(uint)length} was announced.");

        // The announced length is only believed as far as bytes arrive.
        var body = new byte[Math.Min(length, Step)];
        var filled = 0;
        while (filled < length)
        {
            if (filled == body.Length) Array.Resize(ref body, (int)Math.Min((long)length, body.Length * 2L));
            var read = await stream.ReadAsync(body.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new InvalidDataException($"A message of {length} bytes was announced, the stream ended after {filled}.");
            filled += read;
        }

        return body;
    }

    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var head = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(head, message.Length);
        await stream.WriteAsync(head, cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
