#include "conversation/conversation-private.h"

#include <string.h>

#include "document/document-folders-private.h"
#include "model/model-entry-private.h"

/* Passages of documents for a message that is about to be sent: how much of them, and what is asked. */

#define MOST_PASSAGES 6
#define MOST_BYTES 5000

/* One passage goes with the message however full the context is: what then does not fit is told as any message that does not */
#define LEAST_BYTES 1400

/* How many bytes a token is taken to be, and how many a message's marks */
#define BYTES_A_TOKEN 3.5
#define MARKS_BYTES 20

/* Questions of so many words, or half as many as they have characters of a script without blanks, may go on with others. */
#define FEW_WORDS 6

/* How far back they may go on, and how much of it is asked for */
#define MOST_BEFORE 3
#define MOST_BEFORE_BYTES 2000

/* --- How much --- */

/* What the context has of place for them, in bytes: a third of it, and of what is left behind @position messages as much as
 * leaves a quarter for the reply */
static gsize
find_room (SottoConversation *self, guint position, gsize question)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);
  const char *path = model != NULL ? sotto_model_entry_get_path (model) : "";
  const double context = BYTES_A_TOKEN * sotto_inference_get_context (self->services->inference, path);
  double taken = (double) question + MARKS_BYTES + (self->system != NULL ? strlen (self->system) : 0);
  double room;

  for (guint i = 0; i < position; i++)
    taken += (double) sotto_conversation_path_get_length (self, i) + MARKS_BYTES;
  room = MAX (context * 3 / 4 - taken, LEAST_BYTES);
  return (gsize) MIN (MIN (room, context / 3), MOST_BYTES);
}

/* --- What is asked --- */

static gboolean
is_without_blanks (gunichar c)
{
  switch (g_unichar_get_script (c))
    {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
has_few_words (const char *text)
{
  guint halves = 0;
  gboolean in_word = FALSE;

  for (; *text != '\0' && halves <= 2 * FEW_WORDS; text = g_utf8_next_char (text))
    {
      const gunichar c = g_utf8_get_char (text);
      const gboolean is_word = g_unichar_isalnum (c) || g_unichar_ismark (c);

      if (is_without_blanks (c))
        halves++;
      else if (is_word && !in_word)
        halves += 2;
      in_word = is_word && !is_without_blanks (c);
    }
  return halves <= 2 * FEW_WORDS;
}

/* What was asked before the message at @position, as far back as it goes on itself. Returns: (transfer full) (nullable) */
static char *
find_before (SottoConversation *self, guint position)
{
  g_autoptr (GString) before = g_string_new (NULL);
  guint n = 0;

  for (guint i = position; i > 0 && n < MOST_BEFORE; i--)
    {
      const char *text;

      if (!sotto_conversation_path_is_prompt (self, i - 1))
        continue;
      text = sotto_message_get_text (sotto_conversation_path_get (self, i - 1));
      if (before->len + strlen (text) > MOST_BEFORE_BYTES)
        break;
      g_string_prepend_c (before, '\n');
      g_string_prepend (before, text);
      n++;
      if (!has_few_words (text))
        break;
    }
  return before->len > 0 ? g_string_free_and_steal (g_steal_pointer (&before)) : NULL;
}

/* --- Finding --- */

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *parts = sotto_document_folders_find_finish (SOTTO_DOCUMENT_FOLDERS (source), result, &error);

  if (parts == NULL)
    g_debug ("The message goes without passages: %s", error->message);
  g_task_return_pointer (task, parts != NULL ? parts : g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
}

/* A base model answers nothing: it would go on with what it was given. Where there is no model, one may come. */
static gboolean
can_read (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return model == NULL || !sotto_model_entry_is_base (model);
}

void
sotto_conversation_find_passages_async (SottoConversation   *self,
                                        const char          *question,
                                        gsize                n_bytes,
                                        guint                position,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autofree char *before = NULL;

  if (*question == '\0' || sotto_conversation_get_n_folders (self) == 0 || !can_read (self))
    {
      g_task_return_pointer (task, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  before = has_few_words (question) ? find_before (self, position) : NULL;
  sotto_document_folders_find_async (self->services->folders, sotto_conversation_get_folders (self), question, before,
                                     MOST_PASSAGES, find_room (self, position, n_bytes), on_found, g_steal_pointer (&task));
}

GPtrArray *
sotto_conversation_find_passages_finish (SottoConversation *self, GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* --- Afterwards --- */

SottoSources *
sotto_conversation_find_sources (SottoConversation *self, guint position)
{
  for (guint i = position; i > 0; i--)
    if (sotto_conversation_path_is_prompt (self, i - 1))
      return sotto_message_get_sources (sotto_conversation_path_get (self, i - 1));
  return NULL;
}
