#pragma once

#include <yyjson.h>

#include "services.h"
#include "tools/tool.h"

G_BEGIN_DECLS

/* Bytes of a result: models have little room, and small ones lose what they were asked behind much text. */
#define SOTTO_TOOL_MAX_RESULT 8000

/* Bytes of what a model calls a tool with */
#define SOTTO_TOOL_MAX_ARGUMENTS 16000

typedef enum {
  SOTTO_ARGUMENT_TEXT,
  SOTTO_ARGUMENT_WHOLE,
} SottoArgumentType;

/**
 * SottoArgument:
 * @most: characters of a text; of a whole number, how far it may be from 0
 * @words: for the model, in English
 */
typedef struct {
  const char *name;
  SottoArgumentType type;
  gboolean is_required;
  gint64 most;
  const char *words;
} SottoArgument;

#define SOTTO_TOOL_MAX_ARGUMENT_NAMES 4

/**
 * SottoToolPlace:
 * @conversation: id of the one that the tool is used in
 * @folders: (array zero-terminated=1): ids of those that it asks
 *
 * Where a tool is used. @services are referenced by who runs it.
 */
typedef struct {
  SottoServices *services;
  const char *conversation;
  const char *const *folders;
} SottoToolPlace;

/**
 * SottoToolRun:
 * @task: (transfer full): returns text, transfer full, whatever becomes of it: what is wrong goes to the model, too. Its
 *   cancellable ends the work, and returns an error
 * @arguments: valid during the call; checked against the tool's
 *
 * In the main context, where it begins only: what takes time goes to a thread, or is asked of who has one.
 */
typedef void (*SottoToolRun) (GTask *task, const SottoToolPlace *place, yyjson_val *arguments);

struct _SottoTool
{
  const char *name;
  const char *title;   /* untranslated, as are */
  const char *words;
  const char *purpose; /* for the model, in English: the same prompt has to be the same in any language */
  SottoArgument arguments[SOTTO_TOOL_MAX_ARGUMENT_NAMES + 1];

  /* (nullable): whether it can be used there; %NULL: anywhere */
  gboolean (*is_usable) (const SottoToolPlace *place);
  SottoToolRun run;
};

extern const SottoTool sotto_tool_calculate;
extern const SottoTool sotto_tool_current_time;
extern const SottoTool sotto_tool_search_conversations;
extern const SottoTool sotto_tool_search_documents;

gboolean sotto_tool_is_usable (const SottoTool *self, const SottoToolPlace *place);

/**
 * sotto_tools_choose:
 * @names: (array zero-terminated=1): that a person has chosen; some may be of another Sotto
 *
 * Returns: (transfer full): those of them that can be used in @place, in the table's order
 */
char **sotto_tools_choose (const char *const *names, const SottoToolPlace *place);

/**
 * sotto_tools_describe:
 * @names: (array zero-terminated=1)
 *
 * Returns: (transfer full): what a model is told of them: JSON, an array as the engine takes it
 */
char *sotto_tools_describe (const char *const *names);

/**
 * sotto_tools_run_async:
 * @name: what the model called; there may be no such tool
 * @arguments: what it called it with; may be anything
 * @offered: (array zero-terminated=1): those that it may use
 *
 * Runs a tool, or finds out why not.
 */
void sotto_tools_run_async (const char           *name,
                            const char           *arguments,
                            const char *const    *offered,
                            const SottoToolPlace *place,
                            GCancellable         *cancellable,
                            GAsyncReadyCallback   callback,
                            gpointer              user_data);

/**
 * sotto_tools_run_finish:
 *
 * Returns: (transfer full): what the model is told, at most %SOTTO_TOOL_MAX_RESULT bytes of UTF-8; %NULL with an error: it was
 *   cancelled
 */
char *sotto_tools_run_finish (GAsyncResult *result, GError **error);

/* Returns: (transfer full): @text, or as much of it as a model is told */
char *sotto_tool_bound_result (const char *text);

/* --- arguments.c --- */

/**
 * sotto_tool_read_arguments:
 *
 * Returns: (transfer full): an object with nothing but what @self takes, in its bounds; %NULL with @problem
 * @problem: (out) (transfer full): a sentence in English
 */
yyjson_doc *sotto_tool_read_arguments (const SottoTool *self, const char *json, char **problem);

/* Returns: (nullable): text that is not empty */
const char *sotto_argument_get_text (yyjson_val *arguments, const char *name);

/* Returns: whether it was given */
gboolean sotto_argument_get_whole (yyjson_val *arguments, const char *name, gint64 *value);

/* Adds the JSON Schema of what @self takes. */
yyjson_mut_val *sotto_tool_describe_arguments (const SottoTool *self, yyjson_mut_doc *doc);

G_END_DECLS
