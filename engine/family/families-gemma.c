/* The Gemma families, as data. Whoever made the file has added 1 to the weights of Gemma 1 to 3's
 * norms, but not to 3n's. */

#include "family/slots.h"

const SottoFamily sotto_families_gemma[] = {
  {
    /* Gemma 3 (Gemma team 2025): five windows of six, each with positions of its own. Older files
     * of EmbeddingGemma go by this name, too. */
    .name = "gemma3",
    .norm = SOTTO_NORM_RMS,
    .epsilon = 1e-6,
    .embedding_scaled = TRUE,
    .width_scale_layers = 62,
    .full_every = 6,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .rope_base = 1e6,
    .stretched_from = 131072,
    .stretched_by = 8,
    .window_rope_plain = TRUE,
    .window_rope_base = 10000,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      [SOTTO_SLOT_POOLED_1] = PERHAPS,
      [SOTTO_SLOT_POOLED_2] = PERHAPS,
    },
  },
  {
    /* Gemma 4 (Gemma team 2026): heads of another size in windows; layers that see an earlier one's
     * keys and values, or whose values are their keys; inputs beside the residual; experts beside a
     * dense way. */
    .name = "gemma4",
    .norm = SOTTO_NORM_RMS,
    .embedding_scaled = TRUE,
    .value_normed = TRUE,
    .attention_scale = 1,
    .full_every = 6,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .window_rope_plain = TRUE,
    .window_rope_base = 10000,
    .activation = SOTTO_ACTIVATION_GELU,
    .normalised = TRUE,
    .dense_and_experts = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      SLOTS_EXPERTS (ABSENT),
      [SOTTO_SLOT_VALUE] = PERHAPS,
      [SOTTO_SLOT_ROPE_FACTORS] = ALWAYS,
      [SOTTO_SLOT_LAYER_SCALE] = PERHAPS,
      [SOTTO_SLOT_ROUTER_SCALE] = ALWAYS,
      [SOTTO_SLOT_EXPERTS_NORM] = ALWAYS,
      [SOTTO_SLOT_POST_DENSE_NORM] = ALWAYS,
      [SOTTO_SLOT_POST_EXPERTS_NORM] = ALWAYS,
      SLOTS_INPUTS,
    },
  },
  {
    /* Gemma 3n (Google DeepMind 2025): four residuals, of which a layer changes one and tells the others' by it; a narrow branch
     * beside attention; gates of which most are cut off; inputs beside the residual; layers that see an earlier one's keys
     * and values. */
    .name = "gemma3n",
    .needs = "activation_sparsity_scale",
    .norm = SOTTO_NORM_RMS,
    .epsilon = 1e-6,
    .embedding_scaled = TRUE,
    .n_streams = 4,
    .value_normed = TRUE,
    .attention_scale = 1,
    .logit_cap = 30,
    .full_every = 5,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .rope_base = 1e6,
    .window_rope_plain = TRUE,
    .window_rope_base = 10000,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      SLOTS_STREAMS,
      [SOTTO_SLOT_LOW_RANK_DOWN] = ALWAYS,
      [SOTTO_SLOT_LOW_RANK_UP] = ALWAYS,
      [SOTTO_SLOT_LOW_RANK_NORM] = ALWAYS,
      SLOTS_INPUTS,
    },
  },
  {
    /* Gemma 2 (Gemma team 2024): every second layer a window; scores and logits are capped. */
    .name = "gemma2",
    .norm = SOTTO_NORM_RMS,
    .embedding_scaled = TRUE,
    .width_scale_layers = 46,
    .attention_cap = 50,
    .logit_cap = 30,
    .window = 4096,
    .full_every = 2,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = { SLOTS_TRANSFORMER (ABSENT, ABSENT), SLOTS_POST_NORMS },
  },
  {
    /* Gemma (Gemma team 2024) */
    .name = "gemma",
    .norm = SOTTO_NORM_RMS,
    .embedding_scaled = TRUE,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = { SLOTS_TRANSFORMER (ABSENT, ABSENT) },
  },
  {
    /* EmbeddingGemma (Schechter Vera et al. 2025): Gemma 3 that sees both ways and ends in one
     * vector. */
    .name = "gemma-embedding",
    .norm = SOTTO_NORM_RMS,
    .embedding_scaled = TRUE,
    .mask = SOTTO_MASK_ALL,
    .pools = TRUE,
    .full_every = 6,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .window_rope_plain = TRUE,
    .window_rope_base = 10000,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      [SOTTO_SLOT_POOLED_1] = PERHAPS,
      [SOTTO_SLOT_POOLED_2] = PERHAPS,
    },
  },
  { .name = NULL },
};
