#!/usr/bin/env python3
"""ablate.py [NAME...]: how far the logits move when one special part of a family is taken away.

A part that moves nothing is not tested by its fixture: everything here has to move the mean KL by
more than 1e-3. Prints the rows of the table in README.md.
"""
import copy
import os
import sys
import types
import zlib

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make
import recipes

LIMIT = 1e-3


def without_rope_scaling(arguments):
    rope = arguments["rope_parameters"]
    return {"rope_parameters": {"rope_type": "default", "rope_theta": rope["rope_theta"],
                                **{k: rope[k] for k in ("partial_rotary_factor",) if k in rope}}}


def set_to(value, *parts):
    """Weights whose name holds one of the parts."""
    def change(model):
        found = 0
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if any(part in name for part in parts):
                tensor.data.fill_(value)
                found += 1
        assert found, parts
    return change


def attribute(name, value, kind=None):
    """Of every module that has it (and is of that kind)."""
    def change(model):
        found = 0
        for module in model.modules():
            if name in vars(module) and (kind is None or kind in type(module).__name__):
                setattr(module, name, value(getattr(module, name)) if callable(value) else value)
                found += 1
        assert found, name
    return change


def layers(name, value):
    """A list in the configuration that says something of each layer."""
    return lambda arguments: {name: [value] * arguments["num_hidden_layers"]}


def gelu_tanh(model):
    found = 0
    for module in model.modules():
        for name, part in list(module.named_children()):
            if type(part).__name__ in ("GELU", "GELUActivation"):
                setattr(module, name, torch.nn.GELU(approximate="tanh"))
                found += 1
    assert found


def says(**changes):
    return lambda arguments: changes


def rope(**changes):
    return lambda arguments: {"rope_parameters": arguments["rope_parameters"] | changes}


# Configuration changes give a function of the arguments ('c'), changes of the made model 'm'.
WINDOW = ("c", "sliding window", says(sliding_window=400))
GRANITE = [("c", key.replace("_", " "), says(**{key: 1.0})) for key in recipes.GRANITE]
NO_BIAS = ("m", "biases", set_to(0.0, ".bias"))
QK_NORM = ("m", "weights of the q/k norms", set_to(1.0, "q_norm.weight", "k_norm.weight", "q_layernorm.weight", "k_layernorm.weight",
                                                    "query_layernorm.weight", "key_layernorm.weight"))
QK_SHIFT = ("m", "weights of the q/k norms", set_to(0.0, "q_norm.weight", "k_norm.weight"))
SHARED = [("m", "shared expert", set_to(0.0, "shared_expert.down_proj")),
          ("m", "gate of the shared expert", set_to(0.0, "shared_expert_gate"))]
TOP_K = ("c", "one expert fewer", lambda a: {k: a[k] - 1 for k in (
    "num_experts_per_tok", "top_k_experts", "moe_k") if a.get(k)})
ROUTED = ("m", "routed experts", set_to(0.0, "experts.down_proj"))
TAPS = ("m", "convolution", lambda model: [m.weight.data[..., :-1].zero_() for m in model.modules()
                                           if type(m).__name__ == "Conv1d"])
DELTA = [("m", "decay", set_to(-20.0, "A_log")), ("m", "dt bias", set_to(0.0, "dt_bias")),
         TAPS,
         ("m", "weights of the gated norm", set_to(1.0, "linear_attn.norm.weight")),
         ("m", "beta and alpha", set_to(0.0, "in_proj_b.", "in_proj_ba.")), QK_SHIFT]
SCAN = [("m", "decay", set_to(-20.0, "A_log")), ("m", "dt bias", set_to(0.0, "dt_bias")), TAPS,
        ("m", "bias of the convolution", set_to(0.0, "conv1d.bias")), ("m", "skip", lambda model: [
            m.D.data.zero_() for m in model.modules() if hasattr(m, "A_log")]),
        ("m", "weights of the gated norm", lambda model: [
            m.norm.weight.data.fill_(1.0) for m in model.modules() if hasattr(m, "A_log")])]
PARTIAL = ("c", "partial RoPE", rope(partial_rotary_factor=1.0))
ABLATIONS = {
    "llama-biases": [NO_BIAS],
    "llama-linear": [("c", "scaling", without_rope_scaling)],
    "llama-llama3": [("c", "scaling", without_rope_scaling)],
    "llama-yarn": [("c", "scaling", without_rope_scaling),
                   ("c", "attention factor", rope(attention_factor=1.0)),
                   ("c", "beta fast", rope(beta_fast=32.0)),
                   ("c", "beta slow", rope(beta_slow=0.1)),
                   ("c", "truncated", rope(truncate=False))],
    "mixtral": [TOP_K],
    "qwen2": [NO_BIAS],
    "qwen2moe": [NO_BIAS, TOP_K, ROUTED, *SHARED, ("c", "not renormalised", says(norm_topk_prob=True))],
    "qwen3": [QK_NORM],
    "qwen3moe": [QK_NORM, TOP_K, ROUTED, ("c", "renormalised", says(norm_topk_prob=False))],
    "qwen35": [*DELTA, PARTIAL],
    "qwen35moe": [*DELTA, PARTIAL, TOP_K, ROUTED, *SHARED],
    "qwen3next": [*DELTA, PARTIAL, TOP_K, ROUTED, *SHARED],
    "lfm2": [TAPS, QK_NORM],
    "lfm2moe": [TAPS, QK_NORM, TOP_K, ROUTED, ("m", "bias of the choice", set_to(0.0, "expert_bias")),
                ("c", "renormalised", says(norm_topk_prob=False))],
    "hunyuan": [QK_NORM],
    "hunyuan-moe": [QK_NORM, ROUTED, ("m", "shared expert", set_to(0.0, "shared_mlp.down_proj"))],
    "ernie45moe": [TOP_K, ROUTED, ("m", "shared experts", set_to(0.0, "shared_experts.down_proj")),
                   ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias"))],
    "dots1": [QK_NORM, TOP_K, ROUTED, ("m", "shared experts", set_to(0.0, "shared_experts.down_proj")),
              ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")),
              ("c", "renormalised", says(norm_topk_prob=False)),
              ("c", "scale of the experts", says(routed_scaling_factor=1.0))],
    "granitehybrid": [*GRANITE, *SCAN],
    "granitehybrid-moe": [*GRANITE, *SCAN, TOP_K, ("m", "shared expert", set_to(0.0, "shared_mlp.output_linear"))],
    "nemotron-h": SCAN,
    "nemotron-h-moe": [*SCAN, TOP_K, ROUTED, ("m", "shared expert", set_to(0.0, "shared_experts.down_proj")),
                       ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")),
                       ("c", "renormalised", says(norm_topk_prob=False)),
                       ("c", "scale of the experts", says(routed_scaling_factor=1.0))],
    "falcon-h1": [*SCAN[:-1], ("m", "attention", set_to(0.0, "o_proj.weight")), ("m", "Mamba-2", set_to(0.0, "out_proj.weight"))],
    "minimax-m2": [QK_NORM, TOP_K, ROUTED, ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")), PARTIAL],
    "hy-v3": [QK_NORM, TOP_K, ROUTED, ("m", "shared expert", set_to(0.0, "shared_experts.down_proj", "shared_mlp.down_proj")),
              ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")),
              ("c", "scale of the experts", says(router_scaling_factor=1.0))],
    "exaone-moe": [WINDOW, QK_NORM, TOP_K, ROUTED, ("m", "shared expert", set_to(0.0, "shared_experts.down_proj")),
                   ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")),
                   ("c", "scale of the experts", says(routed_scaling_factor=1.0))],
    "mellum": [WINDOW, QK_NORM, TOP_K, ROUTED, ("c", "scaling of the full layers", lambda a: {"rope_parameters":
        a["rope_parameters"] | {"full_attention": a["rope_parameters"]["sliding_attention"]}})],
    "deepseek": [ROUTED, ("m", "shared experts", set_to(0.0, "shared_experts.down_proj"))],
    "bailingmoe": [TOP_K, ROUTED, ("m", "shared experts", set_to(0.0, "shared_experts.down_proj"))],
    "apertus": [QK_NORM, ("m", "shape above 0", set_to(0.0, "alpha_p")), ("m", "shape below 0", set_to(-4.0, "alpha_n"))],
    "bailingmoe2": [QK_NORM, ("c", "groups", says(n_group=1, topk_group=1)),
                    ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias"))],
    "afmoe": [WINDOW, QK_NORM, TOP_K, ROUTED, ("m", "gate of attention", set_to(0.0, "self_attn.gate_proj")),
              ("m", "shared expert", set_to(0.0, "shared_experts.down_proj")),
              ("m", "bias of the choice", set_to(0.0, "expert_bias")), ("c", "scale of the experts", says(route_scale=1.0)),
              ("c", "scale of the embedding", says(mup_enabled=False)),
              ("m", "post norms", set_to(0.0, "post_attention_layernorm", "post_mlp_layernorm"))],
    "gemma": [("c", "tanh form of GELU", says(hidden_act="silu"))],
    "gemma2": [WINDOW, ("c", "attention soft cap", says(attn_logit_softcapping=None)),
               ("c", "final soft cap", says(final_logit_softcapping=None)),
               ("m", "post norms", set_to(0.0, "post_attention_layernorm", "post_feedforward"))],
    "gemma2-27b": [WINDOW, ("c", "scale of the head", says(query_pre_attn_scalar=4))],
    "gemma3": [WINDOW, QK_SHIFT, ("c", "scaling of the full layers", lambda a: {"rope_parameters": {
        **a["rope_parameters"], "full_attention": {"rope_type": "default", "rope_theta": 100000.0}}}),
        ("c", "base of the sliding layers", lambda a: {"rope_parameters": {
            **a["rope_parameters"],
            "sliding_attention": {"rope_type": "default", "rope_theta": 100000.0}}})],
    "gemma3-27b": [WINDOW, ("c", "scale of the head", says(query_pre_attn_scalar=4))],
    "gemma4": [WINDOW, QK_NORM, ("m", "layer scalars", set_to(1.0, "layer_scalar")),
               ("c", "final soft cap", says(final_logit_softcapping=None)),
               ("c", "partial RoPE of the full layers", lambda a: {"rope_parameters": {
                   **a["rope_parameters"], "full_attention":
                   a["rope_parameters"]["full_attention"] | {"partial_rotary_factor": 1.0}}})],
    "gemma4-e2b": [WINDOW, ("m", "token's per-layer embedding",
                            set_to(0.0, "embed_tokens_per_layer.weight")),
                   ("m", "projected per-layer embedding", set_to(0.0, "per_layer_model_projection")),
                   ("m", "per-layer input", set_to(0.0, "per_layer_input_gate"))],
    "gemma3n": [WINDOW, QK_NORM, ("c", "final soft cap", says(final_logit_softcapping=1e6)),
                ("c", "sparsity", lambda a: {"activation_sparsity_pattern": [0.0] * 6}),
                ("m", "prediction", set_to(0.0, "prediction_coefs")), ("m", "correction", set_to(0.0, "correction_coefs")),
                ("m", "norm of the router", set_to(1.0, "router_norm")),
                ("m", "projections to the streams", set_to(0.0, "altup_projections")),
                ("m", "projections back", set_to(0.0, "altup_unembed_projections")),
                ("m", "LAuReL", set_to(0.0, "post_laurel_norm")), ("m", "scale of the corrected", set_to(1.0, "correct_output_scale")),
                ("m", "token's per-layer embedding", set_to(0.0, "embed_tokens_per_layer.weight")),
                ("m", "projected per-layer embedding", set_to(0.0, "per_layer_model_projection")),
                ("m", "per-layer input", set_to(0.0, "per_layer_input_gate")),
                ("c", "base of the sliding layers", lambda a: {"rope_parameters": a["rope_parameters"] | {
                    "sliding_attention": a["rope_parameters"]["full_attention"]}})],
    "gemma4-moe": [TOP_K, ("m", "scale of each expert", set_to(1.0, "per_expert_scale")),
                   ("m", "scale of the router", set_to(1.0, "router.scale")),
                   ("m", "dense path", set_to(0.0, "mlp.down_proj")), ROUTED],
    "phi3-sliding": [("c", "sliding window", says(sliding_window=None))],
    "phi3-partial": [PARTIAL],
    "phi3-longrope": [("c", "factors", lambda a: {"rope_parameters": a["rope_parameters"] | {
        "short_factor": [1.0] * 4, "long_factor": [1.0] * 4}}),
        ("c", "attention factor", rope(attention_factor=1.0))],
    "command-r": [("c", "scale of the logits", says(logit_scale=1.0))],
    "command-r-plus": [QK_NORM],
    "cohere2": [WINDOW, ("m", "layers without RoPE",
                         attribute("sliding_window", lambda window: window or 400, "Attention"))],
    "falcon": [("m", "biases of the norms", set_to(0.0, ".bias"))],
    "falcon-40b": [("m", "norm of attention", set_to(1.0, "ln_attn.weight")),
                   ("m", "norm of the feed-forward", set_to(1.0, "ln_mlp.weight"))],
    "granite": GRANITE,
    "granitemoe": [*GRANITE, TOP_K],
    "olmo2": [QK_NORM, ("m", "post norms", set_to(1.0, "post_attention_layernorm",
                                                  "post_feedforward_layernorm"))],
    "olmo3": [WINDOW, QK_NORM, ("c", "scaling of the full layers", lambda a: {"rope_parameters":
        a["rope_parameters"] | {"full_attention": a["rope_parameters"]["sliding_attention"]}})],
    "smollm3": [("c", "layers without RoPE", layers("no_rope_layers", 1))],
    "bloom": [NO_BIAS, ("m", "norm of the embedding", set_to(1.0, "word_embeddings_layernorm.weight"))],
    "gpt-oss": [WINDOW, NO_BIAS, TOP_K, ("m", "sinks", set_to(-100.0, "sinks")),
                ("c", "scaling", without_rope_scaling), ("c", "not truncated", rope(truncate=True)),
                ("m", "clamps", attribute("limit", 1e9)), ("m", "alpha", attribute("alpha", 1.0)),
                ("m", "biases of the experts", set_to(0.0, "proj_bias"))],
    "deepseek2-lite": [TOP_K, ROUTED, ("m", "shared experts", set_to(0.0, "shared_experts.down_proj")),
                       ("c", "scaling", without_rope_scaling),
                       ("c", "mscale", rope(mscale=1.0, mscale_all_dim=1.0)),
                       ("m", "norm of the latent", set_to(1.0, "kv_a_layernorm.weight"))],
    "deepseek2-v2": [("c", "groups", says(topk_method="greedy")),
                     ("c", "scale of the experts", says(routed_scaling_factor=1.0))],
    "deepseek2-v3": [TOP_K, ROUTED, ("m", "bias of the choice", set_to(0.0, "e_score_correction_bias")),
                     ("c", "groups", says(n_group=1, topk_group=1)),
                     ("c", "renormalised", says(norm_topk_prob=False)),
                     ("c", "scale of the experts", says(routed_scaling_factor=1.0)),
                     ("m", "norm of q's latent", set_to(1.0, "q_a_layernorm.weight"))],
    "mistral3": [("c", "scaling", rope(factor=1.0)),
                 ("c", "temperature", rope(llama_4_scaling_beta=0.0))],
}


def change_of(kind, change, recipe):
    if kind == "c":
        return recipe | {"arguments": recipe["arguments"] | change(recipe["arguments"])}
    return recipe


def rows_of(name, recipe, change=None):
    model, _ = make.build(name, recipe)
    if change:
        with torch.no_grad():
            change(model)
    found = []
    for case, length in make.cases_of(recipe).items():
        with make.in_doubles():
            found.append(make.run(model.double(), make.prompt(name, length, make.VOCABULARY)))
    return found


def main():
    torch.set_num_threads(1)
    weak = 0
    for name, ablations in ABLATIONS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        recipe = recipes.RECIPES[name]
        base = rows_of(name, recipe)
        for kind, what, change in ablations:
            try:
                other = rows_of(name, change_of(kind, change, recipe), change if kind == "m" else None)
                kl = min(make.divergence(a, b).mean() for a, b in zip(base, other, strict=True))
            except Exception as error:
                print(f"| {name} | {what} | {type(error).__name__}: {error} |", flush=True)
                weak += 1
                continue
            weak += not kl > LIMIT
            print(f"| {name} | {what} | {kl:.2e} |{'' if kl > LIMIT else ' WEAK'}", flush=True)
    sys.exit(weak > 0)


if __name__ == "__main__":
    main()
