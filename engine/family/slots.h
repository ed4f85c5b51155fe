#pragma once

#include "family/family.h"

/* Groups of tensors that many families have, for their descriptors. A family may name a slot again
 * behind a group: the last one counts, which is what the warning that is off here would warn of. */
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define ALWAYS { SOTTO_REQUIRED, SOTTO_ABSENT }
#define PERHAPS { SOTTO_OPTIONAL, SOTTO_ABSENT }
#define NEVER { SOTTO_ABSENT, SOTTO_ABSENT }
#define WITH_BIAS(bias) { SOTTO_REQUIRED, SOTTO_##bias }

/* Embedding and output; the norm's bias is that of layer norms. */
#define SLOTS_ENDS(norm_bias) \
  [SOTTO_SLOT_EMBEDDING] = ALWAYS, \
  [SOTTO_SLOT_OUTPUT_NORM] = WITH_BIAS (norm_bias), \
  [SOTTO_SLOT_OUTPUT] = PERHAPS

/* Softmax attention by queries, keys and values. */
#define SLOTS_ATTENTION(bias) \
  [SOTTO_SLOT_QUERY] = WITH_BIAS (bias), \
  [SOTTO_SLOT_KEY] = WITH_BIAS (bias), \
  [SOTTO_SLOT_VALUE] = WITH_BIAS (bias)

#define SLOTS_QUERY_KEY_NORMS \
  [SOTTO_SLOT_QUERY_NORM] = ALWAYS, \
  [SOTTO_SLOT_KEY_NORM] = ALWAYS

/* Norms before attention and before the feed-forward. */
#define SLOTS_PRE_NORMS(bias) \
  [SOTTO_SLOT_ATTENTION_NORM] = WITH_BIAS (bias), \
  [SOTTO_SLOT_FEED_NORM] = WITH_BIAS (bias)

#define SLOTS_POST_NORMS \
  [SOTTO_SLOT_POST_ATTENTION_NORM] = ALWAYS, \
  [SOTTO_SLOT_POST_FEED_NORM] = ALWAYS

/* A feed-forward of three matrices, and one of two. */
#define SLOTS_GATED(bias) \
  [SOTTO_SLOT_GATE] = WITH_BIAS (bias), \
  [SOTTO_SLOT_UP] = WITH_BIAS (bias), \
  [SOTTO_SLOT_DOWN] = WITH_BIAS (bias)

#define SLOTS_UNGATED(bias) \
  [SOTTO_SLOT_UP] = WITH_BIAS (bias), \
  [SOTTO_SLOT_DOWN] = WITH_BIAS (bias)

#define SLOTS_EXPERTS(bias) \
  [SOTTO_SLOT_ROUTER] = WITH_BIAS (bias), \
  [SOTTO_SLOT_EXPERT_GATE] = WITH_BIAS (bias), \
  [SOTTO_SLOT_EXPERT_UP] = WITH_BIAS (bias), \
  [SOTTO_SLOT_EXPERT_DOWN] = WITH_BIAS (bias)

#define SLOTS_SHARED_EXPERT \
  [SOTTO_SLOT_SHARED_GATE] = ALWAYS, \
  [SOTTO_SLOT_SHARED_UP] = ALWAYS, \
  [SOTTO_SLOT_SHARED_DOWN] = ALWAYS

/* Gated DeltaNet, without alpha and beta. */
#define SLOTS_DELTA \
  [SOTTO_SLOT_DELTA_MIXED] = ALWAYS, \
  [SOTTO_SLOT_DELTA_GATE] = ALWAYS, \
  [SOTTO_SLOT_DELTA_CONVOLUTION] = ALWAYS, \
  [SOTTO_SLOT_DELTA_RATES] = ALWAYS, \
  [SOTTO_SLOT_DELTA_STEP_BIAS] = ALWAYS, \
  [SOTTO_SLOT_DELTA_NORM] = ALWAYS, \
  [SOTTO_SLOT_DELTA_OUTPUT] = ALWAYS

/* A short convolution between gates. */
#define SLOTS_CONVOLUTION \
  [SOTTO_SLOT_CONVOLUTION_INPUT] = WITH_BIAS (OPTIONAL), \
  [SOTTO_SLOT_CONVOLUTION] = ALWAYS, \
  [SOTTO_SLOT_CONVOLUTION_BIAS] = PERHAPS, \
  [SOTTO_SLOT_CONVOLUTION_OUTPUT] = WITH_BIAS (OPTIONAL)

/* Mamba-2. */
#define SLOTS_SCAN(norm) \
  [SOTTO_SLOT_SCAN_INPUT] = WITH_BIAS (OPTIONAL), \
  [SOTTO_SLOT_SCAN_CONVOLUTION] = ALWAYS, \
  [SOTTO_SLOT_SCAN_CONVOLUTION_BIAS] = PERHAPS, \
  [SOTTO_SLOT_SCAN_RATES] = ALWAYS, \
  [SOTTO_SLOT_SCAN_STEP_BIAS] = ALWAYS, \
  [SOTTO_SLOT_SCAN_SKIPS] = ALWAYS, \
  [SOTTO_SLOT_SCAN_NORM] = norm, \
  [SOTTO_SLOT_SCAN_OUTPUT] = WITH_BIAS (OPTIONAL)

/* A layer's input beside the residual. */
#define SLOTS_INPUTS \
  [SOTTO_SLOT_INPUT_TABLE] = ALWAYS, \
  [SOTTO_SLOT_INPUT_PROJECTION] = ALWAYS, \
  [SOTTO_SLOT_INPUT_NORM] = ALWAYS, \
  [SOTTO_SLOT_INPUT_GATE] = ALWAYS, \
  [SOTTO_SLOT_INPUT_OUTPUT] = ALWAYS, \
  [SOTTO_SLOT_POST_INPUT_NORM] = ALWAYS

/* Several residuals of a token. */
#define SLOTS_STREAMS \
  [SOTTO_SLOT_STREAM_INPUT] = ALWAYS, \
  [SOTTO_SLOT_STREAM_OUTPUT] = ALWAYS, \
  [SOTTO_SLOT_STREAM_ROUTER] = ALWAYS, \
  [SOTTO_SLOT_STREAM_ROUTER_NORM] = ALWAYS, \
  [SOTTO_SLOT_STREAM_PREDICTION] = ALWAYS, \
  [SOTTO_SLOT_STREAM_CORRECTION] = ALWAYS, \
  [SOTTO_SLOT_STREAM_SCALE] = ALWAYS

/* Pre-normed attention with rotary positions and a gated feed-forward (Touvron et al. 2023): what
 * nearly all families are a variation of. */
#define SLOTS_TRANSFORMER(attention_bias, other_bias) \
  SLOTS_ENDS (ABSENT), \
  SLOTS_ATTENTION (attention_bias), \
  SLOTS_PRE_NORMS (ABSENT), \
  SLOTS_GATED (other_bias), \
  [SOTTO_SLOT_ATTENTION_OUTPUT] = WITH_BIAS (other_bias)
