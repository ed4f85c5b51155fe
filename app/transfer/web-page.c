/* A page that has no script, loads nothing and sends nothing:
 *
 *   html lang, dir           the language of Sotto's own words, if they are translated; what was said is of no known language
 *     head                   a policy that forbids all but the style and the pictures in the file, title, style
 *     body
 *       header               title; date, model
 *       main
 *         article.ROLE       a message: user, assistant, system or tool
 *           h2               who speaks
 *           details          what can be opened: reasoning, tool calls and results, attached texts
 *           figure           a picture, as a PNG file within its address
 *           div.said         what was said: of a model as Markdown, else as it was typed
 *           section          passages of documents that were found
 *           p.note           how it ended */
#include "config.h"

#include "transfer/web-page.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "conversation/attachment-private.h"
#include "conversation/message-private.h"
#include "transfer/png-write.h"
#include "transfer/transcript-words.h"
#include "transfer/web-markdown.h"
#include "transfer/web-style.h"
#include "transfer/web-text.h"

/* --- Elements --- */

/* @tag: with its attributes, of which none comes from elsewhere */
static void
append_element (GString *out, const char *tag, const char *text)
{
  g_string_append_printf (out, "<%s>", tag);
  sotto_web_text_append (out, text);
  g_string_append_printf (out, "</%.*s>\n", (int) strcspn (tag, " "), tag);
}

static void
append_code (GString *out, const char *language, const char *text)
{
  g_string_append_printf (out, "<pre><code class=\"language-%s\">", language);
  sotto_web_text_append (out, text);
  g_string_append (out, "</code></pre>\n");
}

static void
begin_details (GString *out, const char *title)
{
  g_string_append (out, "<details>\n");
  append_element (out, "summary", title);
}

static void
end_details (GString *out)
{
  g_string_append (out, "</details>\n");
}

/* --- Parts --- */

static void
append_said (GString *out, const SottoHistoryMessage *message, const char *text)
{
  if (*text == '\0')
    return;
  if (message->role != SOTTO_HISTORY_ROLE_ASSISTANT)
    {
      append_element (out, "div class=\"said plain\" lang=\"\" dir=\"auto\"", text);
      return;
    }
  g_string_append (out, "<div class=\"said\" lang=\"\" dir=\"auto\">\n");
  sotto_web_markdown_append (out, text);
  g_string_append (out, "</div>\n");
}

static void
append_reasoning (GString *out, const char *text)
{
  begin_details (out, _("Thoughts"));
  g_string_append (out, "<div lang=\"\" dir=\"auto\">\n");
  sotto_web_markdown_append (out, text);
  g_string_append (out, "</div>\n");
  end_details (out);
}

/* @language: of @text */
static void
append_tool (GString *out, const char *title, const char *language, const char *text)
{
  begin_details (out, title);
  append_code (out, language, text);
  end_details (out);
}

static void
append_document (GString *out, const char *name, const char *text)
{
  g_autofree char *title = sotto_transcript_describe_attached (name);

  if (*text == '\0')
    {
      append_element (out, "p class=\"note\"", title);
      return;
    }
  begin_details (out, title);
  append_element (out, "div class=\"plain\" lang=\"\" dir=\"auto\"", text);
  end_details (out);
}

static void
append_pixels (GString *out, const char *name, const SottoPixels *pixels, GBytes *png)
{
  gsize size;
  const guchar *data = g_bytes_get_data (png, &size);
  g_autofree char *base64 = g_base64_encode (data, size);

  g_string_append_printf (out, "<figure>\n<img width=\"%u\" height=\"%u\" alt=\"", pixels->width, pixels->height);
  sotto_web_text_append (out, name);
  g_string_append_printf (out, "\" src=\"data:image/png;base64,%s\">\n", base64);
  if (*name != '\0')
    append_element (out, "figcaption", name);
  g_string_append (out, "</figure>\n");
}

static gboolean
append_picture (GString                 *out,
                const SottoHistoryPart  *part,
                SottoWebPictureFunc      load_picture,
                gpointer                 user_data,
                GError                 **error)
{
  const char *name = part->name != NULL ? part->name : "";
  g_autoptr (SottoPixels) pixels = NULL;
  g_autoptr (GBytes) png = NULL;

  if (sotto_attachment_is_part (part) && !load_picture (part, &pixels, user_data, error))
    return FALSE;
  png = pixels != NULL ? sotto_png_write (pixels) : NULL;
  if (png != NULL)
    append_pixels (out, name, pixels, png);
  else
    append_document (out, name, "");
  return TRUE;
}

static gboolean
append_part (GString                    *out,
             const SottoHistoryMessage  *message,
             const SottoHistoryPart     *part,
             SottoWebPictureFunc         load_picture,
             gpointer                    user_data,
             GError                    **error)
{
  const char *name = part->name != NULL ? part->name : "";
  g_autofree char *title = NULL;

  switch (part->kind)
    {
    case SOTTO_HISTORY_PART_TEXT:
      append_said (out, message, part->text);
      break;
    case SOTTO_HISTORY_PART_REASONING:
      if (*part->text != '\0')
        append_reasoning (out, part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_CALL:
      title = sotto_transcript_describe_call (name);
      append_tool (out, title, "json", part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_RESULT:
      title = sotto_transcript_describe_result (name);
      append_tool (out, title, "text", part->text);
      break;
    case SOTTO_HISTORY_PART_IMAGE:
      return append_picture (out, part, load_picture, user_data, error);
    case SOTTO_HISTORY_PART_DOCUMENT:
    default:
      if (part->media_type != NULL) /* else a passage: append_sources() */
        append_document (out, name, part->text);
    }
  return TRUE;
}

/* By the numbers that a reply calls them by */
static void
append_sources (GString *out, const SottoHistoryMessage *message)
{
  SottoSources *sources = sotto_sources_new_from_parts (message->parts);

  if (sources == NULL)
    return;
  g_string_append (out, "<section>\n");
  append_element (out, "p class=\"note\"", sotto_transcript_get_found ());
  for (guint i = 0; i < sotto_sources_get_n (sources); i++)
    {
      const SottoSource *source = sotto_sources_get (sources, i);
      g_autofree char *title = sotto_source_dup_title (source);
      g_autofree char *numbered = g_strdup_printf ("%u. %s", source->number, title);

      begin_details (out, numbered);
      append_element (out, "div class=\"plain\" lang=\"\" dir=\"auto\"", source->text);
      end_details (out);
    }
  g_string_append (out, "</section>\n");
  sotto_sources_unref (sources);
}

/* --- The whole --- */

/* Returns: (transfer full): of Sotto's own words: as BCP 47 has it */
static char *
dup_language (void)
{
  static const char field[] = "\nLanguage: ";
  const char *head = g_dgettext (GETTEXT_PACKAGE, "");
  const char *found = head != NULL ? strstr (head, field) : NULL;
  char *language;

  if (found == NULL)
    return g_strdup ("en");
  found += strlen (field);
  language = g_strndup (found, strcspn (found, " \n"));
  if (g_str_has_suffix (language, "@latin"))
    memcpy (strchr (language, '@'), "-Latn", sizeof "-Latn");
  return g_strdelimit (language, "_", '-');
}

/* Of the languages that are written from the right on, as ISO 639 has them */
static gboolean
is_from_right (const char *language)
{
  static const char *const languages[] = { "ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi", NULL };
  g_autofree char *first = g_strndup (language, strcspn (language, "-"));

  return g_strv_contains (languages, first);
}

void
sotto_web_page_begin (GString *out, const SottoHistoryConversation *conversation)
{
  const char *title = sotto_transcript_get_title (conversation);
  const char *model = sotto_transcript_get_model (conversation->model);
  g_autoptr (GDateTime) date = sotto_transcript_get_date (conversation);
  g_autofree char *language = dup_language ();

  g_string_append (out, "<!DOCTYPE html>\n<html lang=\"");
  sotto_web_text_append (out, language);
  g_string_append_printf (out, "\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", is_from_right (language) ? "rtl" : "ltr");
  g_string_append (out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
                        " img-src data:\">\n"
                        "<meta name=\"referrer\" content=\"no-referrer\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  append_element (out, "title", title);
  g_string_append_printf (out, "<style>\n%s</style>\n</head>\n<body>\n<header>\n", sotto_web_style);
  append_element (out, "h1 lang=\"\" dir=\"auto\"", title);
  g_string_append (out, "<p class=\"about\">");
  if (date != NULL)
    {
      g_autofree char *day = sotto_transcript_describe_date (date);
      g_autofree char *number = g_date_time_format (date, "%F");

      g_string_append_printf (out, "<time datetime=\"%s\">", number);
      sotto_web_text_append (out, day);
      g_string_append (out, "</time>");
    }
  if (model != NULL)
    {
      g_string_append (out, date != NULL ? " · " : "");
      sotto_web_text_append (out, model);
    }
  g_string_append (out, "</p>\n</header>\n<main>\n");
}

gboolean
sotto_web_page_add_message (GString                    *out,
                            const SottoHistoryMessage  *message,
                            SottoWebPictureFunc         load_picture,
                            gpointer                    user_data,
                            GError                    **error)
{
  static const char *const classes[] = { "assistant", "system", "user", "assistant", "tool" };
  g_autofree char *json = sotto_transcript_dup_json (message);
  const char *end = sotto_transcript_get_end (message);

  g_string_append_printf (out, "<article class=\"%s\">\n", classes[message->role < G_N_ELEMENTS (classes) ? message->role : 0]);
  append_element (out, "h2", sotto_transcript_get_speaker (message));
  for (guint i = 0; i < message->parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (message->parts, i);

      /* An answer that is JSON stands below, laid out. */
      if (json != NULL && part->kind == SOTTO_HISTORY_PART_TEXT)
        continue;
      if (!append_part (out, message, part, load_picture, user_data, error))
        return FALSE;
    }
  if (json != NULL && *json != '\0')
    append_code (out, "json", json);
  append_sources (out, message);
  if (end != NULL)
    append_element (out, "p class=\"note\"", end);
  g_string_append (out, "</article>\n");
  return TRUE;
}

void
sotto_web_page_end (GString *out)
{
  g_string_append (out, "</main>\n</body>\n</html>\n");
}
