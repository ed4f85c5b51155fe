#include "turns.h"

#include <string.h>

#include "conversation/attachment-private.h"
#include "conversation/conversation-private.h"
#include "document/document-private.h"

#define NAME_CHARACTERS 200

/* What a message may have as a file that was read (../document.c) */
#define DOCUMENT_BYTES ((gsize) 1024 * 1024)

/* --- Turns --- */

static void
turn_free (gpointer data)
{
  SottoTurn *self = data;

  g_free (self->id);
  g_free (self->parent);
  g_free (self->model);
  g_string_free (self->text, TRUE);
  g_string_free (self->reasoning, TRUE);
  g_clear_pointer (&self->documents, g_ptr_array_unref);
  g_free (self);
}

SottoTurns *
sotto_turns_new (SottoImportProgram program)
{
  SottoTurns *self = g_new0 (SottoTurns, 1);

  self->program = program;
  self->instructions = g_string_new (NULL);
  self->turns = g_ptr_array_new_with_free_func (turn_free);
  return self;
}

void
sotto_turns_free (SottoTurns *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->group);
  g_free (self->current);
  g_string_free (self->instructions, TRUE);
  g_ptr_array_unref (self->turns);
  g_free (self);
}

SottoTurn *
sotto_turns_add (SottoTurns *self, const char *id, const char *parent)
{
  SottoTurn *turn = g_new0 (SottoTurn, 1);

  turn->id = id != NULL ? g_strdup (id) : g_strdup_printf ("%u", self->turns->len);
  turn->parent = g_strdup (parent);
  turn->text = g_string_new (NULL);
  turn->reasoning = g_string_new (NULL);
  if (self->turns->len >= SOTTO_TURNS_MOST)
    {
      self->is_broken = TRUE;
      g_ptr_array_set_size (self->turns, 0);
    }
  g_ptr_array_add (self->turns, turn);
  return turn;
}

SottoTurn *
sotto_turns_append (SottoTurns *self, const char *id)
{
  const SottoTurn *last = self->turns->len > 0 ? g_ptr_array_index (self->turns, self->turns->len - 1) : NULL;

  return sotto_turns_add (self, id, last != NULL ? last->id : NULL);
}

SottoHistoryRole
sotto_turn_role_of (const char *word)
{
  static const struct {
    const char *word;
    SottoHistoryRole role;
  } roles[] = {
    { "user", SOTTO_HISTORY_ROLE_USER },           { "human", SOTTO_HISTORY_ROLE_USER },
    { "assistant", SOTTO_HISTORY_ROLE_ASSISTANT }, { "bot", SOTTO_HISTORY_ROLE_ASSISTANT },
    { "system", SOTTO_HISTORY_ROLE_SYSTEM },       { "developer", SOTTO_HISTORY_ROLE_SYSTEM },
  };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (g_strcmp0 (word, roles[i].word) == 0)
      return roles[i].role;
  return 0;
}

void
sotto_turns_add_piece (GString *whole, const char *text)
{
  if (text == NULL || *text == '\0')
    return;
  if (whole->len > 0)
    g_string_append (whole, g_str_has_suffix (whole->str, "\n") ? "\n" : "\n\n");
  g_string_append (whole, text);
}

void
sotto_turn_add_text (SottoTurn *self, const char *text)
{
  sotto_turns_add_piece (self->text, text);
}

void
sotto_turn_add_reasoning (SottoTurn *self, const char *text)
{
  g_autofree char *stripped = text != NULL ? g_strstrip (g_strdup (text)) : NULL;

  sotto_turns_add_piece (self->reasoning, stripped);
}

void
sotto_turn_add_thinking_text (SottoTurn *self, const char *text)
{
  static const char begin[] = "<think>";
  static const char end[] = "</think>";
  const char *start;
  const char *stop;

  if (text == NULL)
    return;

  start = text + strspn (text, " \t\r\n");
  stop = g_str_has_prefix (start, begin) ? strstr (start, end) : NULL;
  if (stop != NULL)
    {
      g_autofree char *thought = g_strndup (start + strlen (begin), (gsize) (stop - start) - strlen (begin));

      sotto_turn_add_reasoning (self, thought);
      text = stop + strlen (end);
      text += strspn (text, " \t\r\n");
    }
  sotto_turn_add_text (self, text);
}

/* @name: (nullable), or @otherwise; @part: (transfer full) */
static void
add_file (SottoTurn *self, SottoHistoryPart *part, const char *name, const char *otherwise, const char *media_type)
{
  /* Of either kind of path, as it may come from another system */
  const char *end = name != NULL ? name + strlen (name) : NULL;

  while (end != NULL && end > name && end[-1] != '/' && end[-1] != '\\')
    end--;
  part->name = sotto_conversation_shorten (end != NULL ? end : "", NAME_CHARACTERS, FALSE);
  if (*part->name == '\0')
    g_set_str (&part->name, otherwise);
  part->media_type = g_strdup (media_type);
  if (self->documents == NULL)
    self->documents = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  g_ptr_array_add (self->documents, part);
}

gboolean
sotto_turn_add_document (SottoTurn *self, const char *name, const char *text)
{
  if (text == NULL || *text == '\0' || strlen (text) > DOCUMENT_BYTES)
    return FALSE;
  add_file (self, sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, text), name, "text.txt", "text/plain");
  return TRUE;
}

gboolean
sotto_turn_add_picture (SottoTurn *self, const char *name, const char *uri)
{
  static const char mark[] = ";base64,";
  const char *begin = uri != NULL && g_str_has_prefix (uri, "data:") ? strstr (uri, mark) : NULL;
  SottoHistoryPart *part;
  const char *media_type;
  guchar *data;
  gsize length;

  if (begin == NULL || strlen (begin) / 4 * 3 > SOTTO_ATTACHMENT_MAX_PICTURE_BYTES)
    return FALSE;
  data = g_base64_decode (begin + strlen (mark), &length);
  /* What it is, its bytes say: the address may say anything. */
  media_type = sotto_document_find_picture_type ((const char *) data, length);
  if (media_type == NULL)
    {
      g_free (data);
      return FALSE;
    }
  part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);
  part->data = g_bytes_new_take (data, length);
  add_file (self, part, name, "picture", media_type);
  return TRUE;
}
