#pragma once

#include "backend.h"
#include "format/gguf.h"

G_BEGIN_DECLS

/* A model family is data: this struct, filled in once a family in families.c. program.c reads a file
 * by it; forward.c runs what came out and knows no families. When a family needs something that no
 * word here says, a word is added, and program.c translates it for all. */

/* The tensors that a family may have. Names, shapes and places of each stand in program.c. */
typedef enum {
  /* of the whole model */
  SOTTO_SLOT_EMBEDDING,
  SOTTO_SLOT_ROPE_FACTORS,     /* divides the angle of each pair (Llama 3.1) */
  SOTTO_SLOT_OUTPUT_NORM,
  SOTTO_SLOT_OUTPUT,           /* without it the embedding serves as output (tied) */

  /* of each layer */
  SOTTO_SLOT_ATTENTION_NORM,
  SOTTO_SLOT_QUERY,
  SOTTO_SLOT_KEY,
  SOTTO_SLOT_VALUE,
  SOTTO_SLOT_ATTENTION_OUTPUT,
  SOTTO_SLOT_FEED_FORWARD_NORM,
  SOTTO_SLOT_GATE,
  SOTTO_SLOT_UP,
  SOTTO_SLOT_DOWN,

  SOTTO_N_SLOTS,
} SottoSlot;

typedef enum {
  SOTTO_ABSENT,                /* a file of this family that has it is refused: it means something else */
  SOTTO_OPTIONAL,
  SOTTO_REQUIRED,
} SottoPresence;

typedef struct {
  SottoPresence weight;
  SottoPresence bias;
} SottoSlotUse;

typedef struct {
  const char *name;            /* general.architecture, and the beginning of the family's keys */
  const char *epsilon_key;     /* of the norms, behind the name */
  SottoRopeKind rope_kind;
  SottoActivation activation;
  float embedding_scale;       /* of the residual's first value */
  SottoSlotUse slots[SOTTO_N_SLOTS];
} SottoFamily;

/**
 * sotto_family_lookup:
 *
 * Returns: (nullable): the family of that name
 */
const SottoFamily *sotto_family_lookup (const char *name);

/**
 * sotto_family_list:
 *
 * Returns: (transfer full): the names of all families, "llama, qwen2"
 */
char *sotto_family_list (void);

G_END_DECLS
