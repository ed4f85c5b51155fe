/* The numbers of a vision file: keys, "clip.vision.…", and of some tensors that they are there. */

#include "vision/eyes.h"

#include "vision/names.h"

#include <math.h>

/* A square is encoded at once: so many patches take about a gigabyte with the widest encoders that there are. */
#define MAX_PATCHES 16384
#define MAX_SIDE 2048
#define MAX_LONGEST 8192
#define MAX_PATCH 256
#define MAX_LAYERS 512
#define MAX_HEADS 4096
#define MAX_FEED_FORWARD (1u << 18)
#define MAX_TILES 64

#define DEFAULT_LONGEST 2048 /* of the first files of SmolVLM, which do not say it */

static gboolean
read_color (const SottoKeys *keys, const char *key, float lowest, float out[3])
{
  const SottoGgufValue *value = sotto_keys_lookup (keys, key);

  if (value == NULL)
    return sotto_keys_refuse (keys, key, "is missing");
  if (value->type != SOTTO_GGUF_ARRAY || value->n_elements != 3
      || (value->element_type != SOTTO_GGUF_FLOAT32 && value->element_type != SOTTO_GGUF_FLOAT64))
    return sotto_keys_refuse (keys, key, "is not three numbers");
  for (guint i = 0; i < 3; i++)
    {
      out[i] = (float) sotto_gguf_value_number (value, i);
      if (!(out[i] >= lowest && out[i] <= 1e6f))
        return sotto_keys_refuse (keys, key, "holds what is no part of a color");
    }
  return TRUE;
}

static gboolean
read_activation (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  gboolean is_gelu;
  gboolean is_silu;

  if (!sotto_keys_read_flag (keys, "use_gelu", FALSE, &is_gelu) || !sotto_keys_read_flag (keys, "use_silu", FALSE, &is_silu))
    return FALSE;
  if (is_gelu && is_silu)
    return sotto_keys_refuse (keys, "use_silu", "stands beside use_gelu");

  self->is_quick = !is_gelu && !is_silu;
  self->activation = is_gelu ? kind->activation : SOTTO_ACTIVATION_SILU;
  return TRUE;
}

/* Files of Qwen 2-VL have the length of the model's rows there. */
static gboolean
read_feed_forward (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  const char *key = "vision.feed_forward_length";
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (keys->gguf, SOTTO_VISION_FIRST_UP);
  guint64 length;

  if (!kind->feeds_by_tensor || tensor == NULL)
    return sotto_keys_read_size (keys, key, SOTTO_KEY_REQUIRED, 1, MAX_FEED_FORWARD, &self->n_feed_forward);
  length = tensor->shape[0] == self->n_embedding ? tensor->shape[1] : tensor->shape[0];
  if (length == 0 || length > MAX_FEED_FORWARD)
    return sotto_keys_refuse (keys, key, "is not a size that can be");
  self->n_feed_forward = (guint) length;
  return TRUE;
}

static gboolean
read_encoder (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  double epsilon;

  if (!sotto_keys_read_size (keys, "vision.image_size", SOTTO_KEY_REQUIRED, 1, MAX_SIDE, &self->image_size)
      || !sotto_keys_read_size (keys, "vision.patch_size", SOTTO_KEY_REQUIRED, 1, MAX_PATCH, &self->patch_size)
      || !sotto_keys_read_size (keys, "vision.embedding_length", SOTTO_KEY_REQUIRED, 1, 1u << 16, &self->n_embedding)
      || !read_feed_forward (self, kind, keys)
      || !sotto_keys_read_size (keys, "vision.block_count", SOTTO_KEY_REQUIRED, 1, MAX_LAYERS, &self->n_layers)
      || !sotto_keys_read_size (keys, "vision.attention.head_count", SOTTO_KEY_REQUIRED, 1, MAX_HEADS, &self->n_heads)
      || !sotto_keys_read_positive (keys, "vision.attention.layer_norm_epsilon", 1e-6, &epsilon)
      || !read_color (keys, "vision.image_mean", 0.0f, self->mean)
      || !read_color (keys, "vision.image_std", 1e-6f, self->deviation) || !read_activation (self, kind, keys))
    return FALSE;

  if (epsilon > 0.1)
    return sotto_keys_refuse (keys, "vision.attention.layer_norm_epsilon", "is too large");
  self->epsilon = (float) epsilon;
  self->n_side = self->image_size / self->patch_size;
  if (self->n_side == 0)
    return sotto_keys_refuse (keys, "vision.patch_size", "is more than vision.image_size");
  if (self->n_side > MAX_PATCHES / self->n_side)
    return sotto_keys_refuse (keys, "vision.patch_size", "is too small for vision.image_size");
  if (self->n_embedding % self->n_heads != 0)
    return sotto_keys_refuse (keys, "vision.attention.head_count", "does not divide vision.embedding_length");

  self->n_patch = 3 * self->patch_size * self->patch_size;
  if (self->n_embedding > SOTTO_MAX_SIZE / self->n_patch)
    return sotto_keys_refuse (keys, "vision.embedding_length", "is too long for such patches");
  return TRUE;
}

static gboolean
read_merging (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  const char *key = kind->scale_key != NULL ? kind->scale_key : "vision.projector.scale_factor";
  SottoVisionFrame *frame = &self->frame;

  self->scale = 1;
  if (kind->merge != SOTTO_MERGE_NONE
      && !sotto_keys_read_size (keys, key, kind->scale > 0 ? kind->scale : SOTTO_KEY_REQUIRED, 1, 64, &self->scale))
    return FALSE;
  if (!sotto_vision_kind_is_whole (kind) && self->n_side % self->scale != 0)
    return sotto_keys_refuse (keys, key, "does not divide the patches of a side");
  if (sotto_vision_kind_is_whole (kind) && kind->most_rows > MAX_PATCHES / (self->scale * self->scale))
    return sotto_keys_refuse (keys, key, "makes too many patches of a picture");

  if (sotto_vision_kind_is_whole (kind))
    *frame = (SottoVisionFrame) { .n_patches = kind->most_rows * self->scale * self->scale };
  else
    *frame = (SottoVisionFrame) { self->image_size, self->n_side, self->n_side, self->n_side * self->n_side, 0, 0 };
  frame->n_rows = frame->n_patches / (self->scale * self->scale);
  if (MAX (self->n_embedding, self->n_feed_forward) > SOTTO_MAX_SIZE / (frame->n_patches + 1))
    return sotto_keys_refuse (keys, "vision.feed_forward_length", "is too long for so many patches");
  self->n_merged = self->n_embedding * (kind->merge == SOTTO_MERGE_SHUFFLE || kind->merge == SOTTO_MERGE_UNFOLD
                                           ? self->scale * self->scale : 1);
  if (self->n_merged > SOTTO_MAX_SIZE / frame->n_rows)
    return sotto_keys_refuse (keys, key, "makes rows that are too long");
  return TRUE;
}

static gboolean
read_turns (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  if (kind->turns && self->n_embedding / self->n_heads % 4 != 0)
    return sotto_keys_refuse (keys, "vision.attention.head_count", "leaves heads that cannot turn by two axes");
  if (kind->window == 0)
    return TRUE;
  if (!sotto_keys_read_size (keys, "vision.n_wa_pattern", SOTTO_KEY_REQUIRED, 1, MAX_LAYERS, &self->full_every))
    return FALSE;
  self->window = kind->window / (self->patch_size * self->scale);
  return self->window > 0 || sotto_keys_refuse (keys, "vision.patch_size", "is too large for a window");
}

/* LLaVA's files hold no layers beyond the one whose rows are looked at; some (Granite) look at those of several. */
static gboolean
check_feature_layer (const SottoVisionSizes *self, const SottoKeys *keys)
{
  const char *key = "vision.feature_layer";
  const SottoGgufValue *value = sotto_keys_lookup (keys, key);

  if (value == NULL)
    return TRUE;
  if (value->type != SOTTO_GGUF_ARRAY || value->element_type == SOTTO_GGUF_STRING || value->n_elements != 1)
    return sotto_keys_refuse (keys, key, "is not the number of one layer");
  return sotto_gguf_value_number (value, 0) == self->n_layers
         || sotto_keys_refuse (keys, key, "is not the last layer of the file");
}

static gboolean
read_fit (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoKeys *keys)
{
  if (kind->fit == SOTTO_FIT_LONGEST
      && !sotto_keys_read_size (keys, "vision.preproc_image_size", DEFAULT_LONGEST, 1, MAX_LONGEST, &self->longest))
    return FALSE;
  if (kind->fit == SOTTO_FIT_LONGEST && self->longest / self->image_size >= 100)
    return sotto_keys_refuse (keys, "vision.preproc_image_size", "makes too many tiles");
  if (kind->fit == SOTTO_FIT_ASPECT
      && (!sotto_keys_read_size (keys, "vision.preproc_min_tiles", 1, 1, MAX_TILES, &self->min_tiles)
          || !sotto_keys_read_size (keys, "vision.preproc_max_tiles", 12, self->min_tiles, MAX_TILES, &self->max_tiles)))
    return FALSE;
  return TRUE;
}

gboolean
sotto_vision_sizes_read (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoTensors *tensors)
{
  const SottoKeys *keys = &tensors->keys;

  if (!read_encoder (self, kind, keys) || !check_feature_layer (self, keys) || !read_merging (self, kind, keys)
      || !read_turns (self, kind, keys) || !read_fit (self, kind, keys))
    return FALSE;
  self->frame.n_tokens = self->frame.n_patches + (sotto_gguf_lookup_tensor (keys->gguf, SOTTO_VISION_CLASS) != NULL);
  return TRUE;
}
