/* tokenize, detokenize, render: text, tokens and templates, without computing. */

#include "tool.h"

#include <string.h>

gboolean
tool_tokenize (char   **arguments,
               GError **error)
{
  gboolean special = FALSE;
  const GOptionEntry entries[] = {
    { "special", 's', 0, G_OPTION_ARG_NONE, &special,
      "Take control tokens that are written out in the text as such", NULL },
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL",
    "Reads text from standard input to its end and prints its token ids on one line. Neither BOS\n"
    "nor EOS is added.",
    entries, 1, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GArray) tokens = NULL;

  if (rest == NULL)
    return FALSE;

  model = tool_open_model (rest[0], error);
  if (model == NULL || !tool_read_input (text, error))
    return FALSE;

  tokens = sotto_model_tokenize (model, text->str, text->len, special);
  for (guint i = 0; i < tokens->len; i++)
    g_string_append_printf (line, "%s%d", i > 0 ? " " : "", g_array_index (tokens, gint32, i));
  g_string_append_c (line, '\n');

  return tool_write (line->str, line->len, error);
}

gboolean
tool_detokenize (char   **arguments,
                 GError **error)
{
  const ToolUsage usage = {
    "MODEL ID…",
    "Prints the text of tokens, control tokens written out, to the byte: nothing is added where\n"
    "standard output is no terminal.",
    NULL, 1, G_MAXUINT,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) tokens = NULL;
  g_autofree char *joined = NULL;

  if (rest == NULL)
    return FALSE;

  model = tool_open_model (rest[0], error);
  if (model == NULL)
    return FALSE;

  joined = g_strjoinv (" ", rest + 1);
  tokens = tool_read_tokens (model, joined, error);
  if (tokens == NULL)
    return FALSE;

  for (guint i = 0; i < tokens->len; i++)
    sotto_model_append_token_text (model, g_array_index (tokens, gint32, i), TRUE, text);

  return tool_write (text->str, text->len, error);
}

/* --- render --- */

typedef struct {
  char *template_path;
  char *messages_path;
  char *tools_path;
  char *bos;
  char *eos;
  char *date;
  gboolean without_prompt;
  gboolean ids;
} Render;

static void
render_clear (Render *self)
{
  g_free (self->template_path);
  g_free (self->messages_path);
  g_free (self->tools_path);
  g_free (self->bos);
  g_free (self->eos);
  g_free (self->date);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Render, render_clear)

static SottoMessages *
read_messages (const Render  *self,
               GError       **error)
{
  g_autofree char *messages = NULL;
  g_autofree char *tools = NULL;
  gsize n_messages;
  gsize n_tools = 0;

  if (!g_file_get_contents (self->messages_path, &messages, &n_messages, error)
      || (self->tools_path != NULL
          && !g_file_get_contents (self->tools_path, &tools, &n_tools, error)))
    return NULL;

  return sotto_messages_new_from_json (messages, n_messages, tools, n_tools, error);
}

static GString *
render_bare (const Render   *self,
             SottoMessages  *messages,
             GDateTime      *date,
             GError        **error)
{
  g_autofree char *source = NULL;
  gsize length;

  if (!g_file_get_contents (self->template_path, &source, &length, error))
    return NULL;

  return sotto_render_template (source, length, messages, self->bos, self->eos, date,
                                !self->without_prompt, error);
}

static GString *
render_by_model (const Render   *self,
                 const char     *path,
                 SottoMessages  *messages,
                 GDateTime      *date,
                 GError        **error)
{
  g_autoptr (SottoModel) model = tool_open_model (path, error);
  g_autoptr (SottoPrompt) prompt = NULL;
  GString *text;

  if (model == NULL)
    return NULL;

  prompt = sotto_model_render (model, messages, NULL, date, !self->without_prompt, error);
  if (prompt == NULL)
    return NULL;
  if (!self->ids)
    return g_string_new_len (prompt->text->str, prompt->text->len);

  text = g_string_new (NULL);
  for (guint i = 0; i < prompt->tokens->len; i++)
    g_string_append_printf (text, "%s%d", i > 0 ? " " : "",
                            g_array_index (prompt->tokens, gint32, i));

  return g_string_append_c (text, '\n');
}

static gboolean
check_render (const Render  *self,
              gboolean       has_model,
              GError       **error)
{
  if (has_model == (self->template_path != NULL))
    return tool_misuse (error, "render takes a model or --template FILE, one of them");
  if (self->messages_path == NULL)
    return tool_misuse (error, "render needs --messages FILE");
  if (has_model && (self->bos != NULL || self->eos != NULL))
    return tool_misuse (error, "--bos and --eos go with --template; a model has its own");
  if (!has_model && self->ids)
    return tool_misuse (error, "--ids needs a model");

  return TRUE;
}

gboolean
tool_render (char   **arguments,
             GError **error)
{
  g_auto (Render) self = { 0 };
  const GOptionEntry entries[] = {
    { "template", 0, 0, G_OPTION_ARG_FILENAME, &self.template_path, "A template instead of a model",
      "FILE" },
    { "messages", 'm', 0, G_OPTION_ARG_FILENAME, &self.messages_path,
      "The conversation: a JSON array of messages in the OpenAI form", "FILE" },
    { "tools", 0, 0, G_OPTION_ARG_FILENAME, &self.tools_path, "A JSON array of tools", "FILE" },
    { "bos", 0, 0, G_OPTION_ARG_STRING, &self.bos, "What bos_token is (with --template)", "TEXT" },
    { "eos", 0, 0, G_OPTION_ARG_STRING, &self.eos, "What eos_token is (with --template)", "TEXT" },
    { "date", 0, 0, G_OPTION_ARG_STRING, &self.date,
      "The date it may ask for, ISO 8601; else today", "DATE" },
    { "no-generation-prompt", 0, 0, G_OPTION_ARG_NONE, &self.without_prompt,
      "End without the beginning of the assistant's turn", NULL },
    { "ids", 0, 0, G_OPTION_ARG_NONE, &self.ids, "Print the prompt's token ids (with a model)",
      NULL },
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "[MODEL]",
    "Prints the prompt that a chat template makes of a conversation, to the byte.",
    entries, 0, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (GDateTime) date = NULL;
  g_autoptr (GString) text = NULL;

  if (rest == NULL || !check_render (&self, rest[0] != NULL, error))
    return FALSE;

  if (self.date != NULL)
    {
      g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
      g_autofree char *with_time = strchr (self.date, 'T') != NULL
                                       ? g_strdup (self.date)
                                       : g_strconcat (self.date, "T12:00:00", NULL);

      date = g_date_time_new_from_iso8601 (with_time, zone);
      if (date == NULL)
        return tool_misuse (error, "\"%s\" is no date like 2025-01-31", self.date);
    }

  messages = read_messages (&self, error);
  if (messages == NULL)
    return FALSE;

  text = rest[0] != NULL ? render_by_model (&self, rest[0], messages, date, error)
                         : render_bare (&self, messages, date, error);

  return text != NULL && tool_write (text->str, text->len, error);
}
