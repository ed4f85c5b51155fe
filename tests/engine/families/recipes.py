"""What each tiny model is: a transformers configuration and what is special about it."""
import json

import variants

VOCABULARY = 260
# Buffers that are weights all the same.
FILLED_BUFFERS = ("e_score_correction_bias", "layer_scalar", "expert_bias", "moe_statics")
PLAIN = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
    "bos_token_id": 257, "eos_token_id": 258, "pad_token_id": 259,
}
RECIPES = {}
# Two pictures, a high one and a wide one.
GRIDS = [(5, 4, 3), (24, 2, 6)]
# Both ends of the ramp lie inside the 8 pairs of a head of 16, and neither on a whole pair.
YARN = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 4.0, "beta_fast": 4.0, "beta_slow": 0.5,
        "original_max_position_embeddings": 64}
# The converter looks at these two facts of a tokenizer before it comes to the vocabulary.
TOKENIZER = {"tokenizer.json": {
    "model": {"type": "WordPiece", "vocab": {str(i): i for i in range(VOCABULARY)}}, "added_tokens": []}}


def says(**facts):
    """What the published config.json of a family says and transformers' own form of it does not."""
    return lambda config: config.update(facts)


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
llama("llama-yarn", head_dim=16, cases=80, rope_parameters=YARN)
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

HYBRID = {
    "num_hidden_layers": 4, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16,
    "linear_value_head_dim": 16, "linear_conv_kernel_dim": 4, "intermediate_size": 48,
    "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"],
}
MROPE = {"rope_type": "default", "rope_theta": 100000.0, "partial_rotary_factor": 0.5,
         "mrope_section": [3, 3, 2], "mrope_interleaved": True}
def without_mtp(converter):
    """As `--no-mtp` does: transformers has no class for the layers that predict further tokens."""
    converter.no_mtp = True


HYBRID_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
                  "shared_expert_intermediate_size": 16}
# Longer than the 64 tokens of a chunk of the delta rule.
add("qwen35", "Qwen3_5TextConfig", "Qwen3_5ForCausalLM", cases=80, _prepare=without_mtp, _sees_grids=GRIDS, tie_word_embeddings=True,
    **(HYBRID | {"rope_parameters": MROPE}))
add("qwen35moe", "Qwen3_5MoeTextConfig", "Qwen3_5MoeForCausalLM", cases=80, _prepare=without_mtp, tie_word_embeddings=True,
    **(HYBRID | HYBRID_EXPERTS | {"rope_parameters": MROPE}))
add("qwen3next", "Qwen3NextConfig", "Qwen3NextForCausalLM", cases=80, _prepare=without_mtp, tie_word_embeddings=True,
    norm_topk_prob=True, decoder_sparse_step=1, **(HYBRID | HYBRID_EXPERTS | {
        "rope_parameters":
        {"rope_type": "default", "rope_theta": 100000.0, "partial_rotary_factor": 0.25}}))

# --- gemma ---
add("gemma", "GemmaConfig", "GemmaForCausalLM", head_dim=16, num_key_value_heads=1,
    _gains={"embed_tokens": 0.5})
add("gemma2", "Gemma2Config", "Gemma2ForCausalLM", head_dim=16, sliding_window=12,
    query_pre_attn_scalar=16, attn_logit_softcapping=2.0, final_logit_softcapping=5.0)
# The first picture is longer than the window.
add("gemma3", "Gemma3TextConfig", "Gemma3ForCausalLM", _files=TOKENIZER, _gains={"embed_tokens": 0.5},
    _sees=[(5, 20), (33, 8)], head_dim=16, sliding_window=12,
    num_hidden_layers=6, intermediate_size=32, query_pre_attn_scalar=16, num_key_value_heads=1,
    rope_parameters={"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 100000.0},
                     "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0}})

# --- phi3 ---
add("phi3", "Phi3Config", "Phi3ForCausalLM", sliding_window=None)
add("phi3-sliding", "Phi3Config", "Phi3ForCausalLM", sliding_window=12)
add("phi3-partial", "Phi3Config", "Phi3ForCausalLM", tie_word_embeddings=True, rope_parameters={
    "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5,
    "original_max_position_embeddings": 512})
add("phi3-longrope", "Phi3Config", "Phi3ForCausalLM", cases={"short": 30, "long": 60},
    original_max_position_embeddings=32, rope_parameters={
        "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.3, 1.5],
        "long_factor": [1.0, 1.6, 3.0, 6.0], "original_max_position_embeddings": 32})

# --- cohere ---
add("command-r", "CohereConfig", "CohereForCausalLM", logit_scale=0.75)
add("command-r-plus", "CohereConfig", "CohereForCausalLM", logit_scale=0.75, use_qk_norm=True)
add("cohere2", "Cohere2Config", "Cohere2ForCausalLM",
    _config_changes=says(rotary_pct=1.0),
    logit_scale=0.75, sliding_window=12,
    num_hidden_layers=4, intermediate_size=32)

# --- falcon ---
FALCON = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2,
          "num_attention_heads": 4, "bos_token_id": 257, "eos_token_id": 258}
add("falcon", "FalconConfig", "FalconForCausalLM", base=FALCON,
    _config_changes=says(num_kv_heads=1),
    multi_query=True,
    parallel_attn=True, new_decoder_architecture=False, alibi=False, bias=False)
add("falcon-40b", "FalconConfig", "FalconForCausalLM", base=FALCON, num_kv_heads=2,
    parallel_attn=True, new_decoder_architecture=True, alibi=False, bias=False)

# --- granite, olmo, smollm ---
GRANITE = {"embedding_multiplier": 3.0, "logits_scaling": 2.0, "residual_multiplier": 0.5,
           "attention_multiplier": 0.3}
add("granite", "GraniteConfig", "GraniteForCausalLM", tie_word_embeddings=True, **GRANITE)
add("granitemoe", "GraniteMoeConfig", "GraniteMoeForCausalLM", tie_word_embeddings=True,
    num_local_experts=4, num_experts_per_tok=2, **(GRANITE | {"intermediate_size": 32}))
add("olmo2", "Olmo2Config", "Olmo2ForCausalLM")
add("olmo3", "Olmo3Config", "Olmo3ForCausalLM", cases=80, sliding_window=12, num_hidden_layers=4,
    intermediate_size=32, head_dim=8, rope_parameters={
        "full_attention": YARN | {"rope_theta": 50.0, "beta_fast": 2.0, "beta_slow": 0.25},
        "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}})
add("smollm3", "SmolLM3Config", "SmolLM3ForCausalLM", num_hidden_layers=4, intermediate_size=32,
    no_rope_layer_interval=4)

# --- ALiBi ---
add("bloom", "BloomConfig", "BloomForCausalLM", base={
    "vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 2, "n_head": 4, "bos_token_id": 257,
    "eos_token_id": 258}, _config_changes=says(seq_length=512))
add("mpt", "MptConfig", "MptForCausalLM",
    _config_changes=says(architectures=["MPTForCausalLM"]), base={
    "vocab_size": VOCABULARY, "d_model": 32, "n_layers": 2, "n_heads": 4, "expansion_ratio": 4,
    "max_seq_len": 512})

# Six heads: no power of two, for which slopes are made otherwise.
add("mpt-clamped", "MptConfig", "MptForCausalLM",
    _config_changes=says(architectures=["MPTForCausalLM"]), base={
    "vocab_size": VOCABULARY, "d_model": 48, "n_layers": 2, "n_heads": 6, "expansion_ratio": 4,
    "max_seq_len": 512, "attn_config": {"clip_qkv": 0.75}})

# --- gpt-oss ---
def gpt_oss(name, **arguments):
    add(name, "GptOssConfig", "GptOssForCausalLM", cases=80, head_dim=16, num_local_experts=4,
        num_experts_per_tok=2, sliding_window=12, _transposed=("experts",),
        _gains={"gate_up_proj": 4.0, "down_proj": 0.3, "router": 2.0}, rope_parameters=YARN | {"truncate": False},
        **arguments)


gpt_oss("gpt-oss", intermediate_size=32)
gpt_oss("gpt-oss-mxfp4", intermediate_size=64, _mxfp4=True)

# --- deepseek2 ---
MLA = {"num_hidden_layers": 3, "num_key_value_heads": 4, "kv_lora_rank": 32, "qk_nope_head_dim": 16,
       "qk_rope_head_dim": 8, "v_head_dim": 16, "first_k_dense_replace": 1,
       "moe_intermediate_size": 16, "n_routed_experts": 8, "num_experts_per_tok": 3,
       "n_shared_experts": 2}


def mla_yarn(mscale):
    return YARN | {"rope_theta": 50.0, "beta_fast": 2.0, "beta_slow": 0.25, "mscale": mscale,
                   "mscale_all_dim": mscale}


def deepseek_lite(name, **arguments):
    add(name, "DeepseekV2Config", "DeepseekV2ForCausalLM", cases=80,
        _config_changes=says(scoring_func="softmax"), rope_parameters=mla_yarn(0.707),
        **(MLA | {"q_lora_rank": None, "topk_method": "greedy", "routed_scaling_factor": 1.0,
                  "norm_topk_prob": False} | arguments))


def deepseek_v3(name, **arguments):
    add(name, "DeepseekV3Config", "DeepseekV3ForCausalLM", cases=80, q_lora_rank=24, n_group=4,
        topk_group=2, routed_scaling_factor=2.5, norm_topk_prob=True,
        _config_changes=says(scoring_func="sigmoid"), **(MLA | {"n_shared_experts": 1} | arguments))


def keep_kv_b_whole(converter):
    """As files from before the spring of 2025 have it: one attn_kv_b, as many heads of K as of Q.

    The converter's history, in its own terms: it neither split kv_b_proj nor wrote the *_mla keys.
    """
    modern = converter.modify_tensors
    modern_parameters = converter.set_gguf_parameters

    def modify_tensors(self, data, name, bid):
        if name.endswith("kv_b_proj.weight"):
            yield self.map_tensor_name(name), data
        else:
            yield from modern(self, data, name, bid)

    def set_gguf_parameters(self):
        modern_parameters(self)
        facts, hparams = self.gguf_writer.kv_data[0], self.hparams
        facts["deepseek2.attention.head_count_kv"].value = hparams["num_attention_heads"]
        facts["deepseek2.attention.key_length"].value = (
            hparams["qk_nope_head_dim"] + hparams["qk_rope_head_dim"])
        facts["deepseek2.attention.value_length"].value = hparams["v_head_dim"]
        del facts["deepseek2.attention.key_length_mla"], facts["deepseek2.attention.value_length_mla"]

    converter.modify_tensors = modify_tensors
    converter.set_gguf_parameters = set_gguf_parameters


deepseek_lite("deepseek2-lite")
deepseek_lite("deepseek2-v2", q_lora_rank=24, num_hidden_layers=2, topk_method="group_limited_greedy",
              n_group=4, topk_group=2, routed_scaling_factor=2.0)
deepseek_v3("deepseek2-v3", rope_parameters=mla_yarn(1.0))
deepseek_v3("deepseek2-old", _prepare=keep_kv_b_whole, num_hidden_layers=2)

# --- mistral3 ---
add("mistral3", "Ministral3Config", "Ministral3ForCausalLM", cases=80, head_dim=16,
    rope_parameters=YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.5,
                            "original_max_position_embeddings": 32})

# --- gemma4 ---
GEMMA4 = {
    "num_hidden_layers": 4, "head_dim": 16, "global_head_dim": 32, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 32, "sliding_window": 12,
    "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"],
    "rope_parameters": {
        "full_attention": {"rope_type": "proportional", "rope_theta": 100000.0,
                           "partial_rotary_factor": 0.25},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0}},
    "vocab_size_per_layer_input": VOCABULARY, "final_logit_softcapping": 5.0,
}


def gemma4(name, **arguments):
    add(name, "Gemma4TextConfig", "Gemma4ForCausalLM", _files=TOKENIZER, **(GEMMA4 | arguments))


gemma4("gemma4", hidden_size_per_layer_input=0, attention_k_eq_v=True, num_key_value_heads=2,
       num_global_key_value_heads=1)
gemma4("gemma4-e2b", hidden_size_per_layer_input=8, num_kv_shared_layers=3, num_hidden_layers=6,
       use_double_wide_mlp=True,
       layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2)
# Both kinds of layers of another's keys and values; the published ones are as FOR_PEER has it.
GEMMA3N = {"head_dim": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "sliding_window": 12,
           "vocab_size_per_layer_input": VOCABULARY, "hidden_size_per_layer_input": 8, "laurel_rank": 12,
           "final_logit_softcapping": 5.0, "rope_parameters": {
               "full_attention": {"rope_type": "default", "rope_theta": 100000.0},
               "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0}}}
add("gemma3n", "Gemma3nTextConfig", "Gemma3nForCausalLM", _files=TOKENIZER, _gains={"embed_tokens": 0.5},
    num_hidden_layers=6, intermediate_size=48, num_kv_shared_layers=3,
    layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2,
    activation_sparsity_pattern=[0.7, 0.95, 0.0, 0.0, 0.6, 0.0], **GEMMA3N)
gemma4("gemma4-moe", hidden_size_per_layer_input=0, enable_moe_block=True, num_experts=4,
       top_k_experts=2, moe_intermediate_size=16, num_hidden_layers=2,
       layer_types=["sliding_attention", "full_attention"])

# --- embeddings ---
BERT = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 128,
        "type_vocab_size": 2}


def pooling(kind):
    return TOKENIZER | {
        "modules.json": [{"idx": 1, "name": "1", "path": "1_Pooling", "type": "models.Pooling"}],
        "1_Pooling/config.json": {f"pooling_mode_{kind}": True}}


add("bert", "BertConfig", "BertModel", base=BERT, _embeds="cls", _files=pooling("cls_token"))
add("nomic-bert", "NomicBertConfig", "NomicBertModel", base=BERT, _embeds="mean",
    _files=pooling("mean_tokens"), _config_changes=says(
        n_positions=2048, activation_function="swiglu", causal=False, qkv_proj_bias=False,
        mlp_fc1_bias=False, mlp_fc2_bias=False, prenorm=False, rotary_emb_fraction=1.0,
        rotary_emb_interleaved=False, rotary_emb_scale_base=None))
add("gemma-embedding", "Gemma3TextConfig", "Gemma3TextModel", _embeds="mean",
    _files=pooling("mean_tokens"), head_dim=16, sliding_window=24, num_hidden_layers=6,
    intermediate_size=32, query_pre_attn_scalar=16, num_key_value_heads=1,
    use_bidirectional_attention=True)
# The first of three layers sees all, with a base of its own.
MODERN_BERT = {key: value for key, value in BERT.items() if key != "type_vocab_size"} | {
    "num_hidden_layers": 5, "local_attention": 24, "pad_token_id": 0, "bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3,
    "sep_token_id": 3, "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 160000.0},
                                           "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}}
for name, activation in (("modern-bert", "gelu"), ("modern-bert-silu", "silu")):
    add(name, "ModernBertConfig", "ModernBertModel", base=MODERN_BERT, _embeds="cls", _files=pooling("cls_token"),
        hidden_activation=activation, _config_changes=says(
            global_attn_every_n_layers=3, layer_norm_eps=1e-5))
# Published as the model that it was made of, without its head; the last token says what the text is about.
add("qwen3-embedding", "Qwen3Config", "Qwen3Model", _embeds="last", _files=pooling("lasttoken"), head_dim=16,
    tie_word_embeddings=True, _config_changes=says(architectures=["Qwen3ForCausalLM"]))

# --- the same models as older converters and Ollama's wrote them ---
add("mixtral-old", "MixtralConfig", "MixtralForCausalLM", _finish=variants.experts_one_by_one, head_dim=16,
    num_local_experts=4, num_experts_per_tok=2, intermediate_size=32, sliding_window=None)
add("qwen3next-old", "Qwen3NextConfig", "Qwen3NextForCausalLM", cases=80, tie_word_embeddings=True,
    _prepare=variants.merged_delta_inputs, norm_topk_prob=True, decoder_sparse_step=1,
    **(HYBRID | HYBRID_EXPERTS | {
        "rope_parameters":
        {"rope_type": "default", "rope_theta": 100000.0, "partial_rotary_factor": 0.25}}))
add("mistral3-length", "Ministral3Config", "Ministral3ForCausalLM", cases=80, head_dim=16,
    _finish=variants.with_temperature_length,
    rope_parameters=YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.5,
                            "factor": 1.0, "original_max_position_embeddings": 32})
add("gemma3-ollama", "Gemma3TextConfig", "Gemma3ForCausalLM", _files=TOKENIZER,
    _gains={"embed_tokens": 0.5}, _finish=variants.gemma3_by_ollama,
    head_dim=16, sliding_window=12, num_hidden_layers=6, intermediate_size=32,
    query_pre_attn_scalar=16, num_key_value_heads=1, max_position_embeddings=131072,
    rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
                     "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0}})
# Of a length whose prompt has text alone.
add("gemma3n-ollama", "Gemma3nTextConfig", "Gemma3nForCausalLM", _files=TOKENIZER, _gains={"embed_tokens": 0.5}, cases=46,
    _finish=variants.gemma3n_by_ollama, num_hidden_layers=6, intermediate_size=48, num_kv_shared_layers=3,
    layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2,
    activation_sparsity_pattern=[0.95, 0.95, 0.0, 0.0, 0.0, 0.0], **(GEMMA3N | {
        "final_logit_softcapping": 30.0, "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}}))
gpt_oss("gpt-oss-ollama", intermediate_size=32, _finish=variants.gpt_oss_by_ollama)
add("mistral3-ollama", "Ministral3Config", "Ministral3ForCausalLM", cases=80, head_dim=16,
    _finish=variants.mistral3_by_ollama,
    rope_parameters=YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.5,
                            "original_max_position_embeddings": 32})
add("qwen35-ollama", "Qwen3_5TextConfig", "Qwen3_5ForCausalLM", tie_word_embeddings=True,
    _prepare=without_mtp, _finish=variants.qwen35_by_ollama, **(HYBRID | {"rope_parameters": MROPE}))
gemma4("gemma4-ollama", hidden_size_per_layer_input=0, enable_moe_block=True, num_experts=4,
       top_k_experts=2, moe_intermediate_size=16, num_hidden_layers=2,
       layer_types=["sliding_attention", "full_attention"], _finish=variants.gemma4_by_ollama)
EMBEDDING_GEMMA = {
    "head_dim": 16, "sliding_window": 24, "num_hidden_layers": 6, "intermediate_size": 32,
    "query_pre_attn_scalar": 16, "num_key_value_heads": 1, "use_bidirectional_attention": True}
# Two matrices behind the pooled vector, as the published model has them.
add("gemma-embedding-dense", "Gemma3TextConfig", "Gemma3TextModel", _embeds="mean", _dense=(32, 48, 32),
    _options={"sentence_transformers_dense_modules": True}, _files=pooling("mean_tokens"), **EMBEDDING_GEMMA)
add("gemma-embedding-ollama", "Gemma3TextConfig", "Gemma3TextModel", _embeds="mean", _dense=(32, 48, 32),
    _options={"sentence_transformers_dense_modules": True}, _files=pooling("mean_tokens"),
    _finish=variants.embedding_gemma_by_ollama, **EMBEDDING_GEMMA)

# --- what llama.cpp tells by the number of layers alone, and no key says ---
add("gemma2-27b", "Gemma2Config", "Gemma2ForCausalLM", hidden_size=16, head_dim=4,
    num_attention_heads=2, num_key_value_heads=1, intermediate_size=8, num_hidden_layers=46,
    sliding_window=12, query_pre_attn_scalar=8, _gains={"embed_tokens": 0.5})
add("gemma3-27b", "Gemma3TextConfig", "Gemma3ForCausalLM", _files=TOKENIZER, hidden_size=16,
    head_dim=4, num_attention_heads=2, num_key_value_heads=1, intermediate_size=8,
    num_hidden_layers=62, sliding_window=12, query_pre_attn_scalar=8, _gains={"embed_tokens": 0.5})
# llama.cpp tells some kinds by their depth alone, truncates gpt-oss's YaRN and takes the length of
# the context for that of the sequence: the same model as it can read it, to be held against it.
FOR_PEER = {
    "deepseek2-lite": {"num_hidden_layers": 27},
    "command-r-plus": {"num_hidden_layers": 64},
    "gpt-oss": {"rope_parameters": RECIPES["gpt-oss"]["arguments"]["rope_parameters"]
                | {"truncate": True}},
    "gpt-oss-mxfp4": {"rope_parameters": RECIPES["gpt-oss"]["arguments"]["rope_parameters"]
                      | {"truncate": True}},
    # There the first twenty layers have keys and values and ten are sparse, whatever the file says; some sizes likewise.
    "gemma3n": {"num_hidden_layers": 20, "num_kv_shared_layers": 0, "layer_types": None, "intermediate_size": 512,
                "hidden_size_per_layer_input": 256, "laurel_rank": 64, "final_logit_softcapping": 30.0,
                "activation_sparsity_pattern": [0.95] * 10 + [0.0] * 10},
    "phi3-longrope": {"original_max_position_embeddings": 320, "rope_parameters":
                      RECIPES["phi3-longrope"]["arguments"]["rope_parameters"]
                      | {"original_max_position_embeddings": 320}},
}


# --- more that are words only ---
add("olmoe", "OlmoeConfig", "OlmoeForCausalLM", num_experts=8, num_experts_per_tok=3,
    intermediate_size=16)
add("phi2", "PhiConfig", "PhiForCausalLM", intermediate_size=128, num_key_value_heads=4,
    partial_rotary_factor=0.5)
add("starcoder2", "Starcoder2Config", "Starcoder2ForCausalLM", sliding_window=None)
add("glm4", "Glm4Config", "Glm4ForCausalLM", head_dim=16, partial_rotary_factor=0.5,
    attention_bias=True)

# Text in the families that also see: what they were trained for besides makes no difference to it.
SEEING = {"depth": 1, "hidden_size": 32, "num_heads": 2, "intermediate_size": 32, "patch_size": 4}


def seeing(name, config, model, text, vision, **how):
    add(name, config, model, base={}, _sees_grids=GRIDS, **how, text_config=PLAIN | text, vision_config=SEEING | vision,
        image_token_id=250, video_token_id=251, vision_start_token_id=252, vision_end_token_id=253)


SECTIONS = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 2, 1]}
seeing("qwen2vl", "Qwen2VLConfig", "Qwen2VLForConditionalGeneration", {"rope_parameters": SECTIONS}, {"embed_dim": 32})
seeing("qwen3vl", "Qwen3VLConfig", "Qwen3VLForConditionalGeneration",
       {"head_dim": 16, "rope_parameters": SECTIONS | {"mrope_section": [3, 3, 2], "mrope_interleaved": True}},
       {"out_hidden_size": 32, "deepstack_visual_indexes": [0]}, _deep=1)
add("qwen3vlmoe", "Qwen3MoeConfig", "Qwen3MoeForCausalLM", _finish=variants.named("qwen3vlmoe"), head_dim=16,
    num_experts=8, num_experts_per_tok=3, moe_intermediate_size=16, norm_topk_prob=True, decoder_sparse_step=1)

add("chatglm", "GlmConfig", "GlmForCausalLM", head_dim=8, partial_rotary_factor=0.5, attention_bias=True)
add("exaone4", "Exaone4Config", "Exaone4ForCausalLM", sliding_window=12, sliding_window_pattern=4,
    num_hidden_layers=4, intermediate_size=32, head_dim=8)
add("exaone4-full", "Exaone4Config", "Exaone4ForCausalLM", sliding_window=None, sliding_window_pattern=4,
    layer_types=["full_attention"] * 2, head_dim=8)
add("seed-oss", "SeedOssConfig", "SeedOssForCausalLM", head_dim=16, attention_bias=True,
    attention_out_bias=False, residual_dropout=0.0)
add("ernie45", "Ernie4_5Config", "Ernie4_5ForCausalLM", head_dim=16)
add("glm4moe", "Glm4MoeConfig", "Glm4MoeForCausalLM", num_hidden_layers=3, first_k_dense_replace=1,
    head_dim=16, partial_rotary_factor=0.5, attention_bias=True, use_qk_norm=True, n_routed_experts=8,
    num_experts_per_tok=3, n_shared_experts=1, moe_intermediate_size=16, routed_scaling_factor=1.5,
    norm_topk_prob=True, n_group=1, topk_group=1, _prepare=without_mtp)
add("stablelm", "StableLmConfig", "StableLmForCausalLM", use_qkv_bias=True, partial_rotary_factor=0.5)
add("nemotron", "NemotronConfig", "NemotronForCausalLM", partial_rotary_factor=0.5)
add("gpt2", "GPT2Config", "GPT2LMHeadModel", base={
    "vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128,
    "bos_token_id": 257, "eos_token_id": 258}, _config_changes=says(n_ctx=128), _transposed=("c_attn", "c_proj", "c_fc"))
add("starcoder", "GPTBigCodeConfig", "GPTBigCodeForCausalLM", base={
    "vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128,
    "multi_query": True, "bos_token_id": 257, "eos_token_id": 258})
# The same computation under another name: InternLM 2 and EXAONE 3 have no class in transformers.
llama("internlm2", _finish=variants.named("internlm2"))
add("exaone", "SeedOssConfig", "SeedOssForCausalLM", _finish=variants.named("exaone", {"post_attention_norm.": "ffn_norm."}),
    head_dim=16, attention_bias=False, attention_out_bias=False, residual_dropout=0.0)
add("minicpm", "GraniteConfig", "GraniteForCausalLM", tie_word_embeddings=True, embedding_multiplier=12.0,
    residual_multiplier=1.4 / 2 ** 0.5, logits_scaling=2.0, attention_multiplier=8 ** -0.5,
    _config_changes=says(architectures=["MiniCPMForCausalLM"], scale_emb=12, scale_depth=1.4,
                         dim_model_base=16))
# The converter leaves out how its attention sharpens with the position.
add("mistral4", "Mistral4Config", "Mistral4ForCausalLM", cases=80, q_lora_rank=24, n_group=1, topk_group=1,
    routed_scaling_factor=1.0, norm_topk_prob=True,
    _config_changes=says(architectures=["Mistral3ForConditionalGeneration"]),
    **(MLA | {"n_shared_experts": 1, "rope_parameters": mla_yarn(1.0) | {"llama_4_scaling_beta": 0.0}}))
add("glm4-flash", "Glm4MoeLiteConfig", "Glm4MoeLiteForCausalLM", q_lora_rank=24, n_group=1, topk_group=1,
    routed_scaling_factor=1.8, norm_topk_prob=True, _prepare=without_mtp,
    _config_changes=says(scoring_func="sigmoid"), **(MLA | {"n_shared_experts": 1}))
add("xlm-roberta", "XLMRobertaConfig", "XLMRobertaModel", base=BERT, _embeds="cls", _files=pooling("cls_token"),
    type_vocab_size=1, pad_token_id=1)

# --- short convolutions, longer than a batch of one; LFM2's feed-forward is as wide as it says ---
LFM2 = {"num_hidden_layers": 4, "norm_eps": 1e-5, "conv_L_cache": 3, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "layer_types": ["conv", "conv", "full_attention", "conv"]}
add("lfm2", "Lfm2Config", "Lfm2ForCausalLM", cases=80, tie_word_embeddings=True, block_auto_adjust_ff_dim=False, **LFM2)
add("lfm2moe", "Lfm2MoeConfig", "Lfm2MoeForCausalLM", cases=80, tie_word_embeddings=True, num_dense_layers=1,
    num_experts=8, num_experts_per_tok=2, moe_intermediate_size=16, use_expert_bias=True, norm_topk_prob=True, **LFM2)

# --- norms behind the turn; its scaling is in the base (the converter's alpha) ---
add("hunyuan", "HunYuanDenseV1Config", "HunYuanDenseV1ForCausalLM", head_dim=16, tie_word_embeddings=True)
add("hunyuan-moe", "HunYuanMoEV1Config", "HunYuanMoEV1ForCausalLM", head_dim=16, tie_word_embeddings=True,
    intermediate_size=32, num_experts=4, moe_topk=2, _config_changes=says(
        moe_intermediate_size=[32, 32], moe_topk=[2, 2], num_shared_expert=[1, 1]))
# The converter takes the width of the shared experts for intermediate_size / num_key_value_heads, as it is in the published ones.
add("ernie45moe", "Ernie4_5_MoeConfig", "Ernie4_5_MoeForCausalLM", head_dim=16, moe_num_experts=8, moe_k=3,
    moe_intermediate_size=16, moe_num_shared_experts=2, moe_layer_start_index=1, num_hidden_layers=3, tie_word_embeddings=True)
add("dots1", "Dots1Config", "Dots1ForCausalLM", _config_changes=says(scoring_func="sigmoid"), head_dim=16, num_key_value_heads=4, n_routed_experts=8, n_shared_experts=2,
    num_experts_per_tok=3, moe_intermediate_size=16, first_k_dense_replace=1, norm_topk_prob=True,
    routed_scaling_factor=2.5, sliding_window=None, num_hidden_layers=3)
add("arcee", "ArceeConfig", "ArceeForCausalLM", head_dim=8, tie_word_embeddings=True)

# --- Mamba-2, its groups and heads more than one; chunks of 16, so that a prompt has several ---
SCAN = {"mamba_n_heads": 4, "mamba_n_groups": 2, "mamba_d_state": 16, "mamba_d_head": 16, "mamba_d_conv": 4,
        "mamba_expand": 2, "mamba_chunk_size": 16, "num_hidden_layers": 4,
        "layer_types": ["mamba", "mamba", "attention", "mamba"]}
AS_PUBLISHED = says(layer_types=SCAN["layer_types"])
add("granitehybrid", "GraniteMoeHybridConfig", "GraniteMoeHybridForCausalLM", cases=80, _config_changes=AS_PUBLISHED, tie_word_embeddings=True,
    num_local_experts=0, num_experts_per_tok=0, shared_intermediate_size=64, position_embedding_type="nope", **(GRANITE | SCAN))
add("granitehybrid-moe", "GraniteMoeHybridConfig", "GraniteMoeHybridForCausalLM", cases=80, _config_changes=AS_PUBLISHED, tie_word_embeddings=True,
    num_local_experts=4, num_experts_per_tok=2, shared_intermediate_size=32, position_embedding_type="nope",
    **(GRANITE | SCAN | {"intermediate_size": 32}))


def dense_nemotron(config):
    """As the published ones of it are written: what each layer is as letters, and no word of experts."""
    config.update(hybrid_override_pattern="M-M*-", num_hidden_layers=5)
    for key in [key for key in config if "expert" in key or "moe" in key
                or key in ("n_group", "topk_group", "layers_block_type", "layer_types")]:
        del config[key]


def as_written(converter):
    """transformers' own reading of the configuration would say something of experts."""
    begin = converter.__init__

    def __init__(self, folder, *arguments, **named):
        begin(self, folder, *arguments, hparams=json.loads((folder / "config.json").read_text()), **named)

    converter.__init__ = __init__


# transformers takes what steps begin training with (time_step_min) for the least that they may be; their limit is 0.
NEMOTRON_H = {"time_step_min": 1e-30, "_gains": {"dt_bias": 10.0}, "head_dim": 16, "ssm_state_size": 16, "mamba_num_heads": 4, "mamba_head_dim": 16, "n_groups": 2, "conv_kernel": 4,
              "chunk_size": 16, "tie_word_embeddings": False}
add("nemotron-h", "NemotronHConfig", "NemotronHForCausalLM", cases=80, _config_changes=dense_nemotron, _prepare=as_written,
    layers_block_type=["linear_attention", "mlp", "linear_attention", "full_attention", "mlp"], **NEMOTRON_H)
add("nemotron-h-moe", "NemotronHConfig", "NemotronHForCausalLM", cases=80, _config_changes=says(hybrid_override_pattern="MEM*E"),
    layers_block_type=["linear_attention", "moe", "linear_attention", "full_attention", "moe"], n_routed_experts=8,
    num_experts_per_tok=3, moe_intermediate_size=16, moe_shared_expert_intermediate_size=32, n_shared_experts=1,
    norm_topk_prob=True, routed_scaling_factor=2.5, **NEMOTRON_H)
add("falcon-h1", "FalconH1Config", "FalconH1ForCausalLM", cases=80, head_dim=16, mamba_d_ssm=48, mamba_n_heads=3,
    mamba_d_head=16, mamba_n_groups=1, mamba_d_state=24, mamba_d_conv=4, mamba_chunk_size=16, mamba_rms_norm=False,
    tie_word_embeddings=False, projectors_bias=False, attention_in_multiplier=0.9, attention_out_multiplier=0.8,
    ssm_in_multiplier=1.25, ssm_out_multiplier=0.7, key_multiplier=0.6, mlp_multipliers=[0.9, 0.7],
    ssm_multipliers=[0.7, 0.9, 0.8, 1.1, 1.2], embedding_multiplier=1.5, lm_head_multiplier=0.6,
    _config_changes=says(rope_theta=10000.0))

# Ling 2 has no class in transformers: GLM 4.5's attention, with DeepSeek-V3's groups of experts.
add("bailingmoe2", "Glm4MoeConfig", "Glm4MoeForCausalLM", num_hidden_layers=3, first_k_dense_replace=1,
    head_dim=8, partial_rotary_factor=0.5, attention_bias=False, use_qk_norm=True, n_routed_experts=8,
    num_experts_per_tok=3, n_shared_experts=1, moe_intermediate_size=16, routed_scaling_factor=2.5,
    norm_topk_prob=True, n_group=4, topk_group=2, _prepare=without_mtp,
    _finish=variants.ling_2)
add("afmoe", "AfmoeConfig", "AfmoeForCausalLM", cases=80, head_dim=16, num_hidden_layers=4, num_dense_layers=1,
    num_experts=8, num_experts_per_tok=3, num_shared_experts=1, moe_intermediate_size=16, route_scale=2.0,
    sliding_window=12, mup_enabled=True, _gains={"embed_tokens": 0.5}, _config_changes=says(route_norm=True))
NEOX = {"hidden_act": "gelu", "intermediate_size": 128, "rope_parameters": {
    "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}, "_config_changes": says(rotary_pct=0.5), "_prepare": as_written}
add("gptneox", "GPTNeoXConfig", "GPTNeoXForCausalLM", use_parallel_residual=True, **NEOX)
add("gptneox-serial", "GPTNeoXConfig", "GPTNeoXForCausalLM", use_parallel_residual=False, **NEOX)

# An activation of its own shape in every layer.
add("apertus", "ApertusConfig", "ApertusForCausalLM", num_hidden_layers=3, cases=64, rope_parameters={
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64, "rope_theta": 10000.0})

# --- mixtures that are words only ---
MIXTURE = {"head_dim": 16, "num_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 16}
add("minimax-m2", "MiniMaxM2Config", "MiniMaxM2ForCausalLM", head_dim=16, num_local_experts=8, num_experts_per_tok=3,
    intermediate_size=16, _config_changes=says(rotary_dim=8, scoring_func="sigmoid"), rope_parameters={
        "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5})
add("hy-v3", "HYV3Config", "HYV3ForCausalLM", num_hidden_layers=3, mlp_layer_types=["dense", "sparse", "sparse"],
    num_shared_experts=1, router_scaling_factor=2.5, **MIXTURE)
add("exaone-moe", "ExaoneMoeConfig", "ExaoneMoeForCausalLM", cases=80, num_hidden_layers=4, sliding_window=12,
    sliding_window_pattern=4, first_k_dense_replace=1, num_shared_experts=1, routed_scaling_factor=2.5, norm_topk_prob=True,
    n_group=1, topk_group=1, _config_changes=says(scoring_func="sigmoid"), **(MIXTURE | {"head_dim": 8}))
add("mellum", "MellumConfig", "MellumForCausalLM", cases=80, num_hidden_layers=4, sliding_window=12, norm_topk_prob=True,
    layer_types=["sliding_attention"] * 3 + ["full_attention"], rope_parameters={
        "full_attention": YARN, "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}}, **MIXTURE)
# A layer without attention, and one without anything, as in models that were cut down to what matters.
llama("deci", num_hidden_layers=4, _gains={"layers.1.self_attn.o_proj": 0.0, "layers.2.self_attn.o_proj": 0.0,
                                           "layers.2.mlp.down_proj": 0.0},
      _finish=variants.nemotron_by_search)
# Of all experts the weights sum to 1 anyway: DeepSeek's are not made to.
ERNIE = {"head_dim": 8, "moe_num_experts": 8, "moe_intermediate_size": 16, "moe_num_shared_experts": 2, "moe_layer_start_index": 1,
         "num_hidden_layers": 3, "tie_word_embeddings": False, "_gains": {"moe_statics": 0.0}}
add("deepseek", "Ernie4_5_MoeConfig", "Ernie4_5_MoeForCausalLM", moe_k=8, _finish=variants.without_bias_of_choice("deepseek"), **ERNIE)
add("bailingmoe", "Ernie4_5_MoeConfig", "Ernie4_5_MoeForCausalLM", moe_k=3, _finish=variants.ling,
    **(ERNIE | {"moe_layer_start_index": 0, "num_hidden_layers": 2}))
llama("xverse", num_key_value_heads=4, _finish=variants.named("xverse"))
add("hunyuan-vl", "HunYuanDenseV1Config", "HunYuanDenseV1ForCausalLM", head_dim=16, tie_word_embeddings=True,
    _finish=variants.named("hunyuan_vl"))
add("pangu-embedded", "SeedOssConfig", "SeedOssForCausalLM", head_dim=16, attention_bias=True, attention_out_bias=True,
    residual_dropout=0.0, _finish=variants.named("pangu-embedded", {"post_attention_norm.": "ffn_norm."}))
add("orion", "StableLmConfig", "StableLmForCausalLM", use_qkv_bias=False, partial_rotary_factor=1.0,
    _finish=variants.named("orion"))
