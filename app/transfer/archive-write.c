/* Conversations as one JSON document (RFC 8259), UTF-8: NAME.sotto, application/vnd.sotto.conversations+json
 *
 *   {"format": "sotto-conversations", "version": 1, "conversations": [CONVERSATION…]}
 *
 *   CONVERSATION
 *     id         UUID
 *     title      one line; may be empty
 *     created    TIME: "2026-11-21T20:45:02.018000Z", always UTC, with up to six decimals
 *     updated    TIME: when a message last changed
 *     pinned     true: it stands above those that are not; absent: it does not
 *     group      the name of the group that it is in; absent: it is in none
 *     tools      names of those that it may use; absent: none
 *     answer_format
 *                "json": its answers are JSON; "schema": such as its schema says; absent: they are text
 *     answer_schema
 *                text: the JSON Schema that was written for its answers, which need not be one, or absent
 *     model      MODEL or absent: the one it is held with
 *     messages   all of them, each behind its parent, versions of a message in their order
 *
 *   a message
 *     id         UUID
 *     parent     the id of the message that it answers; absent: it begins the conversation
 *     shown      true: of the versions that answer the same parent, the one that a person sees
 *     role       "system", "user", "assistant" or "tool"
 *     status     "complete", "stopped" (by the person), "failed" or "interrupted" (the program ended)
 *     created    TIME
 *     model      MODEL or absent: the one that wrote it
 *     receipt    text: the reply's receipt, itself JSON, or absent. Of its model's path it has the
 *                file's name
 *     parts      in their order:
 *       kind       "text", "reasoning", "tool_call" (name: the tool, text: its arguments as JSON),
 *                  "tool_result" (name, text), "image", "document" (text: what was extracted; one that
 *                  has no media_type is a passage that was found in a folder of documents)
 *       text       may be absent for ""
 *       name       of the tool or the file, or absent
 *       media_type such as "image/png", or absent
 *       first_page the page of the document on which the text begins, from 1 on, or absent
 *       last_page  the page on which it ends, not before the first; absent: the same
 *       data       the file's bytes in base64 (RFC 4648, section 4), or absent
 *
 *   MODEL: {"name": text or absent, "file": the name of its file, "hash": its SHA-256 or absent}
 *
 * A model's folder stays where it is: it would tell who had the file and nothing to who gets it. So does a document's: of
 * a passage there is the name of its file. Which folders a conversation asks is not told, either.
 * Drafts were not said and are no part of it. A reader leaves out members that it does not know; what
 * it would have to know gets another version. The order of everything is fixed, so that the same
 * conversations are the same bytes. */

#include "transfer/archive-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "conversation/kept-receipt.h"

const char *const sotto_archive_roles[5] = { NULL, "system", "user", "assistant", "tool" };
/* A reply that is being written is one that is cut off, for the file. */
const char *const sotto_archive_statuses[6] = { NULL, NULL, "complete", "stopped", "failed",
                                                "interrupted" };
const char *const sotto_archive_answers[3] = { NULL, "json", "schema" };
const char *const sotto_archive_kinds[7] = { NULL, "text", "reasoning", "tool_call", "tool_result",
                                             "image", "document" };

typedef struct {
  yyjson_mut_doc *doc;
  gboolean ok; /* there was enough memory */
} Writer;

static yyjson_mut_val *
take (Writer *writer, yyjson_mut_val *value)
{
  writer->ok = writer->ok && value != NULL;
  return value;
}

static void
add_copy (Writer *writer, yyjson_mut_val *object, const char *key, const char *text)
{
  writer->ok = yyjson_mut_obj_add_strcpy (writer->doc, object, key, text) && writer->ok;
}

/* @text: (nullable): not added. The document borrows it. */
static void
add_text (Writer *writer, yyjson_mut_val *object, const char *key, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    return;
  if (g_utf8_validate (text, -1, NULL))
    {
      writer->ok = yyjson_mut_obj_add_str (writer->doc, object, key, text) && writer->ok;
      return;
    }
  valid = g_utf8_make_valid (text, -1);
  add_copy (writer, object, key, valid);
}

static void
add_time (Writer *writer, yyjson_mut_val *object, const char *key, gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc_usec (MAX (time, 0));
  g_autofree char *seconds = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S") : NULL;
  g_autofree char *text = NULL;

  if (seconds == NULL)
    return;
  text = g_strdup_printf ("%s.%06dZ", seconds, g_date_time_get_microsecond (date));
  add_copy (writer, object, key, text);
}

static void
add_tools (Writer *writer, yyjson_mut_val *object, const char *const *tools)
{
  yyjson_mut_val *list;

  if (tools[0] == NULL)
    return;
  list = take (writer, yyjson_mut_obj_add_arr (writer->doc, object, "tools"));
  for (; writer->ok && *tools != NULL; tools++)
    writer->ok = yyjson_mut_arr_add_str (writer->doc, list, *tools);
}

static void
add_answer_form (Writer *writer, yyjson_mut_val *object, const SottoHistoryConversation *conversation)
{
  const guint format = conversation->answer_format;

  if (format < G_N_ELEMENTS (sotto_archive_answers))
    add_text (writer, object, "answer_format", sotto_archive_answers[format]);
  if (conversation->answer_schema != NULL && *conversation->answer_schema != '\0')
    add_text (writer, object, "answer_schema", conversation->answer_schema);
}

static void
add_model (Writer *writer, yyjson_mut_val *object, const SottoHistoryModel *model)
{
  g_autofree char *file = NULL;
  g_autofree char *valid = NULL;
  yyjson_mut_val *value;

  if (model == NULL)
    return;

  file = g_path_get_basename (model->path);
  valid = g_utf8_make_valid (file, -1);
  value = take (writer, yyjson_mut_obj_add_obj (writer->doc, object, "model"));
  add_text (writer, value, "name", model->name);
  add_copy (writer, value, "file", valid);
  add_text (writer, value, "hash", model->hash);
}

static void
add_receipt (Writer *writer, yyjson_mut_val *object, const char *receipt)
{
  g_autofree char *text = receipt != NULL ? sotto_kept_receipt_dup_for_others (receipt) : NULL;

  if (text != NULL)
    add_copy (writer, object, "receipt", text);
  else if (receipt != NULL)
    add_text (writer, object, "receipt", receipt);
}

/* @page: 0: not added */
static void
add_page (Writer *writer, yyjson_mut_val *object, const char *key, guint page)
{
  if (page > 0)
    writer->ok = yyjson_mut_obj_add_uint (writer->doc, object, key, page) && writer->ok;
}

static void
add_part (Writer *writer, yyjson_mut_val *parts, const SottoHistoryPart *part)
{
  yyjson_mut_val *value = take (writer, yyjson_mut_arr_add_obj (writer->doc, parts));

  add_text (writer, value, "kind", sotto_archive_kinds[part->kind]);
  add_text (writer, value, "text", part->text);
  add_text (writer, value, "name", part->name);
  add_text (writer, value, "media_type", part->media_type);
  add_page (writer, value, "first_page", part->first_page);
  add_page (writer, value, "last_page", part->last_page);
  if (part->data != NULL)
    {
      gsize size;
      gconstpointer data = g_bytes_get_data (part->data, &size);
      g_autofree char *base64 = g_base64_encode (data, size);

      add_copy (writer, value, "data", base64);
    }
}

static void
add_message (Writer *writer, yyjson_mut_val *messages, const SottoHistoryMessage *message)
{
  yyjson_mut_val *value = take (writer, yyjson_mut_arr_add_obj (writer->doc, messages));
  const char *status = sotto_archive_statuses[message->status];
  yyjson_mut_val *parts;

  add_text (writer, value, "id", message->id);
  add_text (writer, value, "parent", message->parent);
  writer->ok = yyjson_mut_obj_add_bool (writer->doc, value, "shown", message->is_active) && writer->ok;
  add_text (writer, value, "role", sotto_archive_roles[message->role]);
  add_text (writer, value, "status", status != NULL ? status : "interrupted");
  add_time (writer, value, "created", message->created);
  add_model (writer, value, message->model);
  add_receipt (writer, value, message->receipt);
  parts = take (writer, yyjson_mut_obj_add_arr (writer->doc, value, "parts"));
  for (guint i = 0; i < message->parts->len; i++)
    add_part (writer, parts, g_ptr_array_index (message->parts, i));
}

char *
sotto_archive_write (const SottoHistoryTree *tree, gsize *length, GError **error)
{
  Writer writer = { yyjson_mut_doc_new (NULL), TRUE };
  yyjson_mut_val *root = take (&writer, yyjson_mut_obj (writer.doc));
  yyjson_mut_val *messages;
  char *text = NULL;

  yyjson_mut_doc_set_root (writer.doc, root);
  add_text (&writer, root, "id", tree->conversation->id);
  add_text (&writer, root, "title", tree->conversation->title);
  add_time (&writer, root, "created", tree->conversation->created);
  add_time (&writer, root, "updated", tree->conversation->updated);
  if (tree->conversation->is_pinned)
    take (&writer, yyjson_mut_obj_add_bool (writer.doc, root, "pinned", TRUE) ? root : NULL);
  add_text (&writer, root, "group", tree->conversation->group_name);
  add_tools (&writer, root, (const char *const *) tree->conversation->tools);
  add_answer_form (&writer, root, tree->conversation);
  add_model (&writer, root, tree->conversation->model);
  messages = take (&writer, yyjson_mut_obj_add_arr (writer.doc, root, "messages"));
  for (guint i = 0; i < tree->messages->len; i++)
    add_message (&writer, messages, g_ptr_array_index (tree->messages, i));

  if (writer.ok)
    text = yyjson_mut_write_opts (writer.doc, YYJSON_WRITE_PRETTY_TWO_SPACES, NULL, length, NULL);
  yyjson_mut_doc_free (writer.doc);
  if (text == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror (ENOMEM));
  return text;
}
