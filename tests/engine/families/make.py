#!/usr/bin/env python3
"""make.py [NAME...]: tiny random models of every family, as GGUF with the logits they must give.

The models are transformers' own classes, the files are written by llama.cpp's converter, the logits
come from transformers in double precision where its code allows it. Run by `make` (see README.md).
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import struct
import sys
import tempfile
import types
import zlib

import numpy
import torch
import transformers

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import convert
import mxfp4
import recipes
from recipes import VOCABULARY

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def rounded(values):
    """Five significant bits: exact in every float format, and little for git to keep."""
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 32) / 32, exponent)


def fan_in(name, tensor, recipe):
    if any(part in name for part in recipe.get("transposed", ())):
        return tensor.shape[-2]
    return tensor.shape[-1]


def fill(model, recipe, seed):
    """Weights large enough that every part of the model moves the logits."""
    generator = torch.Generator().manual_seed(seed)
    gains = recipe.get("gains", {})
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    seen = set()

    def noise(tensor):
        return torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        buffers = [(n, b) for n, b in model.named_buffers() if n.endswith(recipes.FILLED_BUFFERS)]
        for name, tensor in [*model.named_parameters(), *buffers]:
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            gain = next((g for part, g in gains.items() if part in name), 2.0 if "lm_head" in name else 1.0)
            if tensor.ndim <= 1:
                value = tensor.float() + 0.3 * gain * noise(tensor)
            elif id(tensor) in embeddings:
                value = 0.6 * gain * noise(tensor)
            else:
                value = 1.3 * gain * noise(tensor) / fan_in(name, tensor, recipe) ** 0.5
            tensor.copy_(rounded(value))
    if hasattr(model, "tie_weights"):
        model.tie_weights()


def build(name, recipe):
    config = getattr(transformers, recipe["config"])(**recipe["arguments"])
    config._attn_implementation = "eager"
    torch.manual_seed(1)
    model = getattr(transformers, recipe["model"])(config).eval().float()
    fill(model, recipe, zlib.crc32(name.encode()))
    packed = mxfp4.fill(model, torch.Generator().manual_seed(2)) if recipe.get("mxfp4") else None
    return model, packed


def prompt(name, length, vocabulary):
    generator = numpy.random.default_rng(zlib.crc32(f"{name} {length}".encode()))
    return generator.integers(0, vocabulary, length).tolist()


class Doubles(types.ModuleType):
    """torch, but for code that says float32 where it means \"precisely\"."""
    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


@contextlib.contextmanager
def in_doubles():
    """transformers computes norms, softmax and the delta rule in float32 whatever the model is in."""
    modules = [module for name, module in list(sys.modules.items())
               if name.startswith("transformers.models.") and vars(module).get("torch") is torch]
    single = torch.Tensor.float
    try:
        for module in modules:
            module.torch = Doubles("torch")
        torch.Tensor.float = torch.Tensor.double
        yield
    finally:
        torch.Tensor.float = single
        for module in modules:
            module.torch = torch


def divergence(exact, other):
    def log_softmax(rows):
        rows = rows - rows.max(axis=1, keepdims=True)
        return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))
    p, q = log_softmax(exact), log_softmax(other)
    return (numpy.exp(p) * (p - q)).sum(axis=1)


def run(model, tokens):
    ids = torch.tensor([tokens])
    with torch.inference_mode():
        return model(input_ids=ids, use_cache=False).logits[0].double().numpy()


def write_rows(path, tokens, rows):
    """u32 tokens, u32 rows, u32 columns, i32 ids[tokens], f32 rows[rows][columns]; little-endian."""
    with open(path, "wb") as file:
        file.write(struct.pack("<3I", len(tokens), *rows.shape))
        file.write(numpy.asarray(tokens, "<i4").tobytes())
        file.write(numpy.asarray(rows, "<f4").tobytes())


def see(model, ids, blocks, rows):
    """What Gemma3ForConditionalGeneration computes behind its encoder: rows in place of embeddings, and its masks."""
    from transformers.models.gemma3 import modeling_gemma3 as gemma3
    kinds = torch.zeros_like(ids)
    with torch.inference_mode():
        embedded = model.get_input_embeddings()(ids)
        for (first, length), values in zip(blocks, rows):
            kinds[0, first:first + length] = 1
            embedded[0, first:first + length] = values.to(embedded.dtype)
        positions = torch.arange(ids.shape[1])[None]
        masks = gemma3.create_masks_for_vision_model(
            config=model.config, inputs_embeds=embedded, attention_mask=torch.ones_like(ids), past_key_values=None,
            position_ids=positions, block_sequence_ids=gemma3.get_block_sequence_ids_for_mask(kinds))
        return model(inputs_embeds=embedded, attention_mask=masks, position_ids=positions,
                     use_cache=False).logits[0].double().numpy()


def find_positions(model, kinds, grids):
    """Where transformers has tokens along its axes; the rows of a picture are already merged."""
    module = sys.modules[type(model).__module__]
    kind = next(value for name, value in vars(module).items() if name.endswith("Model") and hasattr(value, "get_rope_index"))
    sizes = types.SimpleNamespace(vision_config=types.SimpleNamespace(spatial_merge_size=1))
    stub = types.SimpleNamespace(config=sizes)
    stub.get_vision_position_ids = types.MethodType(kind.get_vision_position_ids, stub)
    return kind.get_rope_index(stub, torch.zeros_like(kinds), kinds, torch.tensor([(1, *grid) for grid in grids]))[0]


def see_grids(model, ids, blocks, rows):
    """What models of axes compute behind their encoder: rows, those of further layers among them, each at its place in its grid."""
    kinds = torch.zeros_like(ids, dtype=torch.int32)
    text = getattr(model.model, "language_model", model.model)
    deep = {}
    with torch.inference_mode():
        embedded = text.embed_tokens(ids)
        for (first, height, width), values in zip(blocks, rows):
            kinds[0, first:first + height * width] = 1
            embedded[0, first:first + height * width] = values[0].to(embedded.dtype)
        if len(rows[0]) > 1:
            deep = {"visual_pos_masks": kinds == 1, "deepstack_visual_embeds": [
                torch.cat(parts) for parts in list(zip(*rows))[1:]]}
        positions = find_positions(model, kinds, [block[1:] for block in blocks])
        states = text(inputs_embeds=embedded, position_ids=positions, use_cache=False, **deep).last_hidden_state
        return model.lm_head(states)[0].double().numpy()


def make_seeing_grids(name, model, recipe, stem):
    """The same as make_seeing() of grids, (first, height, width); behind a picture's rows stand those of further layers."""
    blocks = recipe["sees_grids"]
    first, height, width = blocks[-1]
    generator = torch.Generator().manual_seed(5)
    tokens = prompt(f"{name} sees", first + height * width + 12, VOCABULARY)
    hidden = model.config.get_text_config().hidden_size
    rows = [[rounded(torch.randn((height * width, hidden), generator=generator)) for _ in range(1 + recipe.get("deep", 0))]
            for _, height, width in blocks]
    ids = torch.tensor([tokens])
    single = see_grids(model.float(), ids, blocks, rows)
    with in_doubles():
        exact = see_grids(model.double(), ids, blocks, rows)
    assert numpy.isfinite(exact).all()
    numbers = [(first, height * width, width) for first, height, width in blocks]
    for first, n, _ in numbers:
        tokens[first:first + n] = [-1] * n
    write_rows(f"{stem}.pictures", [number for picture in numbers for number in picture],
               torch.cat([part for parts in rows for part in parts]).numpy())
    write_rows(f"{stem}.seen", tokens, exact)
    return f"with pictures entropy {spread(exact):.2f}, KL {divergence(exact, single).mean():.1e}"


def make_seeing(name, model, recipe, stem):
    """A prompt with pictures: NAME.pictures has where they stand and their rows, NAME.seen the logits of all."""
    blocks = recipe["sees"]
    length = sum(blocks[-1]) + 12
    generator = torch.Generator().manual_seed(4)
    tokens = prompt(f"{name} sees", length, VOCABULARY)
    rows = [rounded(torch.randn((n, model.config.hidden_size), generator=generator)) for _, n in blocks]
    ids = torch.tensor([tokens])
    single = see(model.float(), ids, blocks, rows)
    with in_doubles():
        exact = see(model.double(), ids, blocks, rows)
    assert numpy.isfinite(exact).all()
    for first, n in blocks:
        tokens[first:first + n] = [-1] * n
    write_rows(f"{stem}.pictures", [number for block in blocks for number in block], torch.cat(rows).numpy())
    write_rows(f"{stem}.seen", tokens, exact)
    return f"with pictures entropy {spread(exact):.2f}, KL {divergence(exact, single).mean():.1e}"


def cases_of(recipe):
    cases = recipe.get("cases", 40)
    return cases if isinstance(cases, dict) else {"": cases}


def states(model, tokens):
    ids = torch.tensor([tokens])
    with torch.inference_mode():
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
    return out.double().numpy()


def write_dense(folder, sizes):
    """The matrices behind pooling, where sentence-transformers keeps them. Returns them."""
    from safetensors.torch import save_file
    generator = torch.Generator().manual_seed(3)
    modules = [{"idx": 1, "name": "1", "path": "1_Pooling", "type": "models.Pooling"}]
    matrices = []
    for i, (width, height) in enumerate(zip(sizes, sizes[1:]), 2):
        matrix = rounded(torch.randn((height, width), generator=generator) / width ** 0.5)
        path = pathlib.Path(folder, f"{i}_Dense")
        path.mkdir(exist_ok=True)
        save_file({"linear.weight": matrix}, path / "model.safetensors")
        (path / "config.json").write_text(json.dumps(
            {"in_features": width, "out_features": height, "bias": False}))
        modules.append({"idx": i, "name": str(i), "path": path.name, "type": "models.Dense"})
        matrices.append(matrix.double().numpy())
    pathlib.Path(folder, "modules.json").write_text(json.dumps(modules))
    return matrices


def spread(rows):
    """How far from flat: the mean entropy in nats."""
    rows = rows - rows.max(axis=1, keepdims=True)
    p = numpy.exp(rows)
    p /= p.sum(axis=1, keepdims=True)
    return float(-(p * numpy.log(p + 1e-30)).sum(axis=1).mean())


def make(name, recipe, out, llama_cpp, keep):
    model, packed = build(name, recipe)
    folder = keep or tempfile.mkdtemp()
    target = f"{out}/{name}.gguf"
    if os.path.exists(target):
        os.unlink(target)
    try:
        model.save_pretrained(folder)
        if packed:
            mxfp4.save(folder, packed)
        if "config_changes" in recipe:
            path = pathlib.Path(folder, "config.json")
            config = json.loads(path.read_text())
            recipe["config_changes"](config)
            path.write_text(json.dumps(config))
        for extra, content in recipe.get("files", {}).items():
            path = pathlib.Path(folder, extra)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content))
        dense = write_dense(folder, recipe["dense"]) if "dense" in recipe else ()
        convert.convert(llama_cpp, folder, target, recipe.get("options", ()), recipe.get("prepare"),
                        recipe.get("finish"))
    finally:
        if not keep:
            shutil.rmtree(folder)
    words = []
    for case, length in cases_of(recipe).items():
        stem = f"{out}/{name}{'.' if case else ''}{case}"
        if recipe.get("embeds"):
            tokens = [2, *prompt(name, length - 2, VOCABULARY), 3]
            single = states(model.float(), tokens)
            with in_doubles():
                rows = states(model.double(), tokens)
            assert numpy.isfinite(rows).all()
            write_rows(f"{stem}.states", tokens, rows)
            pooled = {"cls": rows[0], "last": rows[-1], "mean": rows.mean(axis=0)}[recipe["embeds"]]
            for matrix in dense:
                pooled = matrix @ pooled
            write_rows(f"{stem}.pooled", tokens, pooled[None])
            words.append(f"rms {numpy.sqrt((rows ** 2).mean()):.2f}, "
                         f"f32 off by {abs(single - rows).max():.1e}")
            continue
        tokens = prompt(name, length, VOCABULARY)
        single = run(model.float(), tokens)
        with in_doubles():
            rows = run(model.double(), tokens)
        assert numpy.isfinite(rows).all()
        write_rows(f"{stem}.logits", tokens, rows)
        kl = divergence(rows, single)
        words.append(f"entropy {spread(rows):.2f}, f32 off by {abs(single - rows).max():.1e}, "
                     f"KL {kl.mean():.1e} (max {kl.max():.1e})")
    if "sees" in recipe:
        words.append(make_seeing(name, model, recipe, f"{out}/{name}"))
    if "sees_grids" in recipe:
        words.append(make_seeing_grids(name, model, recipe, f"{out}/{name}"))
    print(f"{name}: {os.path.getsize(target) / 1000:.0f} kB; {'; '.join(words)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", default=here)
    parser.add_argument("--llama-cpp", required=True, help="a llama.cpp source tree")
    parser.add_argument("--for-peer", action="store_true", help="as llama.cpp can read it")
    parser.add_argument("--keep", help="keep the saved transformers model here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    for name in options.names or (recipes.FOR_PEER if options.for_peer else recipes.RECIPES):
        recipe = recipes.RECIPES[name]
        if options.for_peer:
            recipe = recipe | {"arguments": recipe["arguments"] | recipes.FOR_PEER[name]}
        try:
            make(name, recipe, options.out, options.llama_cpp, options.keep)
        except Exception as error:
            failed += 1
            if len(options.names) == 1:
                raise
            print(f"{name}: FAILED {type(error).__name__}: {error}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
