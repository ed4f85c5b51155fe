#pragma once

#include <glib.h>
#include <string.h>

/* The registers of template-panel.h, template-word-panel.h and pairs-avx.h: VECTOR_ROWS integers or floats, as the tier
 * says before it includes this. The compiler's own operators add and multiply them. What it has none for is the tier's:
 * vector_fma(), vector_multiply_pairs(), vector_store_part(), vector_larger_words(), and vector_multiply_quads() or,
 * where PANEL_HAS_QUADS is 0, vector_multiply_bytes() with what else makes the same of it; for strips vector_look_up(),
 * vector_widen_bytes() and vector_from_halves(); for weights in F16 vector_half_to_float(). */

typedef gint32 IntVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (gint32))));
typedef guint16 WordVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (gint32)))); /* two a lane */
typedef guint8 ByteVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (gint32))));
typedef float FloatVector __attribute__ ((vector_size (VECTOR_ROWS * sizeof (float))));

static inline IntVector
vector_load_int (const gint32 *source)
{
  IntVector v;

  memcpy (&v, source, sizeof v);
  return v;
}

static inline WordVector
vector_load_words (const void *source)
{
  WordVector v;

  memcpy (&v, source, sizeof v);
  return v;
}

static inline void
vector_store_words (gint32 *target, WordVector v)
{
  memcpy (target, &v, sizeof v);
}

/* The four bytes in every lane */
static inline IntVector
vector_all_quad (const gint8 *quad)
{
  gint32 four;

  memcpy (&four, quad, sizeof four);
  return four - (IntVector) { 0 };
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

/* Not memcpy(), which is a call where the compiler knows what the target is part of, and checks that. */
static inline void
vector_store (float *target, FloatVector v)
{
  __builtin_memcpy (target, &v, sizeof v);
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
