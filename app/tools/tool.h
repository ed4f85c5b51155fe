#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SottoTool:
 *
 * Something that a model may use while it answers: part of Sotto, without a network, and read-only, so that it is run without
 * asking. Which ones a conversation may use a person chooses. All there are stand in a table; none is ever freed.
 */
typedef struct _SottoTool SottoTool;

guint sotto_tools_get_n (void);
const SottoTool *sotto_tools_get (guint position);

/* @name: as models call it. Returns: (nullable) */
const SottoTool *sotto_tools_lookup (const char *name);

const char *sotto_tool_get_name (const SottoTool *self);

/* For people, in their language: "Calculator", and a sentence about it */
const char *sotto_tool_get_title (const SottoTool *self);
const char *sotto_tool_get_words (const SottoTool *self);

G_END_DECLS
