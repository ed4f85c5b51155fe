"""A second opinion: the forward pass of `llama` and `qwen2`, written from the papers, in float64.

It shares nothing with llama.cpp but the block layouts (gguf's dequantisation), so it says how far
llama.cpp's F32 result itself lies from the truth. RMSNorm (arXiv 1910.07467), rotary positions
(2104.09864), grouped-query attention (2305.13245), SwiGLU (2002.05202).
"""
import gguf
import numpy

FAMILIES = ("llama", "qwen2")


class Weights:
    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}
        self.family = self.reader.fields["general.architecture"].contents()

    def setting(self, name, default=None):
        field = self.reader.fields.get(f"{self.family}.{name}")
        return default if field is None else field.contents()

    def __contains__(self, name):
        return name in self.tensors

    def __call__(self, name):
        tensor = self.tensors[name]
        return gguf.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float64)


def norm(x, weight, epsilon):
    return x / numpy.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon) * weight


def rotate(x, base, adjacent):
    """x: tokens x heads x dimension. Pairs are (2i, 2i+1) or, the other convention, (i, i+n/2)."""
    tokens, _, size = x.shape
    angles = numpy.outer(numpy.arange(tokens), base ** (-numpy.arange(0, size, 2) / size))[:, None]
    a, b = (x[..., 0::2], x[..., 1::2]) if adjacent else (x[..., :size // 2], x[..., size // 2:])
    a, b = a * numpy.cos(angles) - b * numpy.sin(angles), a * numpy.sin(angles) + b * numpy.cos(angles)
    result = numpy.empty_like(x)
    if adjacent:
        result[..., 0::2], result[..., 1::2] = a, b
    else:
        result[..., :size // 2], result[..., size // 2:] = a, b
    return result


def attend(q, k, v):
    """Causal; q has a multiple of k's and v's heads."""
    tokens, heads, size = q.shape
    k, v = (x.repeat(heads // x.shape[1], axis=1) for x in (k, v))
    scores = numpy.einsum("ihd,jhd->hij", q, k) / numpy.sqrt(size)
    scores[:, numpy.triu(numpy.ones((tokens, tokens), bool), 1)] = -numpy.inf
    scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return numpy.einsum("hij,jhd->ihd", scores / scores.sum(axis=-1, keepdims=True), v)


def logits(path, tokens):
    """float64, tokens x vocabulary; None for a family that isn't written down here."""
    w = Weights(path)
    if w.family not in FAMILIES or "rope_freqs.weight" in w:
        return None
    heads = w.setting("attention.head_count")
    groups = w.setting("attention.head_count_kv", heads)
    epsilon = w.setting("attention.layer_norm_rms_epsilon")
    base = w.setting("rope.freq_base", 10000.0)

    x = w("token_embd.weight")[tokens]
    for layer in range(w.setting("block_count")):
        name = f"blk.{layer}."

        def project(x, what):
            y = x @ w(f"{name}{what}.weight").T
            return y + w(f"{name}{what}.bias") if f"{name}{what}.bias" in w else y

        h = norm(x, w(name + "attn_norm.weight"), epsilon)
        q = project(h, "attn_q").reshape(len(tokens), heads, -1)
        k = project(h, "attn_k").reshape(len(tokens), groups, -1)
        v = project(h, "attn_v").reshape(len(tokens), groups, -1)
        q, k = (rotate(y, base, adjacent=w.family == "llama") for y in (q, k))
        x = x + project(attend(q, k, v).reshape(len(tokens), -1), "attn_output")

        h = norm(x, w(name + "ffn_norm.weight"), epsilon)
        gate = project(h, "ffn_gate")
        x = x + project(gate / (1 + numpy.exp(-gate)) * project(h, "ffn_up"), "ffn_down")

    x = norm(x, w("output_norm.weight"), epsilon)
    return x @ w("output.weight" if "output.weight" in w else "token_embd.weight").T
