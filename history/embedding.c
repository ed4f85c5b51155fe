#include "embedding.h"

#include "bytes.h"

#include <math.h>

#define LARGEST 127
/* Its products with bytes, SOTTO_EMBEDDING_MAX of them, are a sum of less than 2³¹. */
#define LARGEST_ASKED 2047

/* Returns: how much 1 is worth of numbers up to @largest; 0: all are 0; below 0: not all are numbers */
static float
scale_of (const float *vector, gsize n, int largest)
{
  float most = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (!isfinite (vector[i]))
        return -1;
      most = MAX (most, fabsf (vector[i]));
    }
  return most / (float) largest;
}

GBytes *
sotto_embedding_pack (const float *vector, gsize n)
{
  const float scale = scale_of (vector, n, LARGEST);
  guint8 *bytes;
  guint32 bits;

  if (scale < 0)
    return NULL;
  bytes = g_malloc (SOTTO_EMBEDDING_HEADER + n);
  memcpy (&bits, &scale, sizeof bits);
  put32 (bytes, bits);
  for (gsize i = 0; i < n; i++)
    bytes[SOTTO_EMBEDDING_HEADER + i] = (guint8) (scale > 0 ? lroundf (vector[i] / scale) : 0);
  return g_bytes_new_take (bytes, SOTTO_EMBEDDING_HEADER + n);
}

SottoEmbeddingQuestion *
sotto_embedding_question_new (GBytes *vector)
{
  gsize size;
  const float *values = g_bytes_get_data (vector, &size);
  const gsize n = size / sizeof *values;
  SottoEmbeddingQuestion *self;
  float scale;

  if (n == 0 || n > SOTTO_EMBEDDING_MAX || size % sizeof *values != 0)
    return NULL;
  scale = scale_of (values, n, LARGEST_ASKED);
  if (scale < 0)
    return NULL;

  self = g_new0 (SottoEmbeddingQuestion, 1);
  self->n = n;
  self->scale = scale;
  for (gsize i = 0; i < n; i++)
    self->values[i] = (gint16) (scale > 0 ? lroundf (values[i] / scale) : 0);
  return self;
}

static float
scale_at (const guint8 *packed)
{
  const guint32 bits = get32 (packed);
  float scale;

  memcpy (&scale, &bits, sizeof scale);
  return scale;
}

float
sotto_embedding_compare (const SottoEmbeddingQuestion *question, const guint8 *packed)
{
  const gint8 *bytes = (const gint8 *) packed + SOTTO_EMBEDDING_HEADER;
  gint32 sum = 0;

  for (gsize i = 0; i < question->n; i++)
    sum += question->values[i] * bytes[i];
  return (float) sum * scale_at (packed) * question->scale;
}

float
sotto_embedding_compare_both (const guint8 *a, const guint8 *b, gsize n)
{
  const gint8 *x = (const gint8 *) a + SOTTO_EMBEDDING_HEADER;
  const gint8 *y = (const gint8 *) b + SOTTO_EMBEDDING_HEADER;
  gint32 sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += x[i] * y[i];
  return (float) sum * scale_at (a) * scale_at (b);
}
