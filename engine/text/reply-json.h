#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Follows JSON byte by byte (RFC 8259), as far as is needed to know where in it a byte stands. Numbers and words are
 * only known by their letters: whoever takes a value reads it again. */

#define SOTTO_JSON_MAX_DEPTH 256

typedef enum {
  SOTTO_JSON_VALUE,        /* a value must come */
  SOTTO_JSON_FIRST_VALUE,  /* or the list's end */
  SOTTO_JSON_FIRST_KEY,    /* a key or the object's end */
  SOTTO_JSON_KEY,
  SOTTO_JSON_COLON,
  SOTTO_JSON_AFTER,        /* behind a value: a comma or the end */
  SOTTO_JSON_STRING,
  SOTTO_JSON_ESCAPE,
  SOTTO_JSON_WORD,         /* in a number, true, false or null */
  SOTTO_JSON_DONE,
} SottoJsonState;

typedef struct {
  SottoJsonState state;
  gboolean is_key;         /* the string is one */
  guint depth;             /* objects and lists that are open */
  guint8 objects[SOTTO_JSON_MAX_DEPTH / 8]; /* bit i: the one at depth i + 1 is an object */
} SottoJsonPlace;

void sotto_json_place_init (SottoJsonPlace *self);

/* Returns: FALSE: no JSON continues with @c. The value at the top must be an object or a list. */
gboolean sotto_json_place_push (SottoJsonPlace *self, char c);

static inline gboolean
sotto_json_place_in_string (const SottoJsonPlace *self)
{
  return self->state == SOTTO_JSON_STRING || self->state == SOTTO_JSON_ESCAPE;
}

G_END_DECLS
