#!/usr/bin/env python3
"""vision.py [NAME...]: tiny random models that see, as vision files with the rows that they must give.

The models are transformers' own classes, the files are written by llama.cpp's converter, squares come from
transformers' image processors (with Pillow), rows from its models in double precision. Run by `make` (see README.md).
"""
import argparse
import json
import os
import pathlib
import re
import struct
import sys
import tempfile
import zlib

import numpy
import PIL.Image
import safetensors.torch
import torch
import transformers

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, f"{here}/../families"]
import convert
import make as families
import recipes_vision as recipes


def build(name, recipe):
    config = recipe["config"]()
    config._attn_implementation = "eager"
    torch.manual_seed(1)
    model = getattr(transformers, recipe["model"])(config).eval().float()
    families.fill(model, recipe, zlib.crc32(name.encode()))
    return model


def picture(name, width, height):
    """Noise over broad patches: every pixel counts, and so does each corner."""
    generator = numpy.random.default_rng(zlib.crc32(f"{name} {width} {height}".encode()))
    coarse = generator.integers(0, 256, (3, 4, 3), numpy.uint8)
    broad = PIL.Image.fromarray(coarse).resize((width, height), PIL.Image.NEAREST)
    noise = generator.integers(-40, 41, (height, width, 3))
    return numpy.clip(numpy.asarray(broad).astype(int) + noise, 0, 255).astype(numpy.uint8)


def process(recipe, pixels):
    """Squares, (n, 3, side, side), as the model is given them; and the same as bytes."""
    processor = recipe["processor"]()
    values = processor(PIL.Image.fromarray(pixels), return_tensors="pt", **recipe.get("options", {}))["pixel_values"]
    values = values.reshape(-1, *values.shape[-3:]).double()
    mean, deviation = (torch.tensor(v).double().view(3, 1, 1) for v in (processor.image_mean, processor.image_std))
    squares = ((values * deviation + mean) * 255).permute(0, 2, 3, 1)
    assert (squares - squares.round()).abs().max() < 1e-3
    return values, squares.round().numpy().astype(numpy.uint8)


def process_grid(recipe, pixels):
    """Patches of a picture as it is, and how many there are down and across; no squares."""
    found = recipe["processor"]()(PIL.Image.fromarray(pixels), return_tensors="pt")
    return found["pixel_values"].double(), found["image_grid_thw"]


def process_lines(recipe, pixels):
    """A picture as it is, and its sides; no squares."""
    found = recipe["processor"]()(PIL.Image.fromarray(pixels), return_tensors="pt")
    return found["pixel_values"].double(), found["image_sizes"]


def run(model, recipe, values, **options):
    with torch.inference_mode(), families.in_doubles():
        rows = recipe["run"](model.double(), values, **options)
        rows = torch.cat(rows) if isinstance(rows, (list, tuple)) else rows
    return rows.reshape(-1, rows.shape[-1]).numpy()


def write_case(path, pixels, squares, rows):
    """u32 width, height, squares, side, rows, columns; bytes of picture and squares; f32 rows; little-endian. Of a picture that is
    cut into none, side is how many rows stand side by side."""
    with open(path, "wb") as file:
        file.write(struct.pack("<6I", pixels.shape[1], pixels.shape[0], *squares.shape[:2], *rows.shape))
        file.write(pixels.tobytes() + squares.tobytes())
        file.write(numpy.asarray(rows, "<f4").tobytes())


def publish(folder, prefix=""):
    """transformers has taken a step out of these names since the models were published, and the converter knows those."""
    path = f"{folder}/model.safetensors"
    tensors = safetensors.torch.load_file(path)
    if prefix:
        names = {name: prefix + name for name in tensors}
    else:
        names = {name: re.sub(r"vision_tower\.(?=embed|encoder|p\w+_lay)", "vision_tower.vision_model.", name) for name in tensors}
    safetensors.torch.save_file({names[name]: tensor for name, tensor in tensors.items()}, path, {"format": "pt"})


def convert_model(llama_cpp, model, recipe, target):
    conversion = convert.load(llama_cpp)
    import gguf

    with tempfile.TemporaryDirectory() as folder:
        model.float().save_pretrained(folder)
        publish(folder, recipe.get("prefix", ""))
        processor = recipe["processor"]()
        facts = {"image_mean": processor.image_mean, "image_std": processor.image_std, "size": dict(processor.size)}
        pathlib.Path(f"{folder}/preprocessor_config.json").write_text(json.dumps(facts))
        for file, content in recipe.get("files", {}).items():
            pathlib.Path(f"{folder}/{file}").write_text(json.dumps(content))
        if "says" in recipe:
            path = pathlib.Path(f"{folder}/config.json")
            config = json.loads(path.read_text())
            recipe["says"](config)
            path.write_text(json.dumps(config))
        kind = recipe.get("converter")
        if kind is None:
            hparams = conversion.ModelBase.load_hparams(pathlib.Path(folder), False)
            architecture = conversion.get_model_architecture(hparams, conversion.ModelType.MMPROJ)
            kind = conversion.get_model_class(architecture, mmproj=True)
        else:
            kind = kind(conversion, gguf)
        with torch.inference_mode():
            kind(pathlib.Path(folder), gguf.LlamaFileType.ALL_F32, pathlib.Path(target), eager=True,
                 model_name="Tiny and random").write()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama-cpp", required=True)
    parser.add_argument("--out", default=here)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    for name in options.names or recipes.RECIPES:
        recipe = recipes.RECIPES[name]
        model = build(name, recipe)
        convert_model(options.llama_cpp, model, recipe, f"{options.out}/{name}.gguf")
        for case, (width, height) in recipe["cases"].items():
            pixels = picture(name, width, height)
            if recipe.get("is_grid"):
                values, sizes = process_grid(recipe, pixels)
                squares = numpy.zeros((0, int(sizes[0, 2]) // 2, 0), numpy.uint8)
                rows = run(model, recipe, values, image_grid_thw=sizes)
            elif recipe.get("is_lines"):
                values, sizes = process_lines(recipe, pixels)
                squares = numpy.zeros((0, int(sizes[0][1]) // 8, 0), numpy.uint8)
                rows = run(model, recipe, values, image_sizes=torch.tensor([list(side) for side in sizes]))
            else:
                values, squares = process(recipe, pixels)
                rows = run(model, recipe, values)
            write_case(f"{options.out}/{name}.{case}.rows", pixels, squares, rows)
            if "layout" in recipe:
                pathlib.Path(f"{options.out}/{name}.{case}.layout").write_text(recipe["layout"](len(squares), width, height))
            print(f"{name} {case}: {len(squares)} squares, {rows.shape[0]} rows of {rows.shape[1]}, "
                  f"{os.path.getsize(f'{options.out}/{name}.gguf')} bytes", flush=True)


main()
