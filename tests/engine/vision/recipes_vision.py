"""What each tiny model that sees is: a transformers configuration, its image processor, and how its rows come out."""
import re

import transformers

RECIPES = {}
VISION = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}
TEXT = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "num_key_value_heads": 1, "pad_token_id": 0}


def add(name, **recipe):
    RECIPES[name] = recipe


def features(model, values, **options):
    found = model.get_image_features(values, **options)
    deep = getattr(found, "deepstack_features", None) or []
    return [*found.pooler_output, *(part for parts in deep for part in parts)]


def shorten(text):
    """Runs of placeholders as their number."""
    return re.sub(r"(<image>)+", lambda run: f"[{len(run[0]) // len('<image>')}]", text)


# --- gemma3: 8 × 8 patches, 4 × 4 of which are pooled ---
add("gemma3", model="Gemma3ForConditionalGeneration",
    config=lambda: transformers.Gemma3Config(
        text_config={**TEXT, "head_dim": 8}, vision_config={**VISION, "image_size": 32, "patch_size": 4, "vision_use_head": False},
        mm_tokens_per_image=4),
    processor=lambda: transformers.Gemma3ImageProcessorPil(
        size={"height": 32, "width": 32}, image_mean=[0.5] * 3, image_std=[0.5] * 3),
    run=features, cases={"small": (11, 7), "wide": (83, 40), "high": (33, 64)})


# --- idefics3: squares of 16 pixels, the longer side made 48 ---
def idefics3_layout(n, width, height):
    from transformers.models.smolvlm.processing_smolvlm import get_image_prompt_string
    processor = idefics3_processor()
    _, rows, columns = processor.get_number_of_image_patches(height, width, {})
    assert n == rows * columns + 1
    return shorten(get_image_prompt_string(rows, columns, 4, image_token="<image>", global_image_token="<global-img>",
                                           fake_token_around_image="<fake_token_around_image>"))


def idefics3_processor():
    return transformers.Idefics3ImageProcessorPil(size={"longest_edge": 48}, max_image_size={"longest_edge": 16},
                                                  image_mean=[0.5] * 3, image_std=[0.5] * 3)


add("idefics3", model="Idefics3ForConditionalGeneration",
    config=lambda: transformers.Idefics3Config(
        text_config={**TEXT, "model_type": "llama"},
        vision_config={**VISION, "model_type": "idefics3_vision", "image_size": 16, "patch_size": 4}, scale_factor=2),
    processor=idefics3_processor, layout=idefics3_layout,
    run=lambda model, values: features(model, values[None]),
    cases={"square": (20, 20), "wide": (51, 19), "high": (7, 90), "long": (300, 3)})


# --- mlp: LLaVA 1.5 with CLIP, of whose layers the last is not used ---
def clip_converter(conversion, gguf):
    """The converter proper takes no CLIP; what it writes is what its elder script (tools/mtmd/legacy-models) does."""
    class Clip(conversion.MmprojModel):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.hparams["num_hidden_layers"] -= 1

        def set_gguf_parameters(self):
            super().set_gguf_parameters()
            self.gguf_writer.add_string("clip.projector_type", "mlp")
            self.gguf_writer.add_vision_attention_layernorm_eps(self.hparams["layer_norm_eps"])
            self.gguf_writer.add_array("clip.vision.feature_layer", [self.hparams["num_hidden_layers"]])
            self.gguf_writer.add_vision_use_gelu(False)

        @classmethod
        def filter_tensors(cls, item):
            name, gen = item
            if "post_layernorm" in name or "layers.2." in name or not name.startswith(("vision", "model.vision", "model.multi", "multi")):
                return None
            return super().filter_tensors((name.removeprefix("model."), gen))

        def modify_tensors(self, data_torch, name, bid):
            if name.endswith("class_embedding"):
                return [("v.class_embd", data_torch)]
            for part, number in (("linear_1", 0), ("linear_2", 2)):
                if name.startswith(f"multi_modal_projector.{part}."):
                    return [(f"mm.{number}.{name.rpartition('.')[2]}", data_torch)]
            return super().modify_tensors(data_torch, name, bid)

    return type("Clip", (Clip,), {"model_arch": gguf.MODEL_ARCH.MMPROJ})


add("mlp", model="LlavaForConditionalGeneration", converter=clip_converter,
    config=lambda: transformers.LlavaConfig(
        text_config={**TEXT, "model_type": "llama"},
        vision_config={**VISION, "model_type": "clip_vision_model", "num_hidden_layers": 3, "image_size": 20, "patch_size": 5,
                       "projection_dim": 16, "hidden_act": "quick_gelu"},
        vision_feature_layer=-2, vision_feature_select_strategy="default"),
    processor=lambda: transformers.LlavaImageProcessorPil(
        size={"shortest_edge": 20}, crop_size={"height": 20, "width": 20}, do_pad=True),
    run=features, cases={"small": (9, 14), "wide": (61, 30)})


# (four layers, for the converter counts the projector's parts among them)
# --- internvl: squares of 16 pixels; InternViT with norms of queries and keys, as its largest has ---
def publish_internvl(config):
    config["vision_config"]["architectures"] = ["InternVisionModel"]
    config["vision_config"].update(image_size=16, patch_size=4)
    config["min_dynamic_patch"], config["max_dynamic_patch"] = 1, 6


def add_internvl(name, **vision):
    add(name, model="InternVLForConditionalGeneration", says=publish_internvl, prefix="model.",
        config=lambda: transformers.InternVLConfig(
            text_config={**TEXT, "model_type": "qwen2"}, downsample_ratio=0.5,
            vision_config={**VISION, "num_hidden_layers": 4, "intermediate_size": 32, "image_size": [16, 16], "patch_size": [4, 4], "use_absolute_position_embeddings": True,
                           "attention_bias": True, "hidden_act": "gelu", **vision}),
        processor=lambda: transformers.GotOcr2ImageProcessorPil(
            size={"height": 16, "width": 16}, crop_to_patches=True, min_patches=1, max_patches=6,
            image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]),
        run=features, cases={"square": (40, 37), "wide": (51, 19), "high": (7, 90)})


add_internvl("internvl")
add_internvl("internvl-6b", use_qk_norm=True, norm_type="rms_norm")


# --- Qwen's: a picture as it is, in multiples of two patches; windows of 14 rows of them; positions for 12 × 12 patches ---
def grid_processor(least):
    return lambda: transformers.Qwen2VLImageProcessorPil(patch_size=4, merge_size=2, min_pixels=least * 64, max_pixels=1280 * 64)


def image_size(side):
    return lambda config: config["vision_config"].update(image_size=side)


QWEN = {"patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2, "num_heads": 3}
TURNS = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 2, 1]}
CASES = {"small": (9, 7), "wide": (203, 40), "high": (61, 122)}

add("qwen2vl", model="Qwen2VLForConditionalGeneration", says=image_size(32), prefix="", is_grid=True, run=features, cases=CASES,
    processor=grid_processor(4), config=lambda: transformers.Qwen2VLConfig(
        text_config={**TEXT, "rope_parameters": TURNS},
        vision_config={**QWEN, "depth": 4, "embed_dim": 24, "hidden_size": 16, "mlp_ratio": 2}))
add("qwen25vl", model="Qwen2_5_VLForConditionalGeneration", says=image_size(32), is_grid=True, run=features, cases=CASES,
    processor=grid_processor(4), config=lambda: transformers.Qwen2_5_VLConfig(
        text_config={**TEXT, "rope_parameters": TURNS},
        vision_config={**QWEN, "depth": 4, "hidden_size": 24, "intermediate_size": 48, "out_hidden_size": 16, "window_size": 112,
                       "fullatt_block_indexes": [1, 3]}))
add("qwen3vl", model="Qwen3VLForConditionalGeneration", is_grid=True, run=features, cases=CASES,
    processor=grid_processor(64), config=lambda: transformers.Qwen3VLConfig(
        text_config={**TEXT, "rope_parameters": TURNS | {"mrope_interleaved": True}},
        vision_config={**QWEN, "depth": 4, "hidden_size": 24, "intermediate_size": 48, "out_hidden_size": 16,
                       "num_position_embeddings": 144, "deepstack_visual_indexes": [0, 2]}))


# --- pixtral: Mistral 3.1, whose patches are merged; no side above 64 pixels ---
def features_of_sides(model, values, **options):
    return [*model.get_image_features(values, **options).pooler_output]


def pixtral_processor():
    return transformers.PixtralImageProcessorPil(size={"longest_edge": 64}, patch_size={"height": 8, "width": 8})


add("pixtral", model="Mistral3ForConditionalGeneration", run=features_of_sides, is_lines=True, processor=pixtral_processor,
    files={"tokenizer_config.json": {"added_tokens_decoder": {"12": {"content": "[IMG_BREAK]"}}}},
    cases={"small": (9, 7), "wide": (203, 40), "high": (37, 50)},
    config=lambda: transformers.Mistral3Config(
        text_config={**TEXT, "model_type": "mistral", "head_dim": 8, "rms_norm_eps": 1e-5}, spatial_merge_size=2,
        vision_config={**VISION, "model_type": "pixtral", "num_hidden_layers": 3, "head_dim": 8, "image_size": 64, "patch_size": 4,
                       "hidden_act": "silu"}))
