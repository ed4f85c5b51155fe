/* Models split over several files.
 *
 * The parts lie in one folder and are called NAME-00001-of-00003.gguf, NAME-00002-of-00003.gguf …
 * Each is a GGUF file with tensors of its own, and says in its metadata
 *
 *   split.no             which part it is, from 0
 *   split.count          how many there are
 *   split.tensors.count  how many tensors all of them hold
 *
 * What else the model says of itself stands in the first; some writers repeat it in the others.
 * Whichever part is opened, all are: the first takes the tensors of the others over and keeps their
 * files mapped.
 *
 * Parts of different models are told apart by all that they say twice: the number of tensors of the
 * whole, what the metadata repeats, and names of tensors.
 */

#include "format/gguf-private.h"

#include "sotto-error.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "-00001-of-00003.gguf" */
#define SUFFIX_LENGTH 20

static gboolean
parse_five (const char *text, guint *number)
{
  *number = 0;
  for (guint i = 0; i < 5; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return FALSE;
      *number = *number * 10 + (guint) (text[i] - '0');
    }
  return TRUE;
}

char *
sotto_gguf_dup_part_path (const char *path, guint part, guint *n_parts)
{
  gsize length = strlen (path);
  const char *suffix;
  guint own, count;

  if (length <= SUFFIX_LENGTH)
    return NULL;
  suffix = path + length - SUFFIX_LENGTH;
  if (suffix[-1] == G_DIR_SEPARATOR || suffix[0] != '-'
      || !parse_five (suffix + 1, &own) || strncmp (suffix + 6, "-of-", 4) != 0
      || !parse_five (suffix + 10, &count) || strcmp (suffix + 15, ".gguf") != 0)
    return NULL;
  if (own < 1 || own > count || part < 1 || part > count)
    return NULL;

  if (n_parts != NULL)
    *n_parts = count;
  return g_strdup_printf ("%.*s-%05u-of-%05u.gguf", (int) (length - SUFFIX_LENGTH), path, part,
                          count);
}

guint64
sotto_gguf_count_parts (const SottoGguf *self)
{
  return sotto_gguf_get_uint (self, "split.count", 1);
}

void
sotto_gguf_set_split_error (GError **error, const char *path, guint64 n_parts, const char *reason)
{
  g_autofree char *name = g_filename_display_name (path);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_SPLIT,
                          &(SottoErrorArguments) { .path = path, .wanted = n_parts },
                          "%s: %s (the model is split over %" G_GUINT64_FORMAT " files, which have to "
                          "lie in one folder under their own names)",
                          name, reason, n_parts);
}

static int
compare_tensors (const void *a, const void *b)
{
  return strcmp ((*(const SottoGgufTensor *const *) a)->name,
                 (*(const SottoGgufTensor *const *) b)->name);
}

/* Of two tensors with one name, the file of the later part is the one to look at. */
static gboolean
refuse_twice (const SottoGguf *self, const SottoGgufTensor *a, const SottoGgufTensor *b, GError **error)
{
  guint first = MIN (a->part, b->part), second = MAX (a->part, b->part);
  const char *path = second == 0 ? self->path : self->others[second - 1]->path;
  const char *other = first == 0 ? self->path : self->others[first - 1]->path;
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *other_name = g_filename_display_name (other);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED,
                          &(SottoErrorArguments) { .path = path, .subject = a->name },
                          "%s: malformed: %s: stands in %s already; are they parts of one model?",
                          name, a->name, other_name);
  return FALSE;
}

/* Moves the tensors of all parts into the first. */
static gboolean
take_tensors (SottoGguf *self, guint n_tensors, GError **error)
{
  SottoGgufTensor *tensors = g_try_new0 (SottoGgufTensor, MAX (n_tensors, 1));
  const SottoGgufTensor **by_name = g_try_new0 (const SottoGgufTensor *, MAX (n_tensors, 1));
  guint n = 0;

  if (tensors == NULL || by_name == NULL)
    {
      g_free (tensors);
      g_free (by_name);
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .path = self->path,
                                                       .wanted = n_tensors * sizeof *tensors },
                              "%s: no memory for the description of %u tensors", self->path,
                              n_tensors);
      return FALSE;
    }

  for (guint p = 0; p < self->n_parts; p++)
    {
      SottoGguf *part = p == 0 ? self : self->others[p - 1];

      for (guint i = 0; i < part->n_tensors; i++, n++)
        {
          tensors[n] = part->tensors[i];
          tensors[n].part = p;
          by_name[n] = &tensors[n];
        }
      part->n_tensors = 0; /* the names belong to us now */
      g_clear_pointer (&part->tensors, g_free);
      g_clear_pointer (&part->by_name, g_free);
    }
  self->tensors = tensors;
  self->by_name = by_name;
  self->n_tensors = n_tensors;

  qsort (by_name, n_tensors, sizeof *by_name, compare_tensors);
  for (guint i = 1; i < n_tensors; i++)
    if (strcmp (by_name[i - 1]->name, by_name[i]->name) == 0)
      return refuse_twice (self, by_name[i - 1], by_name[i], error);
  return TRUE;
}

/* Opens what lies at the path of a part, and looks whether it is that part. */
static SottoGguf *
open_part (const char           *path,
           guint                 index,
           guint64               n_parts,
           const SottoGgufOpen  *how,
           GError              **error)
{
  g_autoptr (SottoGguf) part = NULL;

  if (g_access (path, F_OK) != 0)
    {
      sotto_gguf_set_split_error (error, path, n_parts, "is missing");
      return NULL;
    }
  part = sotto_gguf_open_file (path, how, error);
  if (part == NULL)
    return NULL;
  if (sotto_gguf_count_parts (part) != n_parts
      || sotto_gguf_get_uint (part, "split.no", G_MAXUINT64) != index)
    {
      sotto_gguf_set_split_error (error, path, n_parts, "is not the part that its name says");
      return NULL;
    }
  return g_steal_pointer (&part);
}

/* Whether a later part says of the model what the first does, where it says anything. */
static gboolean
check_same_model (const SottoGguf *first, const SottoGguf *part, guint64 n_parts, GError **error)
{
  static const char *const own[] = { "split.no", "general.alignment" };

  for (guint i = 0; i < part->n_values; i++)
    {
      const SottoGgufValue *value = &part->values[i];
      const SottoGgufValue *other = sotto_gguf_lookup (first, value->key);
      g_autofree char *reason = NULL;

      if (other == NULL || g_str_equal (value->key, own[0]) || g_str_equal (value->key, own[1]))
        continue;
      if (value->type == other->type && value->element_type == other->element_type
          && value->n_elements == other->n_elements && value->n_bytes == other->n_bytes
          && memcmp (value->data, other->data, value->n_bytes) == 0)
        continue;

      reason = g_strdup_printf ("is a part of another model than the first: %s differs", value->key);
      sotto_gguf_set_split_error (error, part->path, n_parts, reason);
      return FALSE;
    }
  return TRUE;
}

SottoGguf *
sotto_gguf_open_parts (const char *path, guint64 n_parts, const SottoGgufOpen *how, GError **error)
{
  g_autoptr (SottoGguf) self = NULL;
  g_autofree char *first = NULL;
  guint64 n_tensors, expected;
  guint n_named;

  first = sotto_gguf_dup_part_path (path, 1, &n_named);
  if (first == NULL || n_named != n_parts)
    {
      sotto_gguf_set_split_error (error, path, n_parts,
                                  "is a part of a model, and is not called NAME-00001-of-00002.gguf "
                                  "or the like");
      return NULL;
    }

  self = open_part (first, 0, n_parts, how, error);
  if (self == NULL)
    return NULL;
  n_tensors = self->n_tensors;
  self->others = g_new0 (SottoGguf *, n_named); /* at most 99,999 */
  for (guint i = 1; i < n_named; i++)
    {
      g_autofree char *other = sotto_gguf_dup_part_path (path, i + 1, NULL);

      self->others[i - 1] = open_part (other, i, n_parts, how, error);
      if (self->others[i - 1] == NULL)
        return NULL;
      self->n_parts++;
      if (!check_same_model (self, self->others[i - 1], n_parts, error))
        return NULL;
      n_tensors += self->others[i - 1]->n_tensors;
    }

  expected = sotto_gguf_get_uint (self, "split.tensors.count", n_tensors);
  if (n_tensors != expected || n_tensors > G_MAXUINT)
    {
      g_autofree char *reason = g_strdup_printf ("promises %" G_GUINT64_FORMAT " tensors where the "
                                                 "parts hold %" G_GUINT64_FORMAT,
                                                 expected, n_tensors);

      sotto_gguf_set_split_error (error, first, n_parts, reason);
      return NULL;
    }
  if (!take_tensors (self, (guint) n_tensors, error))
    return NULL;

  return g_steal_pointer (&self);
}
