#pragma once

#include "family/sizes.h"

G_BEGIN_DECLS

/* The sizes that shapes are made of. */
typedef enum {
  SOTTO_SIZE_NONE, /* of a vector: no rows */
  SOTTO_SIZE_ANY,
  SOTTO_SIZE_ONE,
  SOTTO_SIZE_EMBEDDING,
  SOTTO_SIZE_QUERY,
  SOTTO_SIZE_KEY,
  SOTTO_SIZE_VALUE,
  SOTTO_SIZE_ATTENDED,
  SOTTO_SIZE_HEADS,
  SOTTO_SIZE_QUERY_NORM,
  SOTTO_SIZE_KEY_NORM,
  SOTTO_SIZE_QUERY_LATENT,
  SOTTO_SIZE_LATENT,
  SOTTO_SIZE_LATENT_TURNED,
  SOTTO_SIZE_HEAD_PLAIN,
  SOTTO_SIZE_HEAD_VALUE,
  SOTTO_SIZE_KEY_VALUE_UP,
  SOTTO_SIZE_DELTA_CHANNELS,
  SOTTO_SIZE_DELTA_VALUES,
  SOTTO_SIZE_DELTA_HEADS,
  SOTTO_SIZE_DELTA_TWICE,
  SOTTO_SIZE_DELTA_INPUT,
  SOTTO_SIZE_CONVOLUTION,
  SOTTO_SIZE_STATE_VALUE,
  SOTTO_SIZE_GATED_CHANNELS,
  SOTTO_SIZE_SHORT_CONVOLUTION,
  SOTTO_SIZE_SCAN_INPUT,
  SOTTO_SIZE_SCAN_CHANNELS,
  SOTTO_SIZE_SCAN_CONVOLUTION,
  SOTTO_SIZE_FEED_FORWARD,
  SOTTO_SIZE_EXPERT_FEED_FORWARD,
  SOTTO_SIZE_SHARED_FEED_FORWARD,
  SOTTO_SIZE_EXPERTS,
  SOTTO_SIZE_VOCABULARY,
  SOTTO_SIZE_ROPE_PAIRS,
  SOTTO_SIZE_INPUT,
  SOTTO_SIZE_INPUTS,
  SOTTO_SIZE_OTHER_STREAMS, /* all but the first */
  SOTTO_SIZE_STREAM_ROUTER,
  SOTTO_SIZE_STREAM_PREDICTION,
  SOTTO_SIZE_STREAM_CORRECTION,
} SottoSize;

/* What a slot's tensor is called and how it is shaped. */
typedef struct {
  const char *name;        /* behind "blk.N." */
  SottoPart part;
  SottoSize columns;
  SottoSize rows;
  SottoSize matrices;      /* SOTTO_SIZE_NONE: one */
  const char *suffix;      /* (nullable): ".weight" */
} SottoSlotInfo;

/* The slots of the whole model end here. */
#define SOTTO_FIRST_LAYER_SLOT SOTTO_SLOT_ATTENTION_NORM

extern const SottoSlotInfo sotto_slot_infos[SOTTO_N_SLOTS];

/* @size in the layer of that number. */
guint sotto_size_get (const SottoSizes  *sizes,
                      const SottoFamily *family,
                      guint              layer,
                      SottoSize          size);

G_END_DECLS
