/* Families whose feed-forward is a choice of experts, as data. */

#include "family/slots.h"

const SottoFamily sotto_families_experts[] = {
  {
    /* gpt-oss (OpenAI 2025): sinks, biases everywhere, every second layer a window. */
    .name = "gpt-oss",
    .also = { "gptoss" },
    .norm = SOTTO_NORM_RMS,
    .full_every = 2,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .yarn_smooth = TRUE,
    .activation = SOTTO_ACTIVATION_CLAMPED,
    .feed_norm_name = "post_attention_norm",
    .scores = SOTTO_SCORES_SELECTED,
    .slots = {
      SLOTS_ENDS (ABSENT),
      SLOTS_PRE_NORMS (ABSENT),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_EXPERTS (REQUIRED),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_SINKS] = ALWAYS,
    },
  },
  {
    /* Qwen 3 with experts (Yang et al. 2025), also in Qwen 3-VL */
    .name = "qwen3moe",
    .also = { "qwen3vlmoe" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_EXPERTS (ABSENT),
    },
  },
  {
    /* Qwen 1.5 and 2 with experts (Yang et al. 2024); the shared one has a switch. */
    .name = "qwen2moe",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (REQUIRED, ABSENT),
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_SHARED_SWITCH] = ALWAYS,
    },
  },
  {
    /* DeepSeek-V2 and V3 (DeepSeek-AI 2024): latent attention, groups of experts. */
    .name = "deepseek2",
    .also = { "mistral4" },
    .norm = SOTTO_NORM_RMS,
    .latent_attention = TRUE,
    .turns = TRUE,
    .yarn_in_scores = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .bias_means_sigmoid = TRUE,
    .slots = {
      SLOTS_ENDS (ABSENT),
      SLOTS_PRE_NORMS (ABSENT),
      SLOTS_GATED (ABSENT),
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_ATTENTION_OUTPUT] = ALWAYS,
      [SOTTO_SLOT_QUERY] = PERHAPS,
      [SOTTO_SLOT_QUERY_DOWN] = PERHAPS,
      [SOTTO_SLOT_QUERY_DOWN_NORM] = PERHAPS,
      [SOTTO_SLOT_QUERY_UP] = PERHAPS,
      [SOTTO_SLOT_LATENT] = ALWAYS,
      [SOTTO_SLOT_LATENT_NORM] = ALWAYS,
      [SOTTO_SLOT_KEY_UP] = PERHAPS,
      [SOTTO_SLOT_VALUE_UP] = PERHAPS,
      [SOTTO_SLOT_KEY_VALUE_UP] = PERHAPS,
      [SOTTO_SLOT_SELECTION_BIAS] = PERHAPS,
    },
  },
  {
    /* GLM 4.5 to 4.7 (GLM team 2025) */
    .name = "glm4moe",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .feed_norm_name = "post_attention_norm",
    .scores = SOTTO_SCORES_SIGMOID,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, ABSENT),
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_QUERY_NORM] = PERHAPS,
      [SOTTO_SLOT_KEY_NORM] = PERHAPS,
      [SOTTO_SLOT_SELECTION_BIAS] = PERHAPS,
    },
  },
  {
    /* ERNIE 4.5 with experts (Baidu 2025): the choice has a bias, and shared experts beside it. */
    .name = "ernie4_5-moe",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .scores = SOTTO_SCORES_SOFTMAX,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_SELECTION_BIAS] = PERHAPS,
    },
  },
  {
    /* Hunyuan A13B (Tencent 2025): as the dense ones, with a shared expert */
    .name = "hunyuan-moe",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .turns_first = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
    },
  },
  {
    /* dots.llm1 (rednote 2025) */
    .name = "dots1",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .scores = SOTTO_SCORES_SIGMOID,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_SELECTION_BIAS] = PERHAPS,
    },
  },
  {
    /* Granite 3 with experts (IBM 2024) */
    .name = "granitemoe",
    .norm = SOTTO_NORM_RMS,
    .logits_divided = TRUE,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .scores = SOTTO_SCORES_SELECTED,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      SLOTS_EXPERTS (ABSENT),
      SLOTS_SHARED_EXPERT,
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* OLMoE (Muennighoff et al. 2024) */
    .name = "olmoe",
    .norm = SOTTO_NORM_RMS,
    .span = SOTTO_SPAN_ROW,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_EXPERTS (ABSENT),
    },
  },
  { .name = NULL },
};
