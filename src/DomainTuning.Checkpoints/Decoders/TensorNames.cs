namespace DomainTuning.Checkpoints.Decoders;

/// <summary>What the tensors of a decoder are called in one kind of file, without ".weight" and, in a layer, without the layer's prefix.</summary>
internal sealed record TensorNames
{
    public required string Embedding { get; init; }

    public required string Head { get; init; }

    public required string FinalNorm { get; init; }

    /// <summary>Before the layer's number.</summary>
    public required string Layers { get; init; }

    public required string AttentionNorm { get; init; }

    public required string Query { get; init; }

    public required string Key { get; init; }

    public required string Value { get; init; }

    /// <summary>Query, key and value in one (Phi-3).</summary>
    public required string Qkv { get; init; }

    public required string QueryNorm { get; init; }

    public required string KeyNorm { get; init; }

    public required string Output { get; init; }

    public required string AttentionPostNorm { get; init; }

    public required string FeedForwardNorm { get; init; }

    public required string Gate { get; init; }

    public required string Up { get; init; }

    /// <summary>Gate and up in one (Phi-3); GGUF calls it by the name of up.</summary>
    public required string GateUp { get; init; }

    public required string Down { get; init; }

    public required string FeedForwardPostNorm { get; init; }

    public static TensorNames Gguf { get; } = new()
    {
        Embedding = "token_embd",
        Head = "output",
        FinalNorm = "output_norm",
        Layers = "blk.",
        AttentionNorm = "attn_norm",
        Query = "attn_q",
        Key = "attn_k",
        Value = "attn_v",
        Qkv = "attn_qkv",
        QueryNorm = "attn_q_norm",
        KeyNorm = "attn_k_norm",
        Output = "attn_output",
        AttentionPostNorm = "post_attention_norm",
        FeedForwardNorm = "ffn_norm",
        Gate = "ffn_gate",
        Up = "ffn_up",
        GateUp = "ffn_up",
        Down = "ffn_down",
        FeedForwardPostNorm = "post_ffw_norm",
    };

    /// <summary>Names of transformers.</summary>
    /// <param name="postNorms">With four norms a layer, the one that others have before the feed-forward is the one after attention.</param>
    public static TensorNames Transformers(bool postNorms) => new()
    {
        Embedding = "model.embed_tokens",
        Head = "lm_head",
        FinalNorm = "model.norm",
        Layers = "model.layers.",
        AttentionNorm = "input_layernorm",
        Query = "self_attn.q_proj",
        Key = "self_attn.k_proj",
        Value = "self_attn.v_proj",
        Qkv = "self_attn.qkv_proj",
        QueryNorm = "self_attn.q_norm",
        KeyNorm = "self_attn.k_norm",
        Output = "self_attn.o_proj",
        AttentionPostNorm = "post_attention_layernorm",
        FeedForwardNorm = postNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm",
        Gate = "mlp.gate_proj",
        Up = "mlp.up_proj",
        GateUp = "mlp.gate_up_proj",
        Down = "mlp.down_proj",
        FeedForwardPostNorm = "post_feedforward_layernorm",
    };
}
