#include "conversation/sources-text.h"

#include <string.h>

char **
sotto_sources_list_titles (SottoMessage *message)
{
  g_autoptr (GStrvBuilder) titles = g_strv_builder_new ();
  const guint n = sotto_message_get_n_sources (message);

  for (guint i = 0; i < n; i++)
    g_strv_builder_take (titles, sotto_source_dup_title (sotto_message_get_source (message, i)));

  return n > 0 ? g_strv_builder_end (titles) : NULL;
}

/* "[2]", and also "[1, 2]" */
static gboolean
names (const char *text,
       guint       number)
{
  g_autofree char *digits = g_strdup_printf ("%u", number);
  const gsize length = strlen (digits);

  for (const char *p = text; (p = strstr (p, digits)) != NULL; p += length)
    if (p > text && strchr ("[, ", p[-1]) != NULL && (p[length] == ']' || p[length] == ','))
      {
        const char *begin = p;

        while (begin > text && (g_ascii_isdigit (begin[-1]) || begin[-1] == ',' || begin[-1] == ' '))
          begin--;
        if (begin > text && begin[-1] == '[')
          return TRUE;
      }

  return FALSE;
}

char *
sotto_sources_describe (SottoMessage *message,
                        gboolean      only_named)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < sotto_message_get_n_sources (message); i++)
    {
      const SottoSource *source = sotto_message_get_source (message, i);
      g_autofree char *title = NULL;

      if (only_named && !names (sotto_message_get_text (message), source->number))
        continue;
      title = sotto_source_dup_title (source);
      g_string_append_printf (lines, "%s[%u] %s", lines->len > 0 ? "\n" : "", source->number, title);
    }

  return lines->len > 0 ? g_string_free (g_steal_pointer (&lines), FALSE) : NULL;
}
