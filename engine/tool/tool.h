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
  char *kv;
} ToolCompute;

#define TOOL_COMPUTE_ENTRIES(compute)                                                           \
  { "threads", 't', 0, G_OPTION_ARG_INT, &(compute).n_threads,                                  \
    "Threads; 0: one a physical core", "N" },                                                   \
  { "backend", 0, 0, G_OPTION_ARG_STRING, &(compute).backend, "cpu or cuda", "NAME" },          \
  { "tier", 0, 0, G_OPTION_ARG_STRING, &(compute).tier,                                         \
    "CPU tier: reference, avx2 or avx512; else the best, or $SOTTO_CPU_TIER", "NAME" },         \
  { "kv", 0, 0, G_OPTION_ARG_STRING, &(compute).kv, "KV cache: f16 (the default), f32, q8_0 or q4_0", "TYPE" }

void tool_compute_clear (ToolCompute *self);

/* A backend as the options say. */
SottoBackend *tool_open_backend (const ToolCompute *self, GError **error);
gboolean tool_get_kv_type (const ToolCompute *self, SottoKvType *kv_type, GError **error);

/* Reads "1,2,3" or "1 2 3"; each has to be a token of @model. */
GArray *tool_read_tokens (const SottoModel *model, const char *text, GError **error);

/* Everything of standard input. */
gboolean tool_read_input (GString *text, GError **error);

/* Writes to standard output; a line's end is added where a person looks on. */
gboolean tool_write (const char *bytes, gsize length, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ToolCompute, tool_compute_clear)

G_END_DECLS
