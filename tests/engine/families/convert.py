"""From a saved transformers model to GGUF, by llama.cpp's own converter.

The converter's code decides names, shapes, permutations and metadata. Only the vocabulary is ours: a
small byte-level one (or, for the embedders, WordPiece), because a random model has no tokenizer.
"""
import importlib
import json
import logging
import pathlib
import sys

BYTES = [*range(33, 127), *range(161, 173), *range(174, 256)]


def byte_tokens():
    """GPT-2's printable stand-ins for the 256 bytes (Radford et al. 2019), then four more tokens."""
    others = [b for b in range(256) if b not in BYTES]
    stand_ins = {b: chr(b) for b in BYTES} | {b: chr(256 + i) for i, b in enumerate(others)}
    return [stand_ins[b] for b in range(256)]


def write_bytes_vocabulary(writer, size):
    tokens = (byte_tokens() + ["\u0120t", "<|begin|>", "<|end|>", "<|pad|>"])[:size]
    assert len(tokens) == size
    types = [3 if text.startswith("<|") else 1 for text in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(["\u0120 t"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    writer.add_pad_token_id(259)
    writer.add_add_bos_token(False)


def write_word_pieces(writer, size):
    letters = [chr(c) for c in range(97, 123)] + [str(d) for d in range(10)]
    words = ["\u2581" + a for a in letters] + letters + ["\u2581" + a + b for a in letters for b in letters]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokens = (special + words)[:size]
    assert len(tokens) == size
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(special) + [1] * (size - len(special)))
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)


def load(llama_cpp):
    """The converter's module out of a llama.cpp source tree."""
    for folder in (llama_cpp, f"{llama_cpp}/gguf-py"):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    logging.disable(logging.WARNING)
    return importlib.import_module("conversion")


def convert(llama_cpp, folder, target, options=(), prepare=None, finish=None):
    """folder: as save_pretrained left it; prepare: what to do with the converter's class before; finish: with what it is about to write."""
    conversion = load(llama_cpp)
    import gguf
    import torch

    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    hparams = conversion.ModelBase.load_hparams(pathlib.Path(folder), False)
    architecture = conversion.get_model_architecture(hparams, conversion.ModelType.TEXT)
    kind = conversion.get_model_class(architecture)
    size = config.get("vocab_size") or config["text_config"]["vocab_size"]

    def set_vocab(self):
        if "bert" in gguf.MODEL_ARCH_NAMES[self.model_arch]:
            self.gguf_writer.add_token_type_count(self.hparams.get("type_vocab_size", 1))
            write_word_pieces(self.gguf_writer, size)
            self.vocab_size = size  # the converter's own set_vocab notes it for later
        else:
            write_bytes_vocabulary(self.gguf_writer, size)

    # Of this class, and of those it hands its work on to.
    for part in [kind, *(p for p in vars(kind).values() if isinstance(p, type))]:
        part.set_vocab = set_vocab
    if hasattr(kind, "module_paths"):
        kind.module_paths = []  # the class's own list would remember the model before
    if prepare is not None:
        kind = type(kind.__name__, (kind,), {"model_arch": kind.model_arch})
        prepare(kind)
    with torch.inference_mode():
        made = kind(pathlib.Path(folder), gguf.LlamaFileType.ALL_F32, pathlib.Path(target),
                    eager=True, model_name="Tiny and random",
                    **dict(options))
        begin = gguf.GGUFWriter.write_header_to_file

        def begin_finished(self, *arguments, **named):
            if finish is not None:
                finish(self)
            begin(self, *arguments, **named)

        gguf.GGUFWriter.write_header_to_file = begin_finished
        try:
            made.write()
        finally:
            gguf.GGUFWriter.write_header_to_file = begin
