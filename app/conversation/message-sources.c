#include "config.h"

#include "conversation/message-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "conversation/attachment-private.h"

/* The passages of documents that a prompt was given. They are parts of its message in the history, behind what the person
 * wrote; its replies share them. */

struct _SottoSources
{
  GArray *sources; /* of SottoSource */
};

static void
source_clear (gpointer data)
{
  SottoSource *source = data;

  g_free (source->name);
  g_free (source->text);
  g_clear_object (&source->file);
}

SottoSources *
sotto_sources_new_from_parts (const GPtrArray *parts)
{
  g_autoptr (GArray) sources = g_array_new (FALSE, TRUE, sizeof (SottoSource));
  SottoSources *self;

  g_array_set_clear_func (sources, source_clear);
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (parts, i);
      SottoSource source = { 0 };

      if (part->kind != SOTTO_HISTORY_PART_DOCUMENT || sotto_attachment_is_part (part))
        continue;
      source.number = sources->len + 1;
      source.name = g_strdup (part->name != NULL ? part->name : "");
      source.text = g_strdup (part->text);
      source.file = part->uri != NULL ? g_file_new_for_uri (part->uri) : NULL;
      source.first_page = part->first_page;
      source.last_page = part->last_page;
      source.is_by_words = (part->found & SOTTO_HISTORY_FOUND_BY_WORDS) != 0;
      source.is_by_meaning = (part->found & SOTTO_HISTORY_FOUND_BY_MEANING) != 0;
      g_array_append_val (sources, source);
    }
  if (sources->len == 0)
    return NULL;

  self = g_rc_box_new0 (SottoSources);
  self->sources = g_steal_pointer (&sources);
  return self;
}

SottoSources *
sotto_sources_ref (SottoSources *self)
{
  return g_rc_box_acquire (self);
}

static void
sources_clear (gpointer data)
{
  SottoSources *self = data;

  g_array_unref (self->sources);
}

void
sotto_sources_unref (SottoSources *self)
{
  g_rc_box_release_full (self, sources_clear);
}

guint
sotto_sources_get_n (const SottoSources *self)
{
  return self->sources->len;
}

const SottoSource *
sotto_sources_get (const SottoSources *self, guint position)
{
  return &g_array_index (self->sources, SottoSource, position);
}

/* --- For a model --- */

/* In English, and not in the person's language: the same prompt has to be the same tomorrow, in whichever language the desktop
 * is then, and small models do what they are told in English best. The question comes last, and alone: what stands behind it, or
 * is an example of an answer, a model of 0.5B gives back as its answer; told more than this it writes numbers and nothing else. */
#define BEGINNING "Use these passages from documents to answer the question below, in the language of the question.\n"
#define INSTRUCTION "\nWrite full sentences, and after each the number of the passage it is from, like [1]"
#define ANOTHER " or [2]"
#define END ". If the passages do not answer the question, say so.\n\nQuestion: "

/* What stands around a passage's text */
#define HEAD_BYTES 24

static void
write_head (const SottoSource *source, GString *out)
{
  g_string_append_printf (out, "\n[%u] %s", source->number, source->name);
  if (source->last_page > source->first_page)
    g_string_append_printf (out, ", pages %u–%u", source->first_page, source->last_page);
  else if (source->first_page > 0)
    g_string_append_printf (out, ", page %u", source->first_page);
  g_string_append (out, ":\n");
}

void
sotto_sources_write (const SottoSources *self, const char *question, GString *out)
{
  g_string_append (out, BEGINNING);
  /* What fits best stands nearest to the question: small models remember that better. */
  for (guint i = self->sources->len; i > 0; i--)
    {
      const SottoSource *source = sotto_sources_get (self, i - 1);

      write_head (source, out);
      g_string_append (out, source->text);
      g_string_append_c (out, '\n');
    }
  g_string_append (out, INSTRUCTION);
  /* A number that there is not would be written, too. */
  if (self->sources->len > 1)
    g_string_append (out, ANOTHER);
  g_string_append (out, END);
  g_string_append (out, question);
}

gsize
sotto_sources_get_length (const SottoSources *self)
{
  gsize length = strlen (BEGINNING) + strlen (INSTRUCTION) + strlen (ANOTHER) + strlen (END);

  for (guint i = 0; i < self->sources->len; i++)
    length += strlen (sotto_sources_get (self, i)->name) + strlen (sotto_sources_get (self, i)->text) + HEAD_BYTES;
  return length;
}

/* --- For people --- */

char *
sotto_source_dup_title (const SottoSource *source)
{
  g_return_val_if_fail (source != NULL, NULL);

  if (source->first_page == 0)
    return g_strdup (source->name);
  if (source->last_page <= source->first_page)
    /* Translators: where a passage stands: %s is a document, %u a page of it */
    return g_strdup_printf (_("%s, page %u"), source->name, source->first_page);
  /* Translators: the same for one that goes over some pages, from one to another */
  return g_strdup_printf (_("%s, pages %u–%u"), source->name, source->first_page, source->last_page);
}

char *
sotto_source_dup_found (const SottoSource *source)
{
  g_return_val_if_fail (source != NULL, NULL);

  if (source->is_by_words && source->is_by_meaning)
    /* Translators: of a passage of a document: it has the words of the question, and says what that is about */
    return g_strdup (_("Found by words and meaning"));
  if (source->is_by_meaning)
    /* Translators: of a passage of a document: it says in other words what the question is about */
    return g_strdup (_("Found by meaning"));
  if (source->is_by_words)
    /* Translators: of a passage of a document: it has the words of the question */
    return g_strdup (_("Found by words"));
  return NULL;
}
