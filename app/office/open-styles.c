#include "open-styles.h"

#include "counting.h"

#include <string.h>

struct _SottoOpenStyles {
  GHashTable *hidden;   /* "family:name" */
  GHashTable *titles;   /* names */
  GHashTable *lists;    /* name to SottoOpenList */
};

static void
list_free (gpointer data)
{
  SottoOpenList *list = data;

  for (int i = 0; i < SOTTO_OPEN_LEVELS; i++)
    {
      g_free (list->levels[i].before);
      g_free (list->levels[i].after);
    }
  g_free (list);
}

static SottoOpenList *
list_new (void)
{
  SottoOpenList *list = g_new0 (SottoOpenList, 1);

  for (int i = 0; i < SOTTO_OPEN_LEVELS; i++)
    list->levels[i] = (SottoOpenLevel) { ' ', 1, 1, NULL, NULL };
  return list;
}

/* --- Reading --- */

static gboolean
is_hiding (SottoMarkup *markup)
{
  const char *display = sotto_markup_get (markup, "display");
  const char *visibility = sotto_markup_get (markup, "visibility");

  if (sotto_markup_is (markup, "text-properties") || sotto_markup_is (markup, "section-properties"))
    return display != NULL && strcmp (display, "none") == 0;
  if (sotto_markup_is (markup, "table-properties"))
    return display != NULL && strcmp (display, "false") == 0;
  if (sotto_markup_is (markup, "drawing-page-properties"))
    return visibility != NULL && strcmp (visibility, "hidden") == 0;
  return FALSE;
}

static void
take_style (SottoOpenStyles *self, SottoMarkup *markup)
{
  const char *name = sotto_markup_get (markup, "name");
  const char *family = sotto_markup_get (markup, "family");
  const char *parent = sotto_markup_get (markup, "parent-style-name");
  g_autofree char *key = name != NULL && family != NULL ? g_strdup_printf ("%s:%s", family, name) : NULL;
  gboolean is_hidden = family != NULL && sotto_open_styles_hide (self, family, parent);
  const gboolean is_title = key != NULL && strcmp (family, "paragraph") == 0
                            && (strcmp (name, "Title") == 0 || sotto_open_styles_is_title (self, parent));
  SottoMarkupToken token;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "style")))
    if (token == SOTTO_MARKUP_OPEN && is_hiding (markup))
      is_hidden = TRUE;
  if (is_title)
    g_hash_table_add (self->titles, g_strdup (key + strlen ("paragraph:")));
  if (key != NULL && is_hidden)
    g_hash_table_add (self->hidden, g_steal_pointer (&key));
}

static void
take_level (SottoOpenList *list, SottoMarkup *markup)
{
  const int number = sotto_markup_get_int (markup, "level", 1);
  const char *format = sotto_markup_get (markup, "num-format");
  const char *before = sotto_markup_get (markup, "num-prefix");
  const char *after = sotto_markup_get (markup, "num-suffix");
  SottoOpenLevel *level = &list->levels[CLAMP (number, 1, SOTTO_OPEN_LEVELS) - 1];

  level->start = CLAMP (sotto_markup_get_int (markup, "start-value", 1), 0, 1000000);
  level->shown = CLAMP (sotto_markup_get_int (markup, "display-levels", 1), 1, SOTTO_OPEN_LEVELS);
  g_free (level->before);
  g_free (level->after);
  level->before = g_strdup (before);
  level->after = g_strdup (after);
  if (sotto_markup_is (markup, "list-level-style-bullet") || sotto_markup_is (markup, "list-level-style-image"))
    level->how = '-';
  else
    level->how = format != NULL && *format != '\0' ? (strchr ("1aAiI", *format) != NULL ? *format : '1') : ' ';
}

static void
take_list (SottoOpenStyles *self, SottoMarkup *markup, const char *element, const char *name)
{
  char *key = g_strdup (name);
  SottoOpenList *list = list_new ();
  SottoMarkupToken token;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, element)))
    if (token == SOTTO_MARKUP_OPEN
        && (g_str_has_prefix (sotto_markup_get_name (markup), "list-level-style-") || sotto_markup_is (markup, "outline-level-style")))
      take_level (list, markup);
  for (int i = 0; i < SOTTO_OPEN_LEVELS; i++)
    sotto_open_list_restart (list, i);
  g_hash_table_insert (self->lists, key, list);
}

static void
take_part (SottoOpenStyles *self, SottoZip *zip, const char *part)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "body"))
        break;
      if (sotto_markup_is (markup, "style"))
        take_style (self, markup);
      else if (sotto_markup_is (markup, "list-style"))
        {
          const char *name = sotto_markup_get (markup, "name");

          if (name != NULL)
            take_list (self, markup, "list-style", name);
        }
      else if (sotto_markup_is (markup, "outline-style"))
        take_list (self, markup, "outline-style", "");
    }
}

SottoOpenStyles *
sotto_open_styles_new (SottoZip *zip)
{
  SottoOpenStyles *self = g_new (SottoOpenStyles, 1);

  self->hidden = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->titles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->lists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, list_free);
  take_part (self, zip, "styles.xml");
  take_part (self, zip, "content.xml");
  return self;
}

void
sotto_open_styles_free (SottoOpenStyles *self)
{
  g_hash_table_unref (self->hidden);
  g_hash_table_unref (self->titles);
  g_hash_table_unref (self->lists);
  g_free (self);
}

/* --- Asking --- */

gboolean
sotto_open_styles_hide (SottoOpenStyles *self, const char *family, const char *name)
{
  g_autofree char *key = name != NULL ? g_strdup_printf ("%s:%s", family, name) : NULL;

  return key != NULL && g_hash_table_contains (self->hidden, key);
}

gboolean
sotto_open_styles_is_title (SottoOpenStyles *self, const char *name)
{
  return name != NULL && g_hash_table_contains (self->titles, name);
}

SottoOpenList *
sotto_open_styles_get_list (SottoOpenStyles *self, const char *name)
{
  return name != NULL ? g_hash_table_lookup (self->lists, name) : NULL;
}

void
sotto_open_list_restart (SottoOpenList *self, int level)
{
  self->counts[level] = self->levels[level].start - 1;
}

char *
sotto_open_list_next (SottoOpenList *self, int level, int number_or_next)
{
  const SottoOpenLevel *own = &self->levels[level];
  g_autoptr (GString) words = g_string_new (NULL);

  self->counts[level] = number_or_next >= 0 ? number_or_next : self->counts[level] + 1;
  for (int i = level + 1; i < SOTTO_OPEN_LEVELS; i++)
    sotto_open_list_restart (self, i);
  if (own->how == '-')
    return g_strdup ("-");
  if (own->how == ' ')
    return g_strdup ("");
  g_string_append (words, own->before != NULL ? own->before : "");
  for (int i = MAX (level + 1 - own->shown, 0); i <= level; i++)
    if (self->levels[i].how != '-' && self->levels[i].how != ' ')
      {
        sotto_counting_append (words, self->levels[i].how, MAX (self->counts[i], self->levels[i].start));
        g_string_append (words, i < level ? "." : "");
      }
  g_string_append (words, own->after != NULL ? own->after : "");
  return g_strdup (g_strstrip (words->str));
}
