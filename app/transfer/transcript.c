#include "transfer/transcript.h"

#include <string.h>

#include "conversation/message-private.h"
#include "transfer/transcript-words.h"

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
      words = sotto_transcript_describe_call (name);
      append_note (out, words);
      append_code (out, part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_RESULT:
      words = sotto_transcript_describe_result (name);
      append_note (out, words);
      append_code (out, part->text);
      break;
    case SOTTO_HISTORY_PART_DOCUMENT:
      if (part->media_type == NULL) /* a passage: append_sources() */
        break;
      G_GNUC_FALLTHROUGH;
    case SOTTO_HISTORY_PART_IMAGE:
      words = sotto_transcript_describe_attached (name);
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
  append_note (out, sotto_transcript_get_found ());
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

static void
append_message (GString *out, const SottoHistoryMessage *message)
{
  g_autofree char *json = sotto_transcript_dup_json (message);
  const char *end = sotto_transcript_get_end (message);

  g_string_append (out, "## ");
  append_plain (out, sotto_transcript_get_speaker (message));
  g_string_append (out, "\n\n");
  if (json != NULL && *json != '\0')
    g_string_append_printf (out, "```json\n%s\n```\n\n", json);
  for (guint i = 0; json == NULL && i < message->parts->len; i++)
    append_part (out, g_ptr_array_index (message->parts, i));
  append_sources (out, message);
  if (end != NULL)
    append_note (out, end);
}

/* --- The whole --- */

static void
append_head (GString *out, const SottoHistoryTree *tree)
{
  const char *model = sotto_transcript_get_model (tree->conversation->model);
  g_autoptr (GDateTime) date = sotto_transcript_get_date (tree->conversation);
  g_autofree char *day = date != NULL ? sotto_transcript_describe_date (date) : NULL;

  g_string_append (out, "# ");
  append_plain (out, sotto_transcript_get_title (tree->conversation));
  /* Within asterisks “5. März” does not begin a numbered list. */
  g_string_append (out, "\n\n*");
  if (day != NULL)
    append_plain (out, day);
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
  g_autoptr (GPtrArray) shown = sotto_transcript_list_shown (tree);

  append_head (out, tree);
  for (guint i = 0; i < shown->len; i++)
    append_message (out, g_ptr_array_index (shown, i));

  if (out->len > 1)
    g_string_truncate (out, out->len - 1);
  return g_string_free_and_steal (out);
}
