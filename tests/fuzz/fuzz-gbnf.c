/* Grammars that nobody can trust.
 *
 * An input is the grammar, a byte 0xff, and what is drawn (walk-grammar.h). Asked for: no crash, an
 * error or a grammar, and masks that are what the grammar says. */

#include "sotto-error.h"
#include "walk-grammar.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  gsize length;
  g_autofree guint8 *text = sotto_fuzz_take_part (&data, &size, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGrammar) grammar =
    sotto_grammar_new_gbnf ((const char *) text, (gssize) length, NULL, NULL, &error);
  g_autoptr (GString) said = g_string_new (NULL);

  if (grammar == NULL)
    {
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GRAMMAR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  g_assert_no_error (error);
  sotto_fuzz_walk_grammar (grammar, data, size, said);

  return 0;
}
