/* Families of plain decoders, as data. */

#include "family/slots.h"

const SottoFamily sotto_families_decoders[] = {
  {
    /* Llama 2 and 3 (Touvron et al. 2023, Grattafiori et al. 2024), Mistral, SmolLM and many more;
     * with experts Mixtral (Jiang et al. 2024). Whoever made the file has re-ordered the rows of Q
     * and K so that the pairs of RoPE lie side by side. */
    .name = "llama",
    .also = { "xverse" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      SLOTS_EXPERTS (ABSENT),
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
      [SOTTO_SLOT_ROPE_SHORT] = PERHAPS,
      [SOTTO_SLOT_ROPE_LONG] = PERHAPS,
    },
  },
  {
    /* Qwen 1.5, 2 and 2.5 (Yang et al. 2024), and what speaks in Qwen 2-VL and 2.5-VL: for text
     * the axes of its positions are one. */
    .name = "qwen2",
    .also = { "qwen2vl", "qwen25vl" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .sections = SOTTO_SECTIONS_ONE_BY_ONE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (REQUIRED, ABSENT) },
  },
  {
    /* Qwen 3 (Yang et al. 2025), its embedders too, and what speaks in Qwen 3-VL. */
    .name = "qwen3",
    .also = { "qwen3vl" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .sections = SOTTO_SECTIONS_IN_TURNS,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (ABSENT, ABSENT), SLOTS_QUERY_KEY_NORMS },
  },
  {
    /* GLM 4 (GLM team 2024) of 2025: norms before and behind each branch. */
    .name = "glm4",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, ABSENT), SLOTS_POST_NORMS },
  },
  {
    /* ChatGLM 3, GLM 4 of 2024 (GLM team 2024) */
    .name = "chatglm",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, ABSENT) },
  },
  {
    /* Phi 3, 3.5 and 4 (Abdin et al. 2024); longrope (Ding et al. 2024). */
    .name = "phi3",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      [SOTTO_SLOT_ROPE_SHORT] = PERHAPS,
      [SOTTO_SLOT_ROPE_LONG] = PERHAPS,
    },
  },
  {
    /* Mistral Small 3.1 and Ministral 3 (Mistral AI 2025): Llama whose attention sharpens with the
     * position. */
    .name = "mistral3",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .normalised = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      SLOTS_EXPERTS (ABSENT),
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* SmolLM 3 (Bakouch et al. 2025): every fourth layer has no positions. */
    .name = "smollm3",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .unturned_every = 4,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL) },
  },
  {
    /* Granite 3 and 4 (IBM 2024): Llama with a scale at every joint. */
    .name = "granite",
    .norm = SOTTO_NORM_RMS,
    .logits_divided = TRUE,
    .turns = TRUE,
    .turn_key = "rope.scaling.finetuned",
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
    /* OLMo 2 and 3 (OLMo team 2025): norms behind the branches, and of all heads together. */
    .name = "olmo2",
    .also = { "olmo3" },
    .norm = SOTTO_NORM_RMS,
    .span = SOTTO_SPAN_ROW,
    .full_every = 4,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .window_rope_plain = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      [SOTTO_SLOT_ATTENTION_NORM] = NEVER,
      [SOTTO_SLOT_FEED_NORM] = NEVER,
    },
  },
  {
    /* EXAONE 4 (LG AI Research 2025): norms behind the branches; where there are windows, only they
     * have positions. */
    .name = "exaone4",
    .norm = SOTTO_NORM_RMS,
    .full_every = 4,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .only_windows_turn = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (ABSENT, ABSENT),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_POST_NORMS,
      [SOTTO_SLOT_ATTENTION_NORM] = NEVER,
      [SOTTO_SLOT_FEED_NORM] = NEVER,
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* Hunyuan 0.5B to 7B (Tencent 2025): queries and keys are normed behind their turn. */
    .name = "hunyuan-dense",
    .also = { "hunyuan_vl" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .turns_first = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL), SLOTS_QUERY_KEY_NORMS },
  },
  {
    /* Seed-OSS (ByteDance 2025) */
    .name = "seed_oss",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .feed_norm_name = "post_attention_norm",
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL) },
  },
  {
    /* AFM (Arcee 2025): Llama with squares behind the rectifier in place of a gate */
    .name = "arcee",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_RELU_SQUARED,
    .slots = {
      SLOTS_ENDS (ABSENT),
      SLOTS_PRE_NORMS (ABSENT),
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_UNGATED (OPTIONAL),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* Apertus (Swiss AI 2025): an activation whose shape every layer has learned. */
    .name = "apertus",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_XIELU,
    .slots = {
      SLOTS_ENDS (ABSENT),
      SLOTS_PRE_NORMS (ABSENT),
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_QUERY_KEY_NORMS,
      SLOTS_UNGATED (ABSENT),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* EXAONE 3 and 3.5 (LG AI Research 2024): Llama whose pairs lie half a head apart */
    .name = "exaone",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL), [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS },
  },
  {
    /* Llama's like: InternLM 2 (Cai et al. 2024), ERNIE 4.5 (Baidu 2025) */
    .name = "internlm2",
    .also = { "ernie4_5" },
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL) },
  },
  {
    /* MiniCPM 1, 2 and 4 (Hu et al. 2024): Granite's scales */
    .name = "minicpm",
    .needs = "embedding_scale",
    .norm = SOTTO_NORM_RMS,
    .logits_divided = TRUE,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
      [SOTTO_SLOT_ROPE_SHORT] = PERHAPS,
      [SOTTO_SLOT_ROPE_LONG] = PERHAPS,
    },
  },
  {
    /* Command R and R+ (Cohere 2024): attention and feed-forward read the same norm. */
    .name = "command-r",
    .norm = SOTTO_NORM_LAYER,
    .span = SOTTO_SPAN_HEADS,
    .turns = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .parallel = TRUE,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, ABSENT),
      [SOTTO_SLOT_FEED_NORM] = NEVER,
      [SOTTO_SLOT_QUERY_NORM] = PERHAPS,
      [SOTTO_SLOT_KEY_NORM] = PERHAPS,
    },
  },
  {
    /* Command R7B and A (Cohere 2025): positions only where there are windows. */
    .name = "cohere2",
    .norm = SOTTO_NORM_LAYER,
    .full_every = 4,
    .turns = TRUE,
    .only_windows_turn = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .parallel = TRUE,
    .slots = { SLOTS_TRANSFORMER (OPTIONAL, ABSENT), [SOTTO_SLOT_FEED_NORM] = NEVER },
  },
  {
    /* Nemotron of Llama 3 (NVIDIA 2025), 49B to 253B: found by a search for layers that can do without a part. */
    .name = "deci",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .leaves_out = TRUE,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, OPTIONAL),
      [SOTTO_SLOT_ATTENTION_NORM] = PERHAPS,
      [SOTTO_SLOT_FEED_NORM] = PERHAPS,
      [SOTTO_SLOT_ROPE_FACTORS] = PERHAPS,
    },
  },
  {
    /* openPangu Embedded (Huawei 2025) */
    .name = "pangu-embedded",
    .norm = SOTTO_NORM_RMS,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_TRANSFORMER (OPTIONAL, ABSENT),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
    },
  },
  {
    /* Orion (Chen et al. 2024) */
    .name = "orion",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_ATTENTION (ABSENT),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_GATED (ABSENT),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = ALWAYS,
    },
  },
  { .name = NULL },
};
