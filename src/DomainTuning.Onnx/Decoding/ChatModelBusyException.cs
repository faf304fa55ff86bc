namespace DomainTuning.Onnx.Decoding;

/// <summary>More requests than the engine lets wait. The caller can try again later; over HTTP this is 429.</summary>
public sealed class ChatModelBusyException(int waiting, int parallel)
    : Exception(FormattableString.Invariant($"The chat model is busy: {parallel} answers are being written and {waiting} requests wait already, the most that may. Try again later, or raise {nameof(ChatEngineOptions.WaitingRequests)}."));

/// <summary>The engine is being shut down and takes nothing new. The caller can turn to another instance; over HTTP this is 503.</summary>
public sealed class ChatModelClosingException()
    : Exception("The chat model is being shut down: answers under way are finished, new ones are not begun. Ask another instance, or again after the restart.");
