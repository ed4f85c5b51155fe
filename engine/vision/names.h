#pragma once

/* What tensors of an encoder are called, by llama.cpp's converter. */
#define SOTTO_VISION_PATCHES "v.patch_embd.weight"
#define SOTTO_VISION_PATCHES_2 "v.patch_embd.weight.1"
#define SOTTO_VISION_PATCH_BIAS "v.patch_embd.bias"
#define SOTTO_VISION_POSITIONS "v.position_embd.weight"
#define SOTTO_VISION_CLASS "v.class_embd"
#define SOTTO_VISION_FIRST_NORM "v.pre_ln"
#define SOTTO_VISION_LAST_NORM "v.post_ln"
#define SOTTO_VISION_LAYER "v.blk.%u.%s"
#define SOTTO_VISION_FIRST_UP "v.blk.0.ffn_up.weight"
#define SOTTO_VISION_DEEP "v.deepstack.%u.%s"
#define SOTTO_VISION_BREAK "v.token_embd.img_break"
