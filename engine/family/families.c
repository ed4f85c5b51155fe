/* The families, as data. */

#include "family/family.h"

/* Pre-normed attention with rotary positions and a gated feed-forward (Touvron et al. 2023): what
 * nearly all families are a variation of. */
#define TRANSFORMER(attention_bias) \
  [SOTTO_SLOT_EMBEDDING] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_OUTPUT_NORM] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_OUTPUT] = { SOTTO_OPTIONAL, SOTTO_ABSENT }, \
  [SOTTO_SLOT_ATTENTION_NORM] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_QUERY] = { SOTTO_REQUIRED, attention_bias }, \
  [SOTTO_SLOT_KEY] = { SOTTO_REQUIRED, attention_bias }, \
  [SOTTO_SLOT_VALUE] = { SOTTO_REQUIRED, attention_bias }, \
  [SOTTO_SLOT_ATTENTION_OUTPUT] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_FEED_FORWARD_NORM] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_GATE] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_UP] = { SOTTO_REQUIRED, SOTTO_ABSENT }, \
  [SOTTO_SLOT_DOWN] = { SOTTO_REQUIRED, SOTTO_ABSENT }

static const SottoFamily families[] = {
  {
    /* Llama 2 and 3, Mistral, SmolLM and many more. Whoever made the file has re-ordered the rows of
     * Q and K so that the pairs of RoPE lie side by side. */
    .name = "llama",
    .epsilon_key = "attention.layer_norm_rms_epsilon",
    .rope_kind = SOTTO_ROPE_NORMAL,
    .activation = SOTTO_ACTIVATION_SILU,
    .embedding_scale = 1.0f,
    .slots = {
      TRANSFORMER (SOTTO_OPTIONAL),
      [SOTTO_SLOT_ROPE_FACTORS] = { SOTTO_OPTIONAL, SOTTO_ABSENT },
    },
  },
  {
    /* Qwen 1.5, 2 and 2.5 (Yang et al. 2024). */
    .name = "qwen2",
    .epsilon_key = "attention.layer_norm_rms_epsilon",
    .rope_kind = SOTTO_ROPE_NEOX,
    .activation = SOTTO_ACTIVATION_SILU,
    .embedding_scale = 1.0f,
    .slots = { TRANSFORMER (SOTTO_REQUIRED) },
  },
};

const SottoFamily *
sotto_family_lookup (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (g_str_equal (families[i].name, name))
      return &families[i];

  return NULL;
}

char *
sotto_family_list (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", families[i].name);

  return g_string_free (list, FALSE);
}
