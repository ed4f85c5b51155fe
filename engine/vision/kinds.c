#include "vision/kind.h"

/* FORMULAS.md says what each computes, and where that stands. */

static const SottoVisionKind kinds[] = {
  /* Gemma 3 (Gemma Team 2025): SigLIP, 4 × 4 rows pooled */
  { .name = "gemma3",
    .fit = SOTTO_FIT_STRETCH,
    .filter = SOTTO_FILTER_BILINEAR,
    .merge = SOTTO_MERGE_POOL,
    .scale = 4,
    .activation = SOTTO_ACTIVATION_GELU,
    .norm = "mm.soft_emb_norm",
    .norm_kind = SOTTO_NORM_RMS,
    .needs_norm = TRUE,
    .first = "mm.input_projection",
    .is_transposed = TRUE,
    .begin = "\n\n<start_of_image>",
    .end = "<end_of_image>\n\n",
    .together = TRUE,
    .families = "gemma3",
    .tokens = "<start_of_image> <end_of_image>" },

  /* Idefics 3 (Laurençon et al. 2024), SmolVLM (Marafioti et al. 2025): SigLIP on tiles */
  { .name = "idefics3",
    .fit = SOTTO_FIT_LONGEST,
    .filter = SOTTO_FILTER_LANCZOS,
    .merge = SOTTO_MERGE_SHUFFLE,
    .activation = SOTTO_ACTIVATION_GELU,
    .first = "mm.model.fc",
    .writing = SOTTO_WRITE_GRID,
    .families = "llama smollm3",
    .tokens = "<fake_token_around_image> <global-img> <row_1_col_1>" },

  /* LLaVA 1.5 (Liu et al. 2023): CLIP, and two matrices */
  { .name = "mlp",
    .fit = SOTTO_FIT_PAD,
    .filter = SOTTO_FILTER_BICUBIC,
    .merge = SOTTO_MERGE_NONE,
    .activation = SOTTO_ACTIVATION_GELU,
    .first = "mm.0",
    .second = "mm.2",
    .end = "\n",
    .families = "llama qwen2 phi2 phi3 gemma gemma2 stablelm" },

  /* InternVL 2 to 3.5 (Chen et al. 2024): InternViT on tiles */
  { .name = "internvl",
    .fit = SOTTO_FIT_ASPECT,
    .filter = SOTTO_FILTER_BICUBIC,
    .merge = SOTTO_MERGE_SHUFFLE,
    .scale = 2,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .norm = "mm.model.mlp.0",
    .norm_kind = SOTTO_NORM_LAYER,
    .needs_norm = TRUE,
    .norm_epsilon = 1e-5f,
    .first = "mm.model.mlp.1",
    .second = "mm.model.mlp.3",
    .begin = "<img>",
    .end = "</img>\n",
    .families = "internlm2 llama phi3 qwen2 qwen3 qwen3moe",
    .tokens = "<img> </img>" },

#define QWEN                                                                                                                  \
  .fit = SOTTO_FIT_WHOLE, .filter = SOTTO_FILTER_BICUBIC, .merge = SOTTO_MERGE_SHUFFLE, .scale_key = "vision.spatial_merge_size", \
  .scale = 2, .most_rows = 1280, .turns = SOTTO_TURN_ALIKE, .first = "mm.0", .second = "mm.2", .begin = "<|vision_start|>",              \
  .end = "<|vision_end|>", .is_grid = TRUE, .tokens = "<|vision_start|> <|vision_end|>"

  /* Qwen 2-VL (Wang et al. 2024) */
  { .name = "qwen2vl_merger", QWEN, .feeds_by_tensor = TRUE, .least_rows = 4, .families = "qwen2vl qwen2" },

  /* Qwen 2.5-VL (Bai et al. 2025): windows */
  { .name = "qwen2.5vl_merger", QWEN, .least_rows = 4, .window = 112, .families = "qwen2vl qwen25vl qwen2" },

  /* Qwen 3-VL (Bai et al. 2025) and Qwen 3.5: positions beside the turns, and rows for the model's first layers */
  { .name = "qwen3vl_merger",
    QWEN,
    .least_rows = 64,
    .activation = SOTTO_ACTIVATION_GELU,
    .families = "qwen3 qwen3moe qwen3vl qwen3vlmoe qwen35 qwen35moe" },
#undef QWEN

  /* Pixtral (Agrawal et al. 2024), Mistral Small 3.1 */
  { .name = "pixtral",
    .fit = SOTTO_FIT_BELOW,
    .filter = SOTTO_FILTER_BICUBIC,
    .merge = SOTTO_MERGE_UNFOLD,
    .scale_key = "vision.spatial_merge_size",
    .scale = 1,
    .most_rows = 1280,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .turns = SOTTO_TURN_APART,
    .last_norm = "mm.input_norm",
    .before = "mm.patch_merger",
    .first = "mm.1",
    .second = "mm.2",
    .writing = SOTTO_WRITE_LINES,
    .begin = "[IMG_BREAK]",
    .end = "[IMG_END]",
    .families = "llama mistral3",
    .tokens = "[IMG_BREAK] [IMG_END]" },
};

const SottoVisionKind *
sotto_vision_kind_lookup (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].name, name))
      return &kinds[i];
  return NULL;
}

char *
sotto_vision_kind_list (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", kinds[i].name);
  return g_string_free (list, FALSE);
}
