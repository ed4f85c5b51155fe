/* The sizes of a model, from its metadata. Keys begin with the family's name:
 *
 *   block_count, context_length, embedding_length, feed_forward_length
 *   attention.head_count, attention.head_count_kv (else as many)
 *   attention.key_length, attention.value_length (else embedding_length / head_count)
 *   rope.dimension_count (else all of a head), rope.freq_base (10,000)
 *   rope.scaling.type "none" or "linear", rope.scaling.factor (older: rope.scale_linear)
 *
 * The angle of pair i at position p is p * base^(-2i / n_rope) (Su et al. 2021), divided by the factor
 * of linear scaling (Chen et al. 2023) and by the pair's own factor where the file has a tensor of them.
 */

#include "family/program.h"

#include "sotto-error.h"

#include <math.h>

/* No size that stands for elements of something comes near; products of two of them fit 64 bits. */
#define MAX_SIZE (1u << 26)
#define MAX_LAYERS 4096
#define MAX_HEAD 4096

static gboolean
bad_key (const SottoProgram *self, const char *key, const char *reason, GError **error)
{
  const char *path = sotto_gguf_get_path (self->gguf);
  g_autofree char *name = g_filename_display_name (path);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED,
                          &(SottoErrorArguments) { .path = path, .subject = key },
                          "%s: malformed: %s %s", name, key, reason);
  return FALSE;
}

static char *
make_key (const SottoProgram *self, const char *key)
{
  return g_strconcat (self->family->name, ".", key, NULL);
}

/* @fallback: 0: the key has to be there. A value of another kind (a list with a number for each layer, say)
 * is not passed over in silence. */
static gboolean
read_size (const SottoProgram *self,
           const char         *key,
           guint               fallback,
           guint               highest,
           guint              *out,
           GError            **error)
{
  g_autofree char *full = make_key (self, key);
  guint64 value = sotto_gguf_get_uint (self->gguf, full, 0);

  if (sotto_gguf_lookup (self->gguf, full) == NULL)
    {
      if (fallback == 0)
        return bad_key (self, full, "is missing", error);
      value = fallback;
    }
  if (value == 0 || value > highest)
    return bad_key (self, full, "is not a size that can be", error);

  *out = (guint) value;
  return TRUE;
}

static gboolean
read_positive (const SottoProgram *self, const char *key, double fallback, double *out, GError **error)
{
  g_autofree char *full = make_key (self, key);

  *out = sotto_gguf_get_float (self->gguf, full, sotto_gguf_lookup (self->gguf, full) ? -1 : fallback);
  return *out > 0 || bad_key (self, full, "is not a positive number", error);
}

static gboolean
read_heads (SottoProgram *self, GError **error)
{
  SottoShape *shape = &self->shape;
  guint head;

  if (!read_size (self, "attention.head_count", 0, MAX_SIZE, &shape->n_heads, error)
      || !read_size (self, "attention.head_count_kv", shape->n_heads, MAX_SIZE, &shape->n_kv_heads,
                     error))
    return FALSE;

  if (shape->n_heads % shape->n_kv_heads != 0)
    {
      g_autofree char *key = make_key (self, "attention.head_count_kv");

      return bad_key (self, key, "does not divide the number of heads", error);
    }

  head = MAX (shape->n_embedding / shape->n_heads, 1);
  if (!read_size (self, "attention.key_length", head, MAX_HEAD, &shape->n_head_key, error)
      || !read_size (self, "attention.value_length", head, MAX_HEAD, &shape->n_head_value, error)
      || !read_size (self, "rope.dimension_count", shape->n_head_key, shape->n_head_key,
                     &shape->n_rope, error))
    return FALSE;

  if (shape->n_rope % 2 != 0)
    {
      g_autofree char *key = make_key (self, "rope.dimension_count");

      return bad_key (self, key, "is odd", error);
    }
  if ((guint64) shape->n_heads * MAX (shape->n_head_key, shape->n_head_value) > MAX_SIZE)
    {
      g_autofree char *key = make_key (self, "attention.head_count");

      return bad_key (self, key, "times the size of a head is too large", error);
    }

  shape->attention_scale = (float) (1.0 / sqrt (shape->n_head_key));
  return TRUE;
}

/* By how much linear scaling divides positions. */
static gboolean
read_rope_scaling (const SottoProgram *self, double *factor, GError **error)
{
  g_autofree char *key = make_key (self, "rope.scaling.type");
  g_autofree char *kind = sotto_gguf_dup_string (self->gguf, key);
  double older;

  *factor = 1.0;
  if (g_strcmp0 (kind, "none") == 0)
    return TRUE;
  if (kind == NULL || g_str_equal (kind, "linear"))
    return read_positive (self, "rope.scale_linear", 1.0, &older, error)
           && read_positive (self, "rope.scaling.factor", older, factor, error);

  /* The family in this form is one that we do not know. */
  {
    const char *path = sotto_gguf_get_path (self->gguf);
    g_autofree char *name = g_filename_display_name (path);
    g_autofree char *subject = g_strdup_printf ("%s (RoPE: %s)", self->family->name, kind);

    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_FAMILY,
                            &(SottoErrorArguments) { .path = path, .subject = subject },
                            "%s: RoPE scaling \"%s\" of the family %s is not known", name, kind,
                            self->family->name);
    return FALSE;
  }
}

static gboolean
make_rope (SottoProgram *self, GError **error)
{
  SottoShape *shape = &self->shape;
  double base, factor;

  if (!read_positive (self, "rope.freq_base", 10000.0, &base, error)
      || !read_rope_scaling (self, &factor, error))
    return FALSE;

  self->rope_frequencies = g_new (double, shape->n_rope / 2);
  for (guint i = 0; i < shape->n_rope / 2; i++)
    self->rope_frequencies[i] = pow (base, -2.0 * i / shape->n_rope) / factor;

  shape->rope_kind = self->family->rope_kind;
  shape->rope_frequencies = self->rope_frequencies;
  shape->rope_scale = 1.0f;
  return TRUE;
}

gboolean
sotto_program_read_sizes (SottoProgram *self, GError **error)
{
  SottoShape *shape = &self->shape;

  return read_size (self, "block_count", 0, MAX_LAYERS, &shape->n_layers, error)
         && read_size (self, "embedding_length", 0, MAX_SIZE, &shape->n_embedding, error)
         && read_size (self, "feed_forward_length", 0, MAX_SIZE, &shape->n_feed_forward, error)
         && read_size (self, "context_length", 0, G_MAXINT32, &self->n_context_trained, error)
         && read_heads (self, error)
         && make_rope (self, error);
}
