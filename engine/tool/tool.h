#pragma once

#include "sotto-engine.h"

G_BEGIN_DECLS

/* What the subcommands of `sotto-engine` share. The tool stands on the engine's public header
 * alone. */

/* Runs a subcommand. @arguments begin with its name. Returns: %FALSE with an error that main()
 * prints; one of G_OPTION_ERROR is a wrong use. */
typedef gboolean (*ToolRun) (char **arguments, GError **error);

gboolean tool_inspect (char **arguments, GError **error);
gboolean tool_verify (char **arguments, GError **error);
gboolean tool_tokenize (char **arguments, GError **error);
gboolean tool_detokenize (char **arguments, GError **error);
gboolean tool_render (char **arguments, GError **error);
gboolean tool_logits (char **arguments, GError **error);
gboolean tool_perplexity (char **arguments, GError **error);
gboolean tool_generate (char **arguments, GError **error);
gboolean tool_bench (char **arguments, GError **error);
gboolean tool_devices (char **arguments, GError **error);

/* How a subcommand is used: tool_parse() takes it apart and answers --help. */
typedef struct {
  const char *synopsis;      /* "MODEL ID…" */
  const char *summary;       /* for --help */
  const GOptionEntry *entries;
  guint n_least;             /* arguments that are no options */
  guint n_most;
} ToolUsage;

/**
 * tool_parse:
 * @arguments: with the subcommand's name first
 *
 * Returns: (transfer full): what is no option, or %NULL with G_OPTION_ERROR
 */
char **tool_parse (const ToolUsage *usage, char **arguments, GError **error);

/* A wrong use, said like one that GOption found. Always returns %FALSE. */
gboolean tool_misuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Opens a model without progress. */
SottoModel *tool_open_model (const char *path, GError **error);

/* Options of every subcommand that computes. */
typedef struct {
  int n_threads;
  char *tier;
  char *backend;
  int n_gpu_layers;
  char *kv;
} ToolCompute;

#define TOOL_COMPUTE_ENTRIES(compute)                                                           \
  { "threads", 't', 0, G_OPTION_ARG_INT, &(compute).n_threads,                                  \
    "Threads; 0: one a physical core", "N" },                                                   \
  { "backend", 0, 0, G_OPTION_ARG_STRING, &(compute).backend,                                   \
    "auto (the default, but for a tier), cuda or cpu", "NAME" },                                \
  { "gpu-layers", 0, 0, G_OPTION_ARG_INT, &(compute).n_gpu_layers,                              \
    "How many of the last layers have to be on GPUs; 0: as many as fit", "N" },                 \
  { "tier", 0, 0, G_OPTION_ARG_STRING, &(compute).tier,                                         \
    "CPU tier: reference, avx2, avxvnni, avx512, amx, neon or i8mm; else the best, or $SOTTO_CPU_TIER", \
    "NAME" },                                                                                   \
  { "kv", 0, 0, G_OPTION_ARG_STRING, &(compute).kv, "KV cache: f16 (the default), f32, q8_0 or q4_0", "TYPE" }

void tool_compute_clear (ToolCompute *self);

/* What the options say of a backend; FALSE: nonsense. @options belongs to @self. */
gboolean tool_get_backend_options (const ToolCompute *self, SottoBackendOptions *options, GError **error);

/* A backend as the options say. */
SottoBackend *tool_open_backend (const ToolCompute *self, GError **error);
gboolean tool_get_kv_type (const ToolCompute *self, SottoKvType *kv_type, GError **error);

/* Options of what draws tokens; made with tool_sampling_init(). */
typedef struct {
  double temperature;
  int top_k;
  double top_p;
  double min_p;
  double repetition_penalty;
  int repetition_window;
  gint64 seed;
  double frequency_penalty;
  double presence_penalty;
  double typical_p;
  double xtc_probability;
  double xtc_threshold;
  double dry_multiplier;
  double dry_base;
  int dry_allowed_length;
  int dry_window;
  char **dry_breakers;
  double mirostat_tau;
  double mirostat_eta;
  char **logit_bias;         /* as written */
  SottoLogitBias *parsed_bias;
} ToolSampling;

#define TOOL_SAMPLING_ENTRIES(sampling)                                                         \
  { "seed", 's', 0, G_OPTION_ARG_INT64, &(sampling).seed, "Same seed, same answer (0)", "N" },  \
  { "temperature", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).temperature,                          \
    "0: always the likeliest token (0.7)", "T" },                                               \
  { "top-k", 0, 0, G_OPTION_ARG_INT, &(sampling).top_k, "Only the K likeliest; 0: off (40)",    \
    "K" },                                                                                      \
  { "typical-p", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).typical_p,                              \
    "Only the most usual that make up P; 1: off (1)", "P" },                                    \
  { "top-p", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).top_p,                                      \
    "Only the likeliest that make up P; 1: off (0.95)", "P" },                                  \
  { "min-p", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).min_p,                                      \
    "Only those at least P times as likely as the likeliest; 0: off (0.05)", "P" },             \
  { "xtc-probability", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).xtc_probability,                  \
    "How often top choices are left out; 0: never (0)", "P" },                                  \
  { "xtc-threshold", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).xtc_threshold,                      \
    "From what probability a token is a top choice (0.1)", "P" },                               \
  { "repetition-penalty", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).repetition_penalty,            \
    "Divides the logits of tokens seen; 1: off (1)", "R" },                                     \
  { "frequency-penalty", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).frequency_penalty,              \
    "Taken off as often as a token was seen (0)", "X" },                                        \
  { "presence-penalty", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).presence_penalty,                \
    "Taken off once if a token was seen (0)", "X" },                                            \
  { "repetition-window", 0, 0, G_OPTION_ARG_INT, &(sampling).repetition_window,                 \
    "How many of the last tokens these three look at (64)", "N" },                              \
  { "dry-multiplier", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).dry_multiplier,                    \
    "Strength of the penalty on whole repetitions; 0: off (0)", "X" },                          \
  { "dry-base", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).dry_base,                                \
    "What it grows by with each token (1.75)", "X" },                                           \
  { "dry-allowed-length", 0, 0, G_OPTION_ARG_INT, &(sampling).dry_allowed_length,               \
    "Shorter repetitions are let pass (2)", "N" },                                              \
  { "dry-window", 0, 0, G_OPTION_ARG_INT, &(sampling).dry_window,                               \
    "How many of the last tokens are searched; 0: all (0)", "N" },                              \
  { "dry-breaker", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(sampling).dry_breakers,                   \
    "A text across which nothing is a repetition (may be repeated)", "TEXT" },                  \
  { "mirostat-tau", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).mirostat_tau,                        \
    "The surprise aimed at, in bits, in place of top-k to XTC; 0: off (0)", "BITS" },           \
  { "mirostat-eta", 0, 0, G_OPTION_ARG_DOUBLE, &(sampling).mirostat_eta,                        \
    "How fast it learns (0.1)", "X" },                                                          \
  { "logit-bias", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(sampling).logit_bias,                      \
    "Added to a token's logit; -inf: never (may be repeated)", "TOKEN=BIAS" }

void tool_sampling_init (ToolSampling *self);
void tool_sampling_clear (ToolSampling *self);
gboolean tool_sampling_fill (ToolSampling *self, SottoSamplerSettings *settings, GError **error);

/* Reads "1,2,3" or "1 2 3"; each has to be a token of @model. */
GArray *tool_read_tokens (const SottoModel *model, const char *text, GError **error);

/* A picture out of a portable pixmap. */
SottoImage *tool_read_image (const char *path, GError **error);

/* Everything of standard input. */
gboolean tool_read_input (GString *text, GError **error);

/* Writes to standard output; a line's end is added where a person looks on. */
gboolean tool_write (const char *bytes, gsize length, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ToolCompute, tool_compute_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ToolSampling, tool_sampling_clear)

G_END_DECLS
