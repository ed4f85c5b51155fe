#include <gtk/gtk.h>
#include <libspelling.h>

#include "text-buffers.h"

/* The longest word that the speller converts at all */
#define LONGEST_WORD 100

/* Those that ever had a text, as long as they are there: of GtkTextBuffer, not owned */
static GHashTable *buffers;

static void
on_finalized (gpointer  data,
              GObject  *buffer)
{
  g_hash_table_remove (buffers, buffer);
}

/* Whatever buffer it is: those that GTK makes for itself are among them. */
static gboolean
on_changed (GSignalInvocationHint *hint,
            guint                  n_values,
            const GValue          *values,
            gpointer               data)
{
  GObject *buffer = g_value_get_object (&values[0]);

  if (g_hash_table_add (buffers, buffer))
    g_object_weak_ref (buffer, on_finalized, NULL);

  return G_SOURCE_CONTINUE;
}

void
sotto_text_buffers_remember (void)
{
  g_autoptr (GTypeClass) klass = NULL;

  if (buffers != NULL)
    return;

  buffers = g_hash_table_new (NULL, NULL);
  klass = g_type_class_ref (GTK_TYPE_TEXT_BUFFER);
  g_signal_add_emission_hook (g_signal_lookup ("changed", GTK_TYPE_TEXT_BUFFER), 0, on_changed, NULL, NULL);
}

/* To look up a word it is converted, and what it is converted in lives as long as the dictionary: the last word, and the ends of
 * longer ones before it. One that is as long as can be takes their place. */
static void
forget_words (void)
{
  char word[LONGEST_WORD + 1];

  memset (word, 'x', LONGEST_WORD);
  word[LONGEST_WORD] = '\0';
  spelling_checker_check_word (spelling_checker_get_default (), word, LONGEST_WORD);
}

void
sotto_text_buffers_empty (void)
{
  g_autoptr (GPtrArray) there = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer buffer;

  if (buffers == NULL)
    return;

  g_hash_table_iter_init (&iter, buffers);
  while (g_hash_table_iter_next (&iter, &buffer, NULL))
    g_ptr_array_add (there, g_object_ref (buffer));
  for (guint i = 0; i < there->len; i++)
    {
      /* What can be undone goes with the possibility to. */
      gtk_text_buffer_set_enable_undo (g_ptr_array_index (there, i), FALSE);
      gtk_text_buffer_set_text (g_ptr_array_index (there, i), "", 0);
    }
  forget_words ();
}
