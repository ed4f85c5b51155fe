/* The public face of grammars: a finished machine that is counted. */

#include "grammar-private.h"

#include <string.h>

#include "gbnf.h"
#include "schema.h"
#include "walk.h"

/* Bytes of a walk that only looks whether a text fits, at which it forgets what it can. */
#define MOST_BYTES ((gsize) 16 << 20)

struct _SottoGrammar {
  gatomicrefcount references;
  SottoMachine *machine;
  char *hash;
};

static SottoGrammar *
grammar_new (SottoMachine *machine, /* (transfer full) (nullable) */
             const char   *text,
             gsize         length)
{
  SottoGrammar *self;

  if (machine == NULL)
    return NULL;

  self = g_new0 (SottoGrammar, 1);
  g_atomic_ref_count_init (&self->references);
  self->machine = machine;
  self->hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, length);

  return self;
}

SottoGrammar *
sotto_grammar_new_gbnf (const char   *text,
                        gssize        length,
                        const char   *root,
                        SottoCancel  *cancel,
                        GError      **error)
{
  gsize n = length < 0 ? strlen (text) : (gsize) length;

  return grammar_new (sotto_gbnf_parse (text, n, root != NULL ? root : "root", cancel, error), text, n);
}

SottoGrammar *
sotto_grammar_new_json_schema (const char   *schema,
                               gssize        length,
                               SottoCancel  *cancel,
                               GError      **error)
{
  gsize n = length < 0 ? strlen (schema) : (gsize) length;

  return grammar_new (sotto_schema_compile (schema, n, cancel, error), schema, n);
}

SottoGrammar *
sotto_grammar_ref (SottoGrammar *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

void
sotto_grammar_unref (SottoGrammar *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  sotto_machine_free (self->machine);
  g_free (self->hash);
  g_free (self);
}

const char *
sotto_grammar_get_hash (const SottoGrammar *self)
{
  return self->hash;
}

const SottoMachine *
sotto_grammar_get_machine (const SottoGrammar *self)
{
  return self->machine;
}

SottoGrammarMatch
sotto_grammar_match (const SottoGrammar *self,
                     const char         *text,
                     gssize              length)
{
  g_autoptr (SottoGrammarWalk) walk = sotto_walk_new (self->machine);
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  guint32 place = sotto_walk_start (walk);
  gsize most_bytes = MOST_BYTES;

  for (gsize i = 0; i < n && place != SOTTO_PLACE_DEAD; i++)
    {
      place = sotto_walk_step (walk, place, text[i]);
      if (walk->bytes > most_bytes)
        {
          sotto_walk_forget (walk, &place, 1);
          most_bytes = MAX (MOST_BYTES, walk->bytes * 2);
        }
    }

  return place == SOTTO_PLACE_DEAD       ? SOTTO_GRAMMAR_REFUSES
         : walk->places[place].accepts   ? SOTTO_GRAMMAR_FITS
                                         : SOTTO_GRAMMAR_BEGINS;
}
