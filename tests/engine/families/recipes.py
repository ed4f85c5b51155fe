"""What each tiny model is: a transformers configuration and what is special about it."""

VOCABULARY = 260
# Buffers that are weights all the same.
FILLED_BUFFERS = ("e_score_correction_bias", "layer_scalar", "embed_scale_")
PLAIN = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
    "bos_token_id": 257, "eos_token_id": 258, "pad_token_id": 259,
}
RECIPES = {}


def add(name, config, model, cases=40, base=PLAIN, **arguments):
    """Names that begin with '_' say how to make it, the others go into the configuration."""
    how = {key[1:]: arguments.pop(key) for key in list(arguments) if key.startswith("_")}
    RECIPES[name] = {"config": config, "model": model, "cases": cases,
                     "arguments": {**base, **arguments}, **how}


def llama(name, **arguments):
    add(name, "LlamaConfig", "LlamaForCausalLM", **arguments)


# --- llama ---
llama("llama", tie_word_embeddings=False)
llama("llama-tied", tie_word_embeddings=True, num_key_value_heads=1)
llama("llama-biases", attention_bias=True, mlp_bias=True, num_key_value_heads=4)
llama("llama-linear", head_dim=16, rope_parameters={
    "rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0})
llama("llama-llama3", head_dim=16, cases=64, rope_parameters={
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64, "rope_theta": 10000.0})
llama("llama-yarn", head_dim=16, cases=64, rope_parameters={
    "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32,
    "beta_fast": 8.0, "beta_slow": 1.0, "rope_theta": 10000.0})
add("mistral", "MistralConfig", "MistralForCausalLM", head_dim=16, sliding_window=None)
add("mixtral", "MixtralConfig", "MixtralForCausalLM", head_dim=16, num_local_experts=4,
    num_experts_per_tok=2, intermediate_size=32, sliding_window=None)

# --- qwen ---
add("qwen2", "Qwen2Config", "Qwen2ForCausalLM", tie_word_embeddings=True)
add("qwen2moe", "Qwen2MoeConfig", "Qwen2MoeForCausalLM", num_experts=8, num_experts_per_tok=3,
    moe_intermediate_size=16, shared_expert_intermediate_size=32, decoder_sparse_step=1)
add("qwen3", "Qwen3Config", "Qwen3ForCausalLM", head_dim=16, tie_word_embeddings=True)
add("qwen3moe", "Qwen3MoeConfig", "Qwen3MoeForCausalLM", head_dim=16, num_experts=8,
    num_experts_per_tok=3, moe_intermediate_size=16, norm_topk_prob=True, decoder_sparse_step=1)
