#pragma once

#include <yyjson.h>

#include "import.h"
#include "turns.h"

G_BEGIN_DECLS

/* The formats, a program a file. Each takes what is one conversation of its program, puts it into @import, and counts there
 * what it leaves out. */

/* JSON: @value is an object that sotto_import_knows() */
void sotto_import_chatgpt (SottoImport *import, yyjson_val *value);
void sotto_import_claude (SottoImport *import, yyjson_val *value);
void sotto_import_open_webui (SottoImport *import, yyjson_val *value);
void sotto_import_lm_studio (SottoImport *import, yyjson_val *value);
void sotto_import_jan_thread (SottoImport *import, yyjson_val *value);
void sotto_import_jan_message (SottoImport *import, yyjson_val *value);
void sotto_import_messages (SottoImport *import, yyjson_val *value);

/* A conversation that is the row of its messages alone. @title: (nullable) */
void sotto_import_message_row (SottoImport *import, const char *title, yyjson_val *messages);

/* What Jan has told so far becomes conversations. */
void sotto_import_jan_finish (SottoImport *import);

/* Bytes. Return: %FALSE with %SOTTO_APP_ERROR_ARCHIVE_DAMAGED or _FOREIGN, or %G_IO_ERROR_CANCELLED */
gboolean sotto_import_gpt4all (SottoImport *import, const guint8 *data, gsize length, GError **error);
gboolean sotto_import_alpaca (SottoImport   *import,
                              guint8        *data,
                              gsize          length,
                              GCancellable  *cancellable,
                              GError       **error);

/* --- What they share (import.c) --- */

/* @turns: (transfer full): becomes one of the trees, or is counted as one that could not be read; one in which nothing was said
 * is neither. */
void sotto_import_take_turns (SottoImport *import, SottoTurns *turns);
void sotto_import_leave_out (SottoImport *import, SottoLeftOut what, guint n);

/* Whether @value is a role and what it says (messages.c) */
gboolean sotto_import_is_message (yyjson_val *value);

/* A message's content as OpenAI's interface has it: a text, or an array of texts, pictures and files. @turn: (nullable):
 * nothing is kept */
void sotto_import_take_content (SottoImport *import, SottoTurn *turn, yyjson_val *content);

G_END_DECLS
