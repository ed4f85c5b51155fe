#include "package.h"

#include <string.h>

struct _SottoRelations {
  GHashTable *by_id;
  GHashTable *by_type;
};

SottoMarkup *
sotto_package_open (SottoZip *zip, const char *name)
{
  gsize length;
  char *data = sotto_zip_read (zip, name, &length);

  return data != NULL ? sotto_markup_new (data, length, FALSE) : NULL;
}

/* ".." goes up, but never above the archive; nothing else has a meaning. */
char *
sotto_package_resolve (const char *part, const char *target)
{
  const char *slash = strrchr (part, '/');
  g_autofree char *whole = *target == '/' || slash == NULL ? g_strdup (target)
                                                           : g_strdup_printf ("%.*s/%s", (int) (slash - part), part, target);
  g_auto (GStrv) words = g_strsplit (whole, "/", 64);
  g_autoptr (GPtrArray) path = g_ptr_array_new ();

  for (guint i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], "..") == 0)
      g_ptr_array_set_size (path, MAX ((int) path->len - 1, 0));
    else if (*words[i] != '\0' && strcmp (words[i], ".") != 0)
      g_ptr_array_add (path, words[i]);
  g_ptr_array_add (path, NULL);
  return g_strjoinv ("/", (char **) path->pdata);
}

static char *
name_relations (const char *part)
{
  const char *slash = strrchr (part, '/');

  return slash != NULL ? g_strdup_printf ("%.*s/_rels/%s.rels", (int) (slash - part), part, slash + 1)
                       : g_strdup_printf ("_rels/%s.rels", part);
}

static void
take_relation (SottoRelations *self, SottoMarkup *markup, const char *part)
{
  const char *id = sotto_markup_get (markup, "Id");
  const char *type = sotto_markup_get (markup, "Type");
  const char *target = sotto_markup_get (markup, "Target");
  const char *mode = sotto_markup_get (markup, "TargetMode");
  const char *word;

  if (id == NULL || type == NULL || target == NULL || (mode != NULL && strcmp (mode, "External") == 0))
    return;
  word = strrchr (type, '/');
  word = word != NULL ? word + 1 : type;
  g_hash_table_insert (self->by_id, g_strdup (id), sotto_package_resolve (part, target));
  if (!g_hash_table_contains (self->by_type, word))
    g_hash_table_insert (self->by_type, g_strdup (word), sotto_package_resolve (part, target));
}

SottoRelations *
sotto_relations_new (SottoZip *zip, const char *part)
{
  SottoRelations *self = g_new (SottoRelations, 1);
  g_autofree char *name = name_relations (part);
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, name);
  SottoMarkupToken token;

  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->by_type = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "Relationship"))
      take_relation (self, markup, part);
  return self;
}

void
sotto_relations_free (SottoRelations *self)
{
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->by_type);
  g_free (self);
}

const char *
sotto_relations_get (SottoRelations *self, const char *id)
{
  return id != NULL ? g_hash_table_lookup (self->by_id, id) : NULL;
}

const char *
sotto_relations_find (SottoRelations *self, const char *type)
{
  return g_hash_table_lookup (self->by_type, type);
}
