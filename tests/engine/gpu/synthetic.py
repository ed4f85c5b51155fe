#!/usr/bin/env python3
"""synthetic.py SHAPE FILE [--layers N] [--vocabulary N]: a model of a known shape in Q4_K_M with random weights.

Speed does not depend on what weights say, so that a model need not be carried where it is measured: this writes one
as fast as the disk takes it, with nothing but Python. Which matrix has which type follows llama.cpp's recipe for
Q4_K_M; block layouts are those of GGML. Scales are such that activations keep their size from layer to layer.
"""
import argparse
import array
import math
import random
import struct
import sys

CONTEXT = 40960
F32, Q4_K, Q6_K = 0, 12, 14
BLOCK_BYTES = {Q4_K: 144, Q6_K: 210}
ALIGNMENT = 32
# Of so many bytes of random blocks all matrices of a type and width are made.
POOL_BYTES = 32 << 20

SHAPES = {
    "1b": {"family": "llama", "layers": 16, "width": 2048, "heads": 32, "groups": 8, "head": 64, "feed": 8192,
           "vocabulary": 128256, "tied": True, "rope": 5e5},
    "8b": {"family": "llama", "layers": 32, "width": 4096, "heads": 32, "groups": 8, "head": 128, "feed": 14336,
           "vocabulary": 128256, "tied": False, "rope": 5e5},
    "30b-a3b": {"family": "qwen3moe", "layers": 48, "width": 2048, "heads": 32, "groups": 4, "head": 128,
                "feed": 768, "experts": 128, "used": 8, "vocabulary": 151936, "tied": False, "rope": 1e6},
}


def shape(name, layers=None, vocabulary=None):
    made = dict(SHAPES[name])
    made["layers"] = layers or made["layers"]
    made["vocabulary"] = vocabulary or made["vocabulary"]
    return made


def gets_more_bits(layer, n):
    """The recipe's choice of layers whose values and down projections have six bits."""
    return layer < n // 8 or layer >= 7 * n // 8 or (layer - n // 8) % 3 == 2


def tensors(s):
    """Name, dimensions (rows last, as in the file) and type of each."""
    width, queries, keys = s["width"], s["heads"] * s["head"], s["groups"] * s["head"]
    yield "token_embd.weight", (width, s["vocabulary"]), Q6_K if s["tied"] else Q4_K
    for layer in range(s["layers"]):
        at = f"blk.{layer}."
        better = Q6_K if gets_more_bits(layer, s["layers"]) else Q4_K
        yield at + "attn_norm.weight", (width,), F32
        yield at + "attn_q.weight", (width, queries), Q4_K
        yield at + "attn_k.weight", (width, keys), Q4_K
        yield at + "attn_v.weight", (width, keys), better
        if s["family"] == "qwen3moe":
            yield at + "attn_q_norm.weight", (s["head"],), F32
            yield at + "attn_k_norm.weight", (s["head"],), F32
        yield at + "attn_output.weight", (queries, width), Q4_K
        yield at + "ffn_norm.weight", (width,), F32
        if "experts" in s:
            yield at + "ffn_gate_inp.weight", (width, s["experts"]), F32
            yield at + "ffn_gate_exps.weight", (width, s["feed"], s["experts"]), Q4_K
            yield at + "ffn_up_exps.weight", (width, s["feed"], s["experts"]), Q4_K
            yield at + "ffn_down_exps.weight", (s["feed"], width, s["experts"]), better
        else:
            yield at + "ffn_gate.weight", (width, s["feed"]), Q4_K
            yield at + "ffn_up.weight", (width, s["feed"]), Q4_K
            yield at + "ffn_down.weight", (s["feed"], width), better
    yield "output_norm.weight", (width,), F32
    if not s["tied"]:
        yield "output.weight", (width, s["vocabulary"]), Q6_K


def count_bytes(dimensions, kind):
    n = math.prod(dimensions)
    return 4 * n if kind == F32 else n // 256 * BLOCK_BYTES[kind]


def touched(s):
    """Bytes of weights that one token reads: of experts the chosen ones, of a table that is no output a row."""
    total = 0
    for name, dimensions, kind in tensors(s):
        n = count_bytes(dimensions, kind)
        if name == "token_embd.weight" and not s["tied"]:
            n //= s["vocabulary"]
        elif name.endswith("_exps.weight"):
            n = n // s["experts"] * s["used"]
        total += n
    return total


def kv_bytes(s):
    """Of one position, in F16."""
    return s["layers"] * s["groups"] * s["head"] * 2 * 2


def operations(s, n):
    """Multiplications and additions of a prefill of n tokens, whose last alone has logits."""
    a_token = 0
    for name, dimensions, _ in tensors(s):
        if name.startswith("blk.") and len(dimensions) > 1:
            used = s["used"] if len(dimensions) == 3 else 1
            a_token += 2 * dimensions[0] * dimensions[1] * used
    # Each query meets the positions up to its own, in a product with keys and one with values.
    return a_token * n + s["layers"] * s["heads"] * s["head"] * 2 * n * n


# --- Writing ---

def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def metadata(s):
    family = s["family"]
    alphabet = [chr(b if 33 <= b < 127 or 161 <= b < 173 or b >= 174 else 256 + i)
                for i, b in enumerate(range(256))]
    words = alphabet + [f"w{i}" for i in range(s["vocabulary"] - 256)]
    keys = [("general.architecture", family), ("general.name", "Random weights"),
            ("general.file_type", 15),
            (f"{family}.block_count", s["layers"]), (f"{family}.context_length", CONTEXT),
            (f"{family}.embedding_length", s["width"]), (f"{family}.attention.head_count", s["heads"]),
            (f"{family}.attention.head_count_kv", s["groups"]),
            (f"{family}.attention.key_length", s["head"]), (f"{family}.attention.value_length", s["head"]),
            (f"{family}.feed_forward_length", s["feed"]), (f"{family}.rope.freq_base", s["rope"]),
            (f"{family}.attention.layer_norm_rms_epsilon", 1e-6),
            ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "gpt-2"),
            ("tokenizer.ggml.tokens", words), ("tokenizer.ggml.merges", ["w 1"]),
            ("tokenizer.ggml.bos_token_id", 300), ("tokenizer.ggml.eos_token_id", 301)]
    if family == "llama":
        keys.append((f"{family}.rope.dimension_count", s["head"]))
    if "experts" in s:
        keys += [(f"{family}.expert_count", s["experts"]), (f"{family}.expert_used_count", s["used"]),
                 (f"{family}.expert_feed_forward_length", s["feed"])]
    made = []
    for key, value in keys:
        if isinstance(value, str):
            made.append(text(key) + struct.pack("<I", 8) + text(value))
        elif isinstance(value, int):
            made.append(text(key) + struct.pack("<II", 4, value))
        elif isinstance(value, float):
            made.append(text(key) + struct.pack("<If", 6, value))
        else:
            made.append(text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value)))
    return made


def put_everywhere(blocks, at, size, value):
    """A number in half precision, at the same place of every block."""
    for i, byte in enumerate(struct.pack("<e", value)):
        blocks[at + i::size] = bytes([byte]) * (len(blocks) // size)


class Pools:
    """Random blocks, made once for each type and width, and random floats."""

    def __init__(self):
        self.random = random.Random(1)
        self.made = {}
        self.floats = array.array("f", [self.random.gauss(0, 1) for _ in range(1 << 16)])

    def blocks(self, kind, columns):
        if (kind, columns) not in self.made:
            size = BLOCK_BYTES[kind]
            blocks = bytearray(self.random.randbytes(POOL_BYTES // size * size))
            # So that an element has a mean of nothing and a variance of 1 / columns: four bits times a scale of
            # six, less a minimum of six; six bits times a scale of eight with its sign.
            if kind == Q4_K:
                scale = 1 / (255 * columns ** 0.5)
                put_everywhere(blocks, 0, size, scale)
                put_everywhere(blocks, 2, size, 7.5 * scale)
            else:
                put_everywhere(blocks, 208, size, 1 / (1366 * columns ** 0.5))
            self.made[kind, columns] = memoryview(bytes(blocks))
        return self.made[kind, columns]

    def some_floats(self, n, middle, spread):
        at = self.random.randrange(len(self.floats))
        return array.array("f", [middle + spread * self.floats[(at + i) % len(self.floats)] for i in range(n)])

    def matrix_of_floats(self, columns, rows):
        """Rows begin at random places of the floats."""
        made = array.array("f")
        scaled = array.array("f", [value / columns ** 0.5 for value in self.floats])
        for _ in range(rows):
            at = self.random.randrange(len(scaled) - columns)
            made += scaled[at:at + columns]
        return made

    def write(self, file, dimensions, kind):
        if kind == F32 and len(dimensions) == 1:
            file.write(self.some_floats(dimensions[0], 1, 0.1).tobytes())
        elif kind == F32:
            file.write(self.matrix_of_floats(*dimensions).tobytes())
        else:
            pool = self.blocks(kind, dimensions[0])
            rest = count_bytes(dimensions, kind)
            at = self.random.randrange(len(pool) // BLOCK_BYTES[kind]) * BLOCK_BYTES[kind]
            while rest > 0:
                piece = pool[at:at + rest]
                file.write(piece)
                rest -= len(piece)
                at = 0


def write(path, s):
    head = [b"GGUF", struct.pack("<I", 3)]
    listed = list(tensors(s))
    keys = metadata(s)
    head.append(struct.pack("<QQ", len(listed), len(keys)))
    head += keys
    offset = 0
    for name, dimensions, kind in listed:
        head.append(text(name) + struct.pack("<I", len(dimensions)))
        head.append(struct.pack(f"<{len(dimensions)}QIQ", *dimensions, kind, offset))
        offset += -(-count_bytes(dimensions, kind) // ALIGNMENT) * ALIGNMENT
    pools = Pools()
    with open(path, "wb") as file:
        file.write(b"".join(head))
        for _, dimensions, kind in listed:
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            pools.write(file, dimensions, kind)
        file.write(b"\0" * (-file.tell() % ALIGNMENT))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("file")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--vocabulary", type=int)
    options = parser.parse_args()
    write(options.file, shape(options.shape, options.layers, options.vocabulary))


if __name__ == "__main__":
    sys.exit(main())
