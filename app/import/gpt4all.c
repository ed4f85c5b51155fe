/* GPT4All's chats: gpt4all-ID.chat in its folder of models, by Qt's QDataStream
 *
 *   u32 0xf5d553cc; i32 VERSION, 1 to 12
 *   i64 when it was made, in seconds; text id; text name; text name that a person gave it; text model
 *   from 3 on: list of texts: collections of documents
 *   up to 10:
 *     from 6 on: bool HAS_STATE; before: true
 *     from 2 on: i32 kind of model; i32 0
 *     text; text; u32
 *     where HAS_STATE: before 4: u32; u32; from 7 on: u32; before 9: u64 N, N × 4 bytes; u64 N, N × 4 bytes; bytes:
 *     what the model had in memory, which is of no use to anybody else
 *   i32 how many items, and these
 *
 *   an item
 *     up to 11: i32
 *     text "Prompt: ", "Response: " or "System: "; text what was said
 *     up to 9: text
 *     text; bool; bool STOPPED; bool; bool
 *     from 11 on, of a response: bool it is an error
 *     from 8 on: i64 N, N × (7 texts, 3 i32): passages of documents that were found
 *     3 to 7: text; list of texts: the same
 *     from 10 on: i64 N, N × (bytes URL, bytes CONTENT): files that were attached
 *     from 12 on: i64 N, N × piece of a response
 *
 *   a piece
 *     text "Text: ", "Think: ", "ToolCall: ", "ToolResponse: " or "Response: "; text
 *     of "Think: ": i32; of "ToolCall: ": text, i64 N, N × (text, i32, variant), text, i32, text
 *     i64 N, N × piece
 *
 * From nomic-ai/gpt4all, gpt4all-chat/src (version 3.10): chatlistmodel.cpp, chat.cpp, chatllm.cpp, chatmodel.cpp, tool.cpp. Files
 * that were made before there was a number at their beginning are not read. */

#include "formats.h"

#include "problem.h"
#include "qt-stream.h"

#define MAGIC 0xf5d553ccu
#define NEWEST 12
#define MAX_DEPTH 16

typedef struct {
  SottoQtStream stream;
  SottoImport *import;
  SottoTurns *turns;
  gint32 version;
} Reader;

/* How many of something follow: more than bytes are left cannot be. */
static guint64
get_count (Reader *self)
{
  const gint64 n = sotto_qt_stream_get_int64 (&self->stream);

  if (n < 0 || (guint64) n > self->stream.length)
    self->stream.is_ok = FALSE;
  return self->stream.is_ok ? (guint64) n : 0;
}

/* --- Before the items --- */

static void
skip_state (Reader *self)
{
  SottoQtStream *stream = &self->stream;

  if (self->version < 4)
    sotto_qt_stream_skip (stream, 4);
  sotto_qt_stream_skip (stream, 4);
  if (self->version >= 7)
    sotto_qt_stream_skip (stream, 4);
  for (guint i = self->version < 9 ? 0 : 1; i < 2; i++)
    {
      const guint64 n = (guint64) sotto_qt_stream_get_int64 (stream);

      if (n > stream->length / 4)
        stream->is_ok = FALSE;
      else
        sotto_qt_stream_skip (stream, n * 4);
    }
  sotto_qt_stream_skip_string (stream);
}

static void
skip_model (Reader *self)
{
  SottoQtStream *stream = &self->stream;
  gboolean has_state = TRUE;

  if (self->version >= 11)
    return;
  if (self->version >= 6)
    has_state = sotto_qt_stream_get_bool (stream);
  if (self->version >= 2)
    sotto_qt_stream_skip (stream, 8);
  sotto_qt_stream_skip_string (stream);
  sotto_qt_stream_skip_string (stream);
  sotto_qt_stream_skip (stream, 4);
  if (has_state)
    skip_state (self);
}

/* Returns: (transfer full): the model's name */
static char *
read_head (Reader *self)
{
  SottoQtStream *stream = &self->stream;
  g_autofree char *model = NULL;
  g_autofree char *given = NULL;
  gint64 seconds;

  seconds = sotto_qt_stream_get_int64 (stream);
  self->turns->created = seconds > 0 && seconds < G_MAXINT32 * (gint64) 2 ? seconds * G_USEC_PER_SEC : 0;
  self->turns->id = sotto_qt_stream_dup_string (stream);
  self->turns->title = sotto_qt_stream_dup_string (stream);
  given = sotto_qt_stream_dup_string (stream);
  if (*given != '\0')
    g_set_str (&self->turns->title, given);
  if (*self->turns->id == '\0')
    g_clear_pointer (&self->turns->id, g_free);
  model = sotto_qt_stream_dup_string (stream);
  if (self->version >= 3)
    sotto_qt_stream_skip_strings (stream);
  skip_model (self);
  return g_steal_pointer (&model);
}

/* --- Items --- */

static void
skip_sources (Reader *self)
{
  SottoQtStream *stream = &self->stream;

  if (self->version >= 8)
    {
      for (guint64 n = get_count (self); n > 0 && stream->is_ok; n--)
        {
          for (guint i = 0; i < 7; i++)
            sotto_qt_stream_skip_string (stream);
          sotto_qt_stream_skip (stream, 12);
        }
    }
  else if (self->version >= 3)
    {
      sotto_qt_stream_skip_string (stream);
      sotto_qt_stream_skip_strings (stream);
    }
}

static void
read_attachment (Reader *self, SottoTurn *turn)
{
  gsize url_length, length;
  const guint8 *url = sotto_qt_stream_get_bytes (&self->stream, &url_length);
  const guint8 *content = sotto_qt_stream_get_bytes (&self->stream, &length);
  g_autofree char *uri = g_strndup ((const char *) url, url_length);
  g_autofree char *name = g_uri_unescape_string (uri, NULL);
  g_autofree char *valid = g_utf8_make_valid (name != NULL ? name : uri, -1);
  g_autofree char *text = NULL;

  /* A spreadsheet is there as it was, and is no text. */
  if (length > 0 && g_utf8_validate ((const char *) content, (gssize) length, NULL))
    text = g_strndup ((const char *) content, length);
  if (self->stream.is_ok && !sotto_turn_add_document (turn, valid, text))
    sotto_import_leave_out (self->import, SOTTO_LEFT_OUT_FILES, 1);
}

static void
skip_call (Reader *self)
{
  SottoQtStream *stream = &self->stream;

  sotto_qt_stream_skip_string (stream);
  for (guint64 n = get_count (self); n > 0 && stream->is_ok; n--)
    {
      sotto_qt_stream_skip_string (stream);
      sotto_qt_stream_skip (stream, 4);
      sotto_qt_stream_skip_variant (stream);
    }
  sotto_qt_stream_skip_string (stream);
  sotto_qt_stream_skip (stream, 4);
  sotto_qt_stream_skip_string (stream);
}

/* What was thought, without the marks that stand around it */
static void
take_thought (SottoTurn *turn, const char *text)
{
  g_autoptr (GString) plain = g_string_new (text);

  g_string_replace (plain, "<think>", "", 1);
  g_string_replace (plain, "</think>", "", 1);
  sotto_turn_add_reasoning (turn, plain->str);
}

static void
read_piece (Reader *self, SottoTurn *turn, guint depth)
{
  SottoQtStream *stream = &self->stream;
  g_autofree char *name = sotto_qt_stream_dup_string (stream);
  g_autofree char *text = sotto_qt_stream_dup_string (stream);

  if (depth > MAX_DEPTH)
    stream->is_ok = FALSE;
  if (!stream->is_ok)
    return;

  /* Of what stands in a piece the piece has a text of its own. */
  if (g_str_equal (name, "Text: ") || g_str_equal (name, "Response: "))
    {
      if (depth == 0)
        sotto_turn_add_text (turn, text);
    }
  else if (g_str_equal (name, "Think: "))
    {
      sotto_qt_stream_skip (stream, 4);
      if (depth == 0)
        take_thought (turn, text);
    }
  else if (g_str_equal (name, "ToolCall: ") || g_str_equal (name, "ToolResponse: "))
    {
      if (g_str_equal (name, "ToolCall: "))
        skip_call (self);
      sotto_import_leave_out (self->import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
  else
    {
      stream->is_ok = FALSE;
    }
  for (guint64 n = get_count (self); n > 0 && stream->is_ok; n--)
    read_piece (self, turn, depth + 1);
}

static void
read_item (Reader *self, const char *model)
{
  SottoQtStream *stream = &self->stream;
  SottoTurn *turn = sotto_turns_append (self->turns, NULL);
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  gboolean is_response;
  gboolean is_stopped;

  if (self->version < 12)
    sotto_qt_stream_skip (stream, 4);
  name = sotto_qt_stream_dup_string (stream);
  text = sotto_qt_stream_dup_string (stream);
  is_response = g_str_equal (name, "Response: ");
  if (is_response)
    turn->role = SOTTO_HISTORY_ROLE_ASSISTANT;
  else if (g_str_equal (name, "Prompt: "))
    turn->role = SOTTO_HISTORY_ROLE_USER;
  else if (g_str_equal (name, "System: "))
    turn->role = SOTTO_HISTORY_ROLE_SYSTEM;
  else
    stream->is_ok = FALSE;

  if (self->version < 10)
    sotto_qt_stream_skip_string (stream);
  sotto_qt_stream_skip_string (stream);
  sotto_qt_stream_skip (stream, 1);
  is_stopped = sotto_qt_stream_get_bool (stream);
  sotto_qt_stream_skip (stream, 2);
  turn->model = g_strdup (model);
  if (is_response && is_stopped)
    turn->status = SOTTO_HISTORY_STATUS_STOPPED;
  if (self->version >= 11 && is_response && sotto_qt_stream_get_bool (stream))
    turn->status = SOTTO_HISTORY_STATUS_FAILED;
  skip_sources (self);
  if (self->version >= 10)
    for (guint64 n = get_count (self); n > 0 && stream->is_ok; n--)
      read_attachment (self, turn);
  if (self->version >= 12)
    for (guint64 n = get_count (self); n > 0 && stream->is_ok; n--)
      read_piece (self, turn, 0);
  /* Pieces are the same once more, taken apart. */
  if (turn->text->len == 0 && turn->reasoning->len == 0)
    sotto_turn_add_thinking_text (turn, text);
}

gboolean
sotto_import_gpt4all (SottoImport *import, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (SottoTurns) turns = sotto_turns_new (SOTTO_IMPORT_GPT4ALL);
  Reader reader = { .import = import, .turns = turns };
  SottoQtStream *stream = &reader.stream;
  g_autofree char *model = NULL;
  gint32 n;

  sotto_qt_stream_init (stream, data, length);
  if ((guint32) sotto_qt_stream_get_int (stream) != MAGIC)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "no chat of GPT4All");
      return FALSE;
    }
  reader.version = sotto_qt_stream_get_int (stream);
  if (reader.version < 1 || reader.version > NEWEST)
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "GPT4All's version %d", reader.version);
      return FALSE;
    }

  model = read_head (&reader);
  n = sotto_qt_stream_get_int (stream);
  for (gint32 i = 0; i < n && stream->is_ok && !turns->is_broken; i++)
    read_item (&reader, model);
  if (!stream->is_ok || n < 0 || turns->is_broken || !sotto_qt_stream_is_at_end (stream))
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED, "byte %" G_GSIZE_FORMAT, stream->position);
      return FALSE;
    }
  turns->updated = import->modified;
  sotto_import_take_turns (import, g_steal_pointer (&turns));
  return TRUE;
}
