/* Families of other designs, as data: older decoders and encoders. */

#include "family/slots.h"

const SottoFamily sotto_families_others[] = {
  {
    /* BERT (Devlin et al. 2018): learned positions, norms of the sums. */
    .name = "bert",
    .norm = SOTTO_NORM_LAYER,
    .mask = SOTTO_MASK_ALL,
    .pools = TRUE,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .slots = {
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_UNGATED (OPTIONAL),
      [SOTTO_SLOT_EMBEDDING] = ALWAYS,
      [SOTTO_SLOT_EMBEDDING_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_POSITIONS] = ALWAYS,
      [SOTTO_SLOT_TOKEN_TYPES] = PERHAPS,
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
      [SOTTO_SLOT_ATTENTION_SUM_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_FEED_SUM_NORM] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* Nomic Embed (Nussbaum et al. 2024): BERT with rotary positions and a gate. */
    .name = "nomic-bert",
    .norm = SOTTO_NORM_LAYER,
    .mask = SOTTO_MASK_ALL,
    .pools = TRUE,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_GATED (OPTIONAL),
      [SOTTO_SLOT_EMBEDDING] = ALWAYS,
      [SOTTO_SLOT_EMBEDDING_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_TOKEN_TYPES] = PERHAPS,
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
      [SOTTO_SLOT_ATTENTION_SUM_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_FEED_SUM_NORM] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* ModernBERT (Warner et al. 2024), Granite Embedding R2: pre-normed, the first layer by the norm of
     * the embedding; windows in two of three layers. */
    .name = "modern-bert",
    .norm = SOTTO_NORM_LAYER,
    .mask = SOTTO_MASK_ALL,
    .pools = TRUE,
    .full_every = 3,
    .full_first = TRUE,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .activation_said = TRUE,
    .slots = {
      SLOTS_ATTENTION (ABSENT),
      SLOTS_GATED (ABSENT),
      [SOTTO_SLOT_EMBEDDING] = ALWAYS,
      [SOTTO_SLOT_EMBEDDING_NORM] = ALWAYS,
      [SOTTO_SLOT_OUTPUT_NORM] = ALWAYS,
      [SOTTO_SLOT_ATTENTION_NORM] = PERHAPS,
      [SOTTO_SLOT_ATTENTION_OUTPUT] = ALWAYS,
      [SOTTO_SLOT_FEED_NORM] = ALWAYS,
    },
  },
  {
    /* Falcon (Almazrouei et al. 2023): attention and feed-forward side by side, few keys and
     * values. */
    .name = "falcon",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .parallel = TRUE,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_ATTENTION (ABSENT),
      SLOTS_UNGATED (ABSENT),
      [SOTTO_SLOT_ATTENTION_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_ATTENTION_NORM_2] = { SOTTO_OPTIONAL, SOTTO_REQUIRED },
      [SOTTO_SLOT_ATTENTION_OUTPUT] = ALWAYS,
    },
  },
  {
    /* Phi 1.5 and 2 (Li et al. 2023): side by side, with biases, the output's too. */
    .name = "phi2",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU,
    .parallel = TRUE,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_UNGATED (REQUIRED),
      [SOTTO_SLOT_ATTENTION_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_OUTPUT] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* StarCoder 2 (Lozhkov et al. 2024) */
    .name = "starcoder2",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_UNGATED (REQUIRED),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* GPT-2 (Radford et al. 2019), StarCoder (Li et al. 2023): learned positions */
    .name = "gpt2",
    .also = { "starcoder" },
    .norm = SOTTO_NORM_LAYER,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_UNGATED (REQUIRED),
      [SOTTO_SLOT_POSITIONS] = ALWAYS,
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* GPT-NeoX (Black et al. 2022), Pythia: side by side, each with a norm of its own. */
    .name = "gptneox",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .parallel = TRUE,
    .parallel_key = "use_parallel_residual",
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_UNGATED (REQUIRED),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* StableLM (Bellagente et al. 2024), but for the 12B, whose ways lie side by side */
    .name = "stablelm",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_GATED (ABSENT),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = ALWAYS,
    },
  },
  {
    /* Nemotron 3 and 4 (Parmar et al. 2024), Minitron: squares behind the rectifier. Whoever made
     * the file has added 1 to the weights of the norms. */
    .name = "nemotron",
    .norm = SOTTO_NORM_LAYER,
    .turns = TRUE,
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_RELU_SQUARED,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_UNGATED (OPTIONAL),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
    },
  },
  {
    /* BLOOM (Le Scao et al. 2022): ALiBi (Press et al. 2022). */
    .name = "bloom",
    .norm = SOTTO_NORM_LAYER,
    .alibi = 8,
    .activation = SOTTO_ACTIVATION_GELU,
    .slots = {
      SLOTS_ENDS (REQUIRED),
      SLOTS_PRE_NORMS (REQUIRED),
      SLOTS_ATTENTION (REQUIRED),
      SLOTS_UNGATED (REQUIRED),
      [SOTTO_SLOT_EMBEDDING_NORM] = WITH_BIAS (REQUIRED),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (REQUIRED),
    },
  },
  {
    /* MPT (MosaicML 2023): ALiBi. */
    .name = "mpt",
    .norm = SOTTO_NORM_LAYER,
    .alibi = 8,
    .activation = SOTTO_ACTIVATION_GELU_ERF,
    .slots = {
      SLOTS_ENDS (OPTIONAL),
      SLOTS_PRE_NORMS (OPTIONAL),
      SLOTS_ATTENTION (OPTIONAL),
      SLOTS_UNGATED (OPTIONAL),
      [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (OPTIONAL),
    },
  },
  { .name = NULL },
};
