"""gpt-oss's experts as they are published: MXFP4 blocks, which the converter re-packs for GGUF."""
import json
import pathlib

import torch
from safetensors.torch import load_file, save_file

PARTS = ("gate_up_proj", "down_proj")


def fill(model, generator):
    """Random blocks; the model computes with what transformers unpacks them to. Returns them."""
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    packed = {}
    for i, layer in enumerate(model.model.layers):
        for part in PARTS:
            weight = getattr(layer.mlp.experts, part)
            experts, n_in, n_out = weight.shape
            # Values are 0 … 6 with a root mean square of 2.8; 2^-2 makes gates that get clamped.
            exponent = 124 if part == "gate_up_proj" else 122
            blocks = torch.randint(0, 256, (experts, n_out, n_in // 32, 16), generator=generator,
                                   dtype=torch.uint8)
            scales = torch.randint(exponent, exponent + 3, (experts, n_out, n_in // 32),
                                   generator=generator, dtype=torch.uint8)
            with torch.no_grad():
                weight.copy_(convert_moe_packed_tensors(blocks, scales, dtype=torch.float32))
            name = f"model.layers.{i}.mlp.experts.{part}"
            packed |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
    return packed


def save(folder, packed):
    """In a saved model, the blocks in the place of the weights."""
    path = f"{folder}/model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(path).items()
               if not name.endswith(PARTS)} | packed
    save_file(tensors, path, metadata={"format": "pt"})
    config = pathlib.Path(folder, "config.json")
    facts = json.loads(config.read_text()) | {"quantization_config": {"quant_method": "mxfp4"}}
    config.write_text(json.dumps(facts))
