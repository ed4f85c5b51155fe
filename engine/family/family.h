#pragma once

#include "format/gguf.h"
#include "plan.h"

G_BEGIN_DECLS

/* A model family is data: this struct, filled in once a family in families-*.c. hyperparameters.c
 * reads sizes by it, tensors.c finds weights by it, and the plan-*.c write the steps that its words
 * ask for; none of them asks which family it is. When a family needs something that no word here
 * says, a word is added, and these files translate it for all. */

/* What a model and its layers are made of; hyperparameters.c says which of them a layer has. */
typedef enum {
  SOTTO_PART_MODEL,
  SOTTO_PART_LAYER,        /* what every layer has */
  SOTTO_PART_ATTENTION,    /* queries and the output of softmax attention */
  SOTTO_PART_CACHE,        /* its keys and values, where they are not another layer's */
  SOTTO_PART_LATENT,       /* multi-head latent attention */
  SOTTO_PART_DELTA,        /* Gated DeltaNet */
  SOTTO_PART_CONVOLUTION,  /* a short convolution between gates */
  SOTTO_PART_SCAN,         /* Mamba-2 */
  SOTTO_PART_DENSE,        /* a feed-forward for all tokens */
  SOTTO_PART_EXPERTS,
  SOTTO_PART_SHARED,       /* the expert that all tokens pass */
  SOTTO_PART_INPUTS,       /* inputs of every layer beside the residual */
  SOTTO_PART_STREAMS,      /* several residuals of a token, of which a layer changes one */
} SottoPart;

/* Which pairs of a head turn by which axis, where positions have several (rope.c). */
typedef enum {
  SOTTO_SECTIONS_NONE,     /* all pairs by the one there is */
  SOTTO_SECTIONS_ONE_BY_ONE,
  SOTTO_SECTIONS_IN_TURNS,
} SottoSections;

/* The tensors that a family may have. Names, shapes and parts of each stand in tensors.c. */
typedef enum
{
  /* SOTTO_PART_MODEL */
  SOTTO_SLOT_EMBEDDING,
  SOTTO_SLOT_EMBEDDING_NORM,
  SOTTO_SLOT_POSITIONS,    /* learned positions */
  SOTTO_SLOT_TOKEN_TYPES,  /* the first row is added to every token */
  SOTTO_SLOT_ROPE_FACTORS, /* divides the angle of each pair (Llama 3.1) */
  SOTTO_SLOT_ROPE_SHORT,   /* the same of longrope, for short and for long sequences */
  SOTTO_SLOT_ROPE_LONG,
  SOTTO_SLOT_INPUT_TABLE,
  SOTTO_SLOT_INPUT_PROJECTION,
  SOTTO_SLOT_INPUT_NORM,
  SOTTO_SLOT_STREAM_INPUT,  /* of every residual but the first, in SOTTO_PART_STREAMS: from the first, */
  SOTTO_SLOT_STREAM_OUTPUT, /* and back */
  SOTTO_SLOT_OUTPUT_NORM,
  SOTTO_SLOT_OUTPUT,   /* without it the embedding serves as output (tied) */
  SOTTO_SLOT_POOLED_1, /* what a pooled vector passes */
  SOTTO_SLOT_POOLED_2,

  /* SOTTO_PART_LAYER */
  SOTTO_SLOT_ATTENTION_NORM,
  SOTTO_SLOT_ATTENTION_NORM_2, /* attention's; ATTENTION_NORM then is the other's (Falcon 40B) */
  SOTTO_SLOT_POST_ATTENTION_NORM, /* of the branch, before it is added */
  SOTTO_SLOT_ATTENTION_SUM_NORM,  /* of the residual, after the branch was added (BERT) */
  SOTTO_SLOT_FEED_NORM,
  SOTTO_SLOT_POST_FEED_NORM,
  SOTTO_SLOT_FEED_SUM_NORM,
  SOTTO_SLOT_LAYER_SCALE, /* one number, at the end of the layer */
  SOTTO_SLOT_LOW_RANK_DOWN, /* a branch of two narrow matrices, beside attention (LAuReL) */
  SOTTO_SLOT_LOW_RANK_UP,
  SOTTO_SLOT_LOW_RANK_NORM,

  /* SOTTO_PART_ATTENTION */
  SOTTO_SLOT_QUERY,
  SOTTO_SLOT_QUERY_NORM,
  SOTTO_SLOT_QUERY_GATE, /* of what a head attends to, where it is not behind its query */
  SOTTO_SLOT_SINKS,
  SOTTO_SLOT_ATTENTION_OUTPUT,

  /* SOTTO_PART_CACHE */
  SOTTO_SLOT_KEY,
  SOTTO_SLOT_VALUE,
  SOTTO_SLOT_KEY_NORM,

  /* SOTTO_PART_LATENT */
  SOTTO_SLOT_QUERY_DOWN,
  SOTTO_SLOT_QUERY_DOWN_NORM,
  SOTTO_SLOT_QUERY_UP,
  SOTTO_SLOT_LATENT,
  SOTTO_SLOT_LATENT_NORM,
  SOTTO_SLOT_KEY_UP,
  SOTTO_SLOT_VALUE_UP,
  SOTTO_SLOT_KEY_VALUE_UP, /* older files: both, not yet absorbed */

  /* SOTTO_PART_DELTA */
  SOTTO_SLOT_DELTA_INPUT,  /* earliest files: MIXED and GATE, by key head */
  SOTTO_SLOT_DELTA_MIXED,
  SOTTO_SLOT_DELTA_GATE,
  SOTTO_SLOT_DELTA_ALPHA,
  SOTTO_SLOT_DELTA_BETA,
  SOTTO_SLOT_DELTA_BETA_ALPHA, /* both, by key head */
  SOTTO_SLOT_DELTA_CONVOLUTION,
  SOTTO_SLOT_DELTA_RATES,
  SOTTO_SLOT_DELTA_STEP_BIAS,
  SOTTO_SLOT_DELTA_NORM,
  SOTTO_SLOT_DELTA_OUTPUT,

  /* SOTTO_PART_CONVOLUTION */
  SOTTO_SLOT_CONVOLUTION_INPUT,
  SOTTO_SLOT_CONVOLUTION,
  SOTTO_SLOT_CONVOLUTION_BIAS,
  SOTTO_SLOT_CONVOLUTION_OUTPUT,

  /* SOTTO_PART_SCAN */
  SOTTO_SLOT_SCAN_INPUT,
  SOTTO_SLOT_SCAN_CONVOLUTION,
  SOTTO_SLOT_SCAN_CONVOLUTION_BIAS,
  SOTTO_SLOT_SCAN_RATES,
  SOTTO_SLOT_SCAN_STEP_BIAS,
  SOTTO_SLOT_SCAN_SKIPS,
  SOTTO_SLOT_SCAN_NORM,
  SOTTO_SLOT_SCAN_OUTPUT,

  /* SOTTO_PART_DENSE */
  SOTTO_SLOT_GATE,
  SOTTO_SLOT_UP,
  SOTTO_SLOT_DOWN,

  /* SOTTO_PART_EXPERTS */
  SOTTO_SLOT_ROUTER,
  SOTTO_SLOT_ROUTER_SCALE, /* the router reads the normed residual times this (Gemma 4) */
  SOTTO_SLOT_SELECTION_BIAS,
  SOTTO_SLOT_EXPERT_GATE,
  SOTTO_SLOT_EXPERT_UP,
  SOTTO_SLOT_EXPERT_DOWN,
  SOTTO_SLOT_EXPERTS_NORM, /* beside a dense feed-forward: norms of each way's own */
  SOTTO_SLOT_POST_DENSE_NORM,
  SOTTO_SLOT_POST_EXPERTS_NORM,

  /* SOTTO_PART_SHARED */
  SOTTO_SLOT_SHARED_SWITCH,
  SOTTO_SLOT_SHARED_GATE,
  SOTTO_SLOT_SHARED_UP,
  SOTTO_SLOT_SHARED_DOWN,

  /* SOTTO_PART_INPUTS */
  SOTTO_SLOT_INPUT_GATE,
  SOTTO_SLOT_INPUT_OUTPUT,
  SOTTO_SLOT_POST_INPUT_NORM,

  /* SOTTO_PART_STREAMS */
  SOTTO_SLOT_STREAM_ROUTER,
  SOTTO_SLOT_STREAM_ROUTER_NORM,
  SOTTO_SLOT_STREAM_PREDICTION,
  SOTTO_SLOT_STREAM_CORRECTION,
  SOTTO_SLOT_STREAM_SCALE, /* of the first residual, where the layer's input joins the others */

  SOTTO_N_SLOTS,
} SottoSlot;

typedef enum
{
  SOTTO_ABSENT, /* a file of this family that has it is refused */
  SOTTO_OPTIONAL,
  SOTTO_REQUIRED,
} SottoPresence;

typedef struct {
  SottoPresence weight;
  SottoPresence bias;
} SottoSlotUse;

/* Words that are left out are zero, and mean what most families do. Where a key of the metadata says
 * the same thing, the key counts; hyperparameters.c and rope.c list them. */
typedef struct {
  const char *name;            /* general.architecture, and the beginning of the family's keys */
  const char *also[4];         /* other names for the same */
  const char *needs;           /* a key that older files leave out, and with it what they mean */

  /* Around the layers */
  SottoNormKind norm;          /* of all norms; 0 is none, so every family says it */
  double epsilon;              /* of all norms; 0: the file has to say */
  gboolean embedding_scaled;   /* by the root of its width */
  guint n_streams;             /* residuals of a token; 0: one */
  gboolean logits_divided;     /* by logit_scale; else multiplied */
  float logit_cap;
  SottoMask mask;
  gboolean pools; /* ends in one vector; else only where the file says so */
  const char *output_norm_name; /* OUTPUT_NORM's tensor, where it is not output_norm */

  /* Attention */
  SottoNormSpan span;          /* of the norms of Q and K */
  gboolean value_normed;       /* V too, without weights */
  gboolean turns_first;        /* Q and K are turned before they are normed */
  gboolean gated_query;        /* every head's query is followed by its gate */
  float attention_scale;       /* 0: 1 / root of a head's width */
  guint width_scale_layers;    /* models of so many layers: 1 / root of (width / heads) */
  float attention_cap;
  float alibi;                 /* the steepest slope is 2^-(alibi / heads) */
  gboolean latent_attention;

  /* Windows: every full_every-th layer sees all; 0: none does. Only where there is a window. */
  guint window;                /* where the file does not say */
  guint full_every;
  gboolean full_first;         /* and of those full_every the first, not the last */

  /* Positions */
  gboolean turns;              /* has rotary positions */
  SottoRopeKind rope_kind;
  SottoSections sections;      /* how rope.dimension_sections shares pairs out among axes; NONE: it is not read */
  double rope_base;            /* 0: 10,000 */
  guint stretched_from;        /* where the file says nothing of scaling: models of at least this */
  double stretched_by;         /* context have this linear factor (Gemma 3 in Ollama's files) */
  guint unturned_every;        /* every so many-th layer has no positions (SmolLM 3) */
  gboolean only_windows_turn;  /* in models that have windows */
  const char *turn_key;        /* a flag of the metadata that can switch them off */
  gboolean window_rope_plain;  /* in windows they are not scaled */
  double window_rope_base;     /* and have this base; 0: the same */
  gboolean yarn_smooth;        /* the ends of its ramp are not rounded to whole pairs */
  gboolean yarn_in_scores;     /* its magnitude is in the attention scale, squared (DeepSeek-V2) */

  /* What recurrent layers have in place of attention: SOTTO_PART_DELTA, _CONVOLUTION or _SCAN; 0: there are none. They
   * are all but every full_every-th; where that is 0, those without heads of keys and values. */
  SottoPart recurrent;
  gboolean recurrent_beside;   /* every layer is recurrent and has attention too, which reads the same */
  gboolean leaves_out;         /* layers without heads have no attention, ones of no width no feed-forward */
  gboolean one_part;           /* a layer is only one of attention, recurrent, feed-forward: where it is wide */
  gboolean delta_interleaved;

  /* Feed-forward */
  SottoActivation activation;
  gboolean activation_said;    /* the file may name another */
  gboolean parallel;           /* reads what attention read, or a norm of that of its own; not its result */
  const char *parallel_key;    /* a flag of the metadata that can switch it off */
  const char *feed_norm_name;  /* FEED_NORM's tensor, where it is not ffn_norm */
  SottoScores scores;
  gboolean bias_means_sigmoid; /* where the file does not say: scores are sigmoids where the choice has a bias */
  gboolean dense_unrouted;     /* where the file does not say, layers before the first router are dense */
  gboolean normalised;         /* weights of the chosen experts sum to 1 */
  gboolean dense_and_experts;  /* both in the same layer */

  SottoSlotUse slots[SOTTO_N_SLOTS];
} SottoFamily;

/* Tables of families, commonest first; each ends in one without a name. */
extern const SottoFamily sotto_families_decoders[];
extern const SottoFamily sotto_families_gemma[];
extern const SottoFamily sotto_families_experts[];
extern const SottoFamily sotto_families_recurrent[];
extern const SottoFamily sotto_families_others[];

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
