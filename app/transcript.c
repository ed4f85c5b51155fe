#include "config.h"

#include "transcript.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "answer-json.h"
#include "kept-receipt.h"
#include "message-private.h"

/* --- Text --- */

/* A text that is not Markdown, on one line of it */
static void
append_plain (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      if (strchr ("\\`*_[]<>#|~&", *p) != NULL)
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
}

/* The fence (CommonMark 0.31, section 4.5) that a line begins or ends a block of code with.
 * Returns: its length, or 0. @rest: (out): what stands behind it */
static gsize
find_fence (const char *line, gsize length, char *mark, const char **rest)
{
  gsize indent = 0;
  gsize n = 0;

  while (indent < length && line[indent] == ' ')
    indent++;
  if (indent > 3 || indent == length || (line[indent] != '`' && line[indent] != '~'))
    return 0;

  *mark = line[indent];
  while (indent + n < length && line[indent + n] == *mark)
    n++;
  *rest = line + indent + n;
  return n >= 3 ? n : 0;
}

/* A reply that was stopped within a block of code would take all that follows into it. */
static void
append_closed (GString *out, const char *text)
{
  char mark = 0;
  gsize open = 0;

  for (const char *line = text; *line != '\0';)
    {
      gsize length = strcspn (line, "\n");
      const char *rest = NULL;
      char found = 0;
      gsize n = find_fence (line, length, &found, &rest);
      gsize behind = n > 0 ? (gsize) (line + length - rest) : 0;

      if (open == 0 && n > 0 && (found == '~' || memchr (rest, '`', behind) == NULL))
        {
          open = n;
          mark = found;
        }
      else if (open > 0 && n >= open && found == mark && strspn (rest, " \t\r") >= behind)
        open = 0;
      line += length + (line[length] == '\n' ? 1 : 0);
    }

  g_string_append (out, text);
  while (out->len > 0 && g_ascii_isspace (out->str[out->len - 1]))
    g_string_truncate (out, out->len - 1);
  if (open > 0)
    {
      g_string_append_c (out, '\n');
      for (gsize i = 0; i < open; i++)
        g_string_append_c (out, mark);
    }
  g_string_append (out, "\n\n");
}

/* As code, whatever it holds */
static void
append_code (GString *out, const char *text)
{
  gsize longest = 2;
  gsize run = 0;

  for (const char *p = text; *p != '\0'; p++)
    {
      run = *p == '`' ? run + 1 : 0;
      longest = MAX (longest, run);
    }
  for (gsize i = 0; i <= longest; i++)
    g_string_append_c (out, '`');
  g_string_append_printf (out, "\n%s\n", text);
  for (gsize i = 0; i <= longest; i++)
    g_string_append_c (out, '`');
  g_string_append (out, "\n\n");
}

static void
append_note (GString *out, const char *words)
{
  g_string_append_printf (out, "*%s*\n\n", words);
}

static char *
dup_plain (const char *text)
{
  GString *plain = g_string_new (NULL);

  append_plain (plain, text != NULL ? text : "");
  return g_string_free_and_steal (plain);
}

/* --- Messages --- */

static const char *
model_name (const SottoHistoryModel *model)
{
  const char *file;

  if (model == NULL)
    return NULL;
  if (model->name != NULL && *model->name != '\0')
    return model->name;
  file = strrchr (model->path, G_DIR_SEPARATOR);
  return file != NULL ? file + 1 : model->path;
}

static void
append_speaker (GString *out, const SottoHistoryMessage *message)
{
  const char *name = NULL;

  switch (message->role)
    {
    case SOTTO_HISTORY_ROLE_SYSTEM:
      name = _("Instructions");
      break;
    case SOTTO_HISTORY_ROLE_USER:
      name = C_("who speaks", "You");
      break;
    case SOTTO_HISTORY_ROLE_TOOL:
      name = C_("who speaks", "Tool");
      break;
    case SOTTO_HISTORY_ROLE_ASSISTANT:
    default:
      name = model_name (message->model);
      if (name == NULL)
        name = C_("who speaks", "Reply");
    }
  g_string_append (out, "## ");
  append_plain (out, name);
  g_string_append (out, "\n\n");
}

static void
append_part (GString *out, const SottoHistoryPart *part)
{
  g_autofree char *name = dup_plain (part->name);
  g_autofree char *words = NULL;

  switch (part->kind)
    {
    case SOTTO_HISTORY_PART_TEXT:
      if (*part->text != '\0')
        append_closed (out, part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_CALL:
      /* Translators: %s is the name of a tool that the model wanted to use; its arguments follow */
      words = g_strdup_printf (_("Tool call: %s"), name);
      append_note (out, words);
      append_code (out, part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_RESULT:
      /* Translators: %s is the name of a tool; what it answered follows */
      words = g_strdup_printf (_("Result of %s"), name);
      append_note (out, words);
      append_code (out, part->text);
      break;
    case SOTTO_HISTORY_PART_DOCUMENT:
      if (part->media_type == NULL) /* a passage: append_sources() */
        break;
      G_GNUC_FALLTHROUGH;
    case SOTTO_HISTORY_PART_IMAGE:
      /* Translators: %s is the name of a file */
      words = g_strdup_printf (_("Attached: %s"), name);
      append_note (out, words);
      break;
    case SOTTO_HISTORY_PART_REASONING:
    default:
      break;
    }
}

/* By the numbers that a reply calls them by */
static void
append_sources (GString *out, const SottoHistoryMessage *message)
{
  SottoSources *sources = sotto_sources_new_from_parts (message->parts);

  if (sources == NULL)
    return;
  /* Translators: above a list such as “1. report.pdf, page 3”: what a question goes to the model with */
  append_note (out, _("Found in documents:"));
  for (guint i = 0; i < sotto_sources_get_n (sources); i++)
    {
      const SottoSource *source = sotto_sources_get (sources, i);
      g_autofree char *title = sotto_source_dup_title (source);

      g_string_append_printf (out, "%u. ", source->number);
      append_plain (out, title);
      g_string_append_c (out, '\n');
    }
  g_string_append_c (out, '\n');
  sotto_sources_unref (sources);
}

/* An answer that was held to be JSON: as it is shown. Returns: whether it is one */
static gboolean
append_json (GString *out, const SottoHistoryMessage *message)
{
  const gboolean is_cut = message->status != SOTTO_HISTORY_STATUS_COMPLETE
                          || sotto_kept_receipt_ended_by (message->receipt, "max-tokens")
                          || sotto_kept_receipt_ended_by (message->receipt, "context-full");
  g_autofree char *text = sotto_history_message_dup_text (message);
  g_autofree char *json = sotto_kept_receipt_is_held (message->receipt) ? sotto_answer_json_lay_out (text, is_cut) : NULL;

  if (json != NULL && *json != '\0')
    g_string_append_printf (out, "```json\n%s\n```\n\n", json);
  return json != NULL;
}

static void
append_message (GString *out, const SottoHistoryMessage *message)
{
  append_speaker (out, message);
  if (!append_json (out, message))
    for (guint i = 0; i < message->parts->len; i++)
      append_part (out, g_ptr_array_index (message->parts, i));
  append_sources (out, message);

  if (message->status == SOTTO_HISTORY_STATUS_STOPPED)
    append_note (out, C_("reply", "Stopped"));
  else if (message->status == SOTTO_HISTORY_STATUS_FAILED)
    append_note (out, _("This reply could not be finished"));
  else if (message->status != SOTTO_HISTORY_STATUS_COMPLETE)
    append_note (out, _("Cut off when Sotto ended unexpectedly"));
}

/* --- The whole --- */

static void
append_head (GString *out, const SottoHistoryTree *tree)
{
  const char *model = model_name (tree->conversation->model);
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc_usec (tree->conversation->created);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;
  /* Translators: the day on which a conversation began: “21 November 2026”; %-d is the day, %B the month, %Y the year */
  g_autofree char *date = local != NULL ? g_date_time_format (local, _("%-d %B %Y")) : NULL;

  g_string_append (out, "# ");
  append_plain (out, *tree->conversation->title != '\0' ? tree->conversation->title
                                                        : _("Conversation"));
  /* Within asterisks “5. März” does not begin a numbered list. */
  g_string_append (out, "\n\n*");
  if (date != NULL)
    append_plain (out, date);
  if (model != NULL)
    {
      g_string_append (out, " · ");
      append_plain (out, model);
    }
  g_string_append (out, "*\n\n");
}

char *
sotto_transcript_write (const SottoHistoryTree *tree)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GHashTable) shown = g_hash_table_new (g_str_hash, g_str_equal);

  append_head (out, tree);

  /* By parent: the version that goes on. A parent stands before its answers, so that the path is
   * found in one walk. */
  g_hash_table_add (shown, (char *) "");
  for (guint i = 0; i < tree->messages->len; i++)
    {
      const SottoHistoryMessage *message = g_ptr_array_index (tree->messages, i);
      const char *parent = message->parent != NULL ? message->parent : "";

      if (!message->is_active || !g_hash_table_contains (shown, parent))
        continue;
      g_hash_table_add (shown, message->id);
      append_message (out, message);
    }

  if (out->len > 1)
    g_string_truncate (out, out->len - 1);
  return g_string_free_and_steal (out);
}
