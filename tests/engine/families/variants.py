"""Files of the same models as older converters, and Ollama's, wrote them: what a recipe's _finish may be, which
changes the keys and tensors that the converter is about to write; or its _prepare, which changes the converter.

Facts about these files: llama.cpp's history of its converter and loader; Ollama's own compatibility code,
which lists what its files have of their own.
"""
import numpy


def rename_keys(writer, names):
    """names: old -> new, of what stands behind the family's name; "" is the family's own."""
    facts = writer.kv_data[0]
    family = facts["general.architecture"].value
    new_family = names.get("", family)
    facts["general.architecture"].value = new_family
    for key in [k for k in facts if k.startswith(family + ".")]:
        rest = key.removeprefix(family + ".")
        fact = facts.pop(key)
        if names.get(rest, rest) is not None:
            facts[f"{new_family}.{names.get(rest, rest)}"] = fact


def rename_tensors(writer, names):
    """names: part of a name -> what stands in its place."""
    tensors = writer.tensors[0]
    for name in list(tensors):
        info = tensors.pop(name)
        for old, new in names.items():
            name = name.replace(old, new)
        tensors[name] = info


def add_companions(writer):
    """Eyes, ears and what predicts further tokens, in the same file."""
    for name in ("v.blk.0.attn_q.weight", "mm.input_projection.weight", "a.conv1d.1.weight", "mtp.fc.weight"):
        writer.add_tensor(name, numpy.ones((2, 32), numpy.float32))


def experts_one_by_one(writer):
    """Mixtral before April 2024: a tensor for every expert, those of one expert together."""
    stacks = {n: t for n, t in writer.tensors[0].items() if "_exps." in n}
    assert stacks
    for name in stacks:
        del writer.tensors[0][name]
    for layer in sorted({n.split(".")[1] for n in stacks}):
        ours = {n: t.tensor for n, t in stacks.items() if n.split(".")[1] == layer}
        for expert in range(len(next(iter(ours.values())))):
            for name, stack in sorted(ours.items()):
                writer.add_tensor(name.replace("_exps.", f".{expert}."), numpy.ascontiguousarray(stack[expert]))


def merged_delta_inputs(converter):
    """Qwen3-Next in its first weeks: in_proj_qkvz as it is published, under the name ssm_in."""
    converter.no_mtp = True
    modern = converter.modify_tensors

    def modify_tensors(self, data, name, bid):
        if name.endswith("in_proj_qkvz.weight"):
            yield f"blk.{bid}.ssm_in.weight", data
        else:
            yield from modern(self, data, name, bid)

    converter.modify_tensors = modify_tensors


def with_temperature_length(writer):
    """The span of the temperature by a key of its own, apart from the original context."""
    facts = writer.kv_data[0]
    family = facts["general.architecture"].value
    original = facts[f"{family}.rope.scaling.original_context_length"]
    writer.add_attn_temperature_length(original.value)
    original.value = 512


def gemma3_by_ollama(writer):
    """No epsilon, no scaling (of a context of 131,072), other names, eyes inside, one token too many."""
    rename_keys(writer, {
        "rope.freq_base": None, "rope.freq_base_swa": "rope.local.freq_base",
        "rope.scaling.type": None, "rope.scaling.factor": None,
        "attention.layer_norm_rms_epsilon": None})
    writer.kv_data[0]["tokenizer.ggml.tokens"].value.append("<image_soft_token>")
    writer.kv_data[0]["tokenizer.ggml.token_type"].value.append(3)
    add_companions(writer)


def gpt_oss_by_ollama(writer):
    rename_keys(writer, {"": "gptoss", "expert_feed_forward_length": None})
    rename_tensors(writer, {"attn_output.": "attn_out.", "attn_sinks.weight": "attn_sinks",
                            "post_attention_norm.": "ffn_norm."})


def mistral3_by_ollama(writer):
    rename_keys(writer, {
        "rope.scaling.yarn_beta_fast": "rope.scaling.beta_fast",
        "rope.scaling.yarn_beta_slow": "rope.scaling.beta_slow",
        "attention.temperature_scale": "rope.scaling_beta"})
    add_companions(writer)


def qwen35_by_ollama(writer):
    """A list of heads with none in the recurrent layers, and the step's bias without its ending."""
    facts = writer.kv_data[0]
    family = facts["general.architecture"].value
    layers, heads = facts[f"{family}.block_count"].value, facts[f"{family}.attention.head_count_kv"].value
    del facts[f"{family}.attention.head_count_kv"]
    writer.add_head_count_kv([heads if (i + 1) % 4 == 0 else 0 for i in range(layers)])
    rename_tensors(writer, {"ssm_dt.bias": "ssm_dt"})
    add_companions(writer)


def gemma4_by_ollama(writer):
    rename_tensors(writer, {"ffn_down_exps.scale": "ffn_gate_inp.per_expert_scale"})
    add_companions(writer)


def gemma3n_by_ollama(writer):
    """Some sizes and the cap unsaid; no inputs for tokens that are no text; keys and values, which nothing reads, in layers that
    take another's, as all published files have them."""
    rename_keys(writer, {"attention.key_length": None, "attention.value_length": None, "final_logit_softcapping": None,
                         "rope.freq_base_swa": "rope.freq_base_local"})
    tensors = writer.tensors[0]
    tensors["per_layer_token_embd.weight"].tensor = tensors["per_layer_token_embd.weight"].tensor[:256]
    tensors["per_layer_token_embd.weight"].shape = tensors["per_layer_token_embd.weight"].tensor.shape
    tensors["per_layer_token_embd.weight"].nbytes = tensors["per_layer_token_embd.weight"].tensor.nbytes
    for layer in (3, 4, 5):
        for part in ("attn_k", "attn_v", "attn_k_norm"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", numpy.array(tensors[f"blk.0.{part}.weight"].tensor))


def embedding_gemma_by_ollama(writer):
    """EmbeddingGemma as a Gemma 3 that is not causal."""
    writer.add_causal_attention(False)
    rename_keys(writer, {"": "gemma3"})
    rename_tensors(writer, {"dense_2.": "dense.0.", "dense_3.": "dense.1."})


def named(family, tensors=None):
    """The same computation as another family's."""
    def change(writer):
        rename_keys(writer, {"": family})
        rename_tensors(writer, tensors or {})
    return change


def ling_2(writer):
    """Ling 2 out of GLM 4.5: another name, queries, keys and values in one matrix."""
    named("bailingmoe2", {"post_attention_norm.": "ffn_norm."})(writer)
    tensors = writer.tensors[0]
    for name in [name for name in tensors if name.endswith("attn_q.weight")]:
        parts = [tensors.pop(name.replace("attn_q.", f"attn_{part}.")).tensor for part in "qkv"]
        writer.add_tensor(name.replace("attn_q.", "attn_qkv."), numpy.concatenate(parts))


def nemotron_by_search(writer):
    """Llama 3's Nemotron: what a layer lacks has no heads, or no width, and no tensors."""
    facts, tensors = writer.kv_data[0], writer.tensors[0]
    for key in ("attention.head_count", "attention.head_count_kv", "feed_forward_length"):
        del facts[f"llama.{key}"]
    writer.add_head_count([4, 0, 0, 4])
    writer.add_head_count_kv([2, 0, 0, 2])
    writer.add_feed_forward_length([64, 64, 0, 64])
    rename_keys(writer, {"": "deci"})
    for name in list(tensors):
        if name.startswith(("blk.1.attn", "blk.2.")):
            del tensors[name]


def without_bias_of_choice(family):
    """DeepSeekMoE and Ling out of ERNIE 4.5, whose choice has one; the shared experts are counted, not measured."""
    def change(writer):
        tensors = writer.tensors[0]
        for name in [name for name in tensors if "exp_probs_b" in name]:
            assert not tensors[name].tensor.any()
            del tensors[name]
        rename_keys(writer, {"": family, "expert_shared_feed_forward_length": None})
    return change


def ling(writer):
    writer.add_expert_weights_norm(True)
    without_bias_of_choice("bailingmoe")(writer)
