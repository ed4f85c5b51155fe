#pragma once

#include <glib.h>
#include <string.h>

/* The registers of template-panel.h: VECTOR_ROWS integers or floats, as the tier says before it includes this. The
 * compiler's own operators add and multiply them. What it has none for is the tier's: vector_fma(),
 * vector_multiply_pairs() and vector_store_part(). */

typedef gint32 IntVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (gint32))));
typedef float FloatVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (float))));

static inline IntVector
vector_load_int (const gint32 *source)
{
  IntVector v;

  memcpy (&v, source, sizeof v);
  return v;
}

/* The two integers in every lane */
static inline IntVector
vector_all_pair (const gint16 *pair)
{
  gint32 both;

  memcpy (&both, pair, sizeof both);
  return both - (IntVector) { 0 };
}

static inline FloatVector
vector_load (const float *source)
{
  FloatVector v;

  memcpy (&v, source, sizeof v);
  return v;
}

/* Minus nothing, for plus nothing makes 0 of -0. */
static inline FloatVector
vector_all (float value)
{
  return value - (FloatVector) { 0 };
}

static inline FloatVector
vector_to_float (IntVector v)
{
  return __builtin_convertvector (v, FloatVector);
}
