"""A BERT that finds texts by their meaning, as its authors publish it, written as one GGUF file.

Sources, in a folder of a ZIP archive, as sentence-transformers has them:
  config.json, tokenizer_config.json, 1_Pooling/config.json, vocab.txt,
  model.safetensors   u64 n, n bytes of JSON {name: {dtype, shape, data_offsets}}, then the tensors; here in F32

GGUF 3 (../../engine/format/README.md): "GGUF", version, counts of tensors and keys; keys with their values; of each tensor name,
sizes with the row's length first, type and place; then their data, each from a multiple of 32 on. Numbers are little-endian.

Names, types and order are those that llama.cpp's converter writes: matrices in F16, what is looked up by position and all vectors
in F32, word pieces that begin a word with a mark in front of them in place of two # in front of the others. The same sources give
the same bytes.
"""
import json
import math
import re
import struct

ALIGNMENT = 32
AT_ONCE = 1 << 16
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16 = 0, 1
NORMAL, CONTROL = 1, 3

TENSORS = [
    (r"embeddings\.LayerNorm\.(bias|weight)", r"token_embd_norm.\1"),
    (r"embeddings\.position_embeddings\.weight", "position_embd.weight"),
    (r"embeddings\.token_type_embeddings\.weight", "token_types.weight"),
    (r"embeddings\.word_embeddings\.weight", "token_embd.weight"),
    (r"encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.(bias|weight)", r"blk.\1.attn_output_norm.\2"),
    (r"encoder\.layer\.(\d+)\.attention\.output\.dense\.(bias|weight)", r"blk.\1.attn_output.\2"),
    (r"encoder\.layer\.(\d+)\.attention\.self\.key\.(bias|weight)", r"blk.\1.attn_k.\2"),
    (r"encoder\.layer\.(\d+)\.attention\.self\.query\.(bias|weight)", r"blk.\1.attn_q.\2"),
    (r"encoder\.layer\.(\d+)\.attention\.self\.value\.(bias|weight)", r"blk.\1.attn_v.\2"),
    (r"encoder\.layer\.(\d+)\.intermediate\.dense\.(bias|weight)", r"blk.\1.ffn_up.\2"),
    (r"encoder\.layer\.(\d+)\.output\.LayerNorm\.(bias|weight)", r"blk.\1.layer_output_norm.\2"),
    (r"encoder\.layer\.(\d+)\.output\.dense\.(bias|weight)", r"blk.\1.ffn_down.\2"),
]
# What says nothing of a text: numbers from 0 on, and a layer that guessed which sentence comes next.
UNUSED = r"embeddings\.position_ids|pooler\..*"
ALWAYS_F32 = ("position_embd.weight", "token_types.weight")


class Odd(Exception):
    """A source that is not what this knows how to write."""


# --- Values ---

def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    if kind == STRING:
        return string(content)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], content)


def key(name, kind, content):
    return string(name) + struct.pack("<I", kind) + value(kind, content)


def array(name, kind, content):
    head = string(name) + struct.pack("<IIQ", ARRAY, kind, len(content))
    return head + b"".join(value(kind, element) for element in content)


# --- Keys ---

def piece(text):
    """A word piece with the mark that GGUF has where a word begins."""
    if text.startswith("[") and text.endswith("]") and not text.startswith("[unused"):
        return text
    return text[2:] if text.startswith("##") else "\u2581" + text


def vocabulary(texts, settings, n_types):
    def number(name):
        return texts.index(settings[name])

    special = {settings[f"{name}_token"] for name in ("unk", "sep", "pad", "cls", "mask")}
    return [
        key("tokenizer.ggml.token_type_count", UINT32, n_types),
        key("tokenizer.ggml.model", STRING, "bert"),
        key("tokenizer.ggml.pre", STRING, "jina-v2-en"),  # what the converter calls words parted as BERT does
        array("tokenizer.ggml.tokens", STRING, [piece(text) for text in texts]),
        array("tokenizer.ggml.token_type", INT32, [CONTROL if text in special else NORMAL for text in texts]),
        key("tokenizer.ggml.bos_token_id", UINT32, number("cls_token")),
        key("tokenizer.ggml.eos_token_id", UINT32, number("sep_token")),
        key("tokenizer.ggml.unknown_token_id", UINT32, number("unk_token")),
        key("tokenizer.ggml.seperator_token_id", UINT32, number("sep_token")),
        key("tokenizer.ggml.padding_token_id", UINT32, number("pad_token")),
        key("tokenizer.ggml.mask_token_id", UINT32, number("mask_token")),
        key("tokenizer.ggml.add_bos_token", BOOL, True),
        key("tokenizer.ggml.add_eos_token", BOOL, True),
        key("tokenizer.ggml.add_sep_token", BOOL, False),
        key("tokenizer.ggml.normalizer.lowercase", BOOL, settings["do_lower_case"]),
    ]


def description(config, name, licence, n_parameters):
    return [
        key("general.architecture", STRING, "bert"),
        key("general.type", STRING, "model"),
        key("general.name", STRING, name),
        key("general.size_label", STRING, f"{round(n_parameters / 1e6)}M"),
        key("general.license", STRING, licence.lower()),
        key("bert.block_count", UINT32, config["num_hidden_layers"]),
        key("bert.context_length", UINT32, config["max_position_embeddings"]),
        key("bert.embedding_length", UINT32, config["hidden_size"]),
        key("bert.feed_forward_length", UINT32, config["intermediate_size"]),
        key("bert.attention.head_count", UINT32, config["num_attention_heads"]),
        key("bert.attention.layer_norm_epsilon", FLOAT32, config["layer_norm_eps"]),
        key("general.file_type", UINT32, F16),
        key("bert.attention.causal", BOOL, False),
        key("bert.pooling_type", UINT32, 1),  # the mean
        key("general.quantization_version", UINT32, 2),
    ]


# --- Tensors ---

class Tensor:
    def __init__(self, source, entry):
        names = [re.sub(pattern, name, source) for pattern, name in TENSORS if re.fullmatch(pattern, source)]
        if len(names) != 1 or entry["dtype"] != "F32":
            raise Odd(f"there is a tensor {source} of {entry['dtype']}")
        self.name = names[0]
        self.shape = entry["shape"]
        self.n = math.prod(self.shape)
        self.begin, end = entry["data_offsets"]
        self.type = F32 if len(self.shape) == 1 or self.name in ALWAYS_F32 else F16
        self.size = self.n * (4 if self.type == F32 else 2)
        if end - self.begin != 4 * self.n:
            raise Odd(f"{source} has {end - self.begin} bytes")

    def info(self, offset):
        sizes = self.shape[::-1]
        return string(self.name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, self.type, offset)

    def copy(self, stream, first, output):
        stream.seek(first + self.begin)
        for done in range(0, self.n, AT_ONCE):
            n = min(AT_ONCE, self.n - done)
            block = stream.read(4 * n)
            output.write(block if self.type == F32 else struct.pack(f"<{n}e", *struct.unpack(f"<{n}f", block)))


def padded(size):
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def read_tensors(stream):
    """All that are used, in their order, and where their data begin."""
    length, = struct.unpack("<Q", stream.read(8))
    entries = json.loads(stream.read(length))
    entries.pop("__metadata__", None)
    tensors = [Tensor(name, entry) for name, entry in entries.items() if not re.fullmatch(UNUSED, name)]
    return sorted(tensors, key=lambda tensor: tensor.begin), 8 + length


def write(archive, folder, output, name, licence):
    """Writes the model in @folder of @archive to @output: name and licence are not in its files."""
    def read(path):
        return json.loads(archive.read(f"{folder}/{path}"))

    config, settings = read("config.json"), read("tokenizer_config.json")
    pooling = read("1_Pooling/config.json")
    if config["architectures"] != ["BertModel"] or config["hidden_act"] != "gelu" \
            or [mode for mode, on in pooling.items() if on is True] != ["pooling_mode_mean_tokens"]:
        raise Odd("it is not a BERT that ends in a mean")
    texts = archive.read(f"{folder}/vocab.txt").decode().removesuffix("\n").split("\n")
    with archive.open(f"{folder}/model.safetensors") as stream:
        tensors, first = read_tensors(stream)
        keys = description(config, name, licence, sum(tensor.n for tensor in tensors))
        keys += vocabulary(texts, settings, config["type_vocab_size"])
        head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys)) + b"".join(keys)
        offset = 0
        for tensor in tensors:
            head += tensor.info(offset)
            offset += padded(tensor.size)
        output.write(head + bytes(padded(len(head)) - len(head)))
        for tensor in tensors:
            tensor.copy(stream, first, output)
            output.write(bytes(padded(tensor.size) - tensor.size))
