/* A reply under a grammar, drawn by a fuzzer. */

#include "walk-grammar.h"

#include <math.h>
#include <string.h>

#include "grammar/constraint.h"
#include "grammar/grammar-private.h"
#include "sotto-error.h"

#define MOST_STEPS 64u
#define MOST_WORK (1u << 19)   /* of the second walk: an ambiguous grammar is followed less far */
#define END 256

/* Behind the bytes and the end: tokens that cross the borders of JSON and of characters, one that
 * stands there twice, one for nothing, a second end, and one that is too long to count. */
static const char *const pieces[] = {
  "\",\"", "\": ", "{\"", "\"}", "},{", "]}", "true", "fals", "null", "00", "123", "-1", "a\"",
  "e\xc5", "\x82\x61", "\xc3\xb3", "\\u00", "\\n", ", ", "  ", "\n", "ab", "abc", "abcdefghijkl",
  " the", "0.", "e+", "[]", "[[", "\xf0\x9f", "\x98\x80", "\",", "1,", "-0", "]]", "aaaa",
  "aaaaaaaa", "\"a", "abc", "", "\xe4\xb8\xad\xe6\x96\x87",
};

#define SECOND_END (END + 1 + (gint) G_N_ELEMENTS (pieces))
#define TOO_LONG (SECOND_END + 1)
#define N_TOKENS (TOO_LONG + 1)

guint8 *
sotto_fuzz_take_part (const guint8 **data,
                      gsize         *size,
                      gsize         *part_size)
{
  const guint8 *end = *size > 0 ? memchr (*data, 0xff, *size) : NULL;
  guint8 *part;

  *part_size = end != NULL ? (gsize) (end - *data) : *size;
  part = g_malloc (MAX (*part_size, 1));
  if (*part_size > 0)
    memcpy (part, *data, *part_size);
  *data += *part_size + (end != NULL);
  *size -= *part_size + (end != NULL);

  return part;
}

static void
append_text (gpointer  user_data,
             gint32    token,
             GString  *out)
{
  if (token < END)
    g_string_append_c (out, (char) token);
  else if (token > END && token < SECOND_END)
    g_string_append (out, pieces[token - END - 1]);
  else if (token == TOO_LONG)
    for (guint i = 0; i <= SOTTO_TRIE_MOST_DEPTH; i++)
      g_string_append_c (out, 'a');
}

static gboolean
is_end (gpointer user_data,
        gint32   token)
{
  return token == END || token == SECOND_END;
}

static gboolean
is_allowed (const guint64 *mask,
            gint32         token)
{
  return (mask[token / 64] >> token % 64 & 1) != 0;
}

/* Where @token leads from @place. */
static guint32
walk_token (SottoGrammarWalk *walk,
            guint32           place,
            gint32            token)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_text (NULL, token, text);
  for (gsize i = 0; i < text->len; i++)
    place = sotto_walk_step (walk, place, (guint8) text->str[i]);

  return place;
}

static gsize
count_bytes (gint32 token)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_text (NULL, token, text);

  return text->len;
}

/* Token by token, what the mask has to say. Returns: how many are allowed; 0: it was too much
 * work */
static guint
check_mask (SottoGrammarWalk *walk,
            guint32           place,
            const guint64    *mask,
            gint32            n_logits)
{
  guint n_allowed = 0;

  for (gint32 token = 0; token < N_TOKENS; token++)
    {
      gsize length = count_bytes (token);
      gboolean expected = is_end (NULL, token)
        ? walk->places[place].accepts
        : length > 0 && length <= SOTTO_TRIE_MOST_DEPTH &&
            walk_token (walk, place, token) != SOTTO_PLACE_DEAD;

      if (walk->is_overfull || walk->work > MOST_WORK)
        return 0;
      g_assert_cmpint (is_allowed (mask, token), ==, expected && token < n_logits);
      n_allowed += is_allowed (mask, token);
    }
  g_assert_cmpuint (n_allowed, >, 0);

  return n_allowed;
}

static void
check_logits (SottoConstraint *constraint,
              const guint64   *mask,
              gint32           n_logits)
{
  g_autofree float *logits = g_new (float, n_logits);
  const float *out;

  for (gint32 i = 0; i < n_logits; i++)
    logits[i] = (float) i;
  out = sotto_constraint_apply (constraint, logits, NULL);
  g_assert_nonnull (out);
  for (gint32 i = 0; i < n_logits; i++)
    g_assert_true (i < N_TOKENS && is_allowed (mask, i) ? out[i] == logits[i] : isinf (out[i]));
}

/* What is not allowed is refused, and changes nothing. */
static void
check_refusal (SottoConstraint *constraint,
               const guint64   *mask,
               guint            from)
{
  for (guint i = 0; i < N_TOKENS; i++)
    {
      gint32 token = (gint32) ((from + i) % N_TOKENS);
      g_autoptr (GError) error = NULL;

      if (is_allowed (mask, token))
        continue;
      g_assert_false (sotto_constraint_accept (constraint, token, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GRAMMAR);
      return;
    }
}

/* The allowed token with number @number among those. */
static gint32
find_allowed (const guint64 *mask,
              guint          number)
{
  for (gint32 token = 0;; token++)
    if (is_allowed (mask, token) && number-- == 0)
      return token;
}

/* Once the walk has read as much as the constraint, both have to see the same. */
static void
check_place (const SottoConstraint  *constraint,
             const SottoGrammarWalk *walk,
             guint32                 place)
{
  const SottoPlace *there = &walk->places[place];

  g_assert_cmpint (sotto_constraint_may_end (constraint), ==, there->accepts);
  g_assert_cmpint (sotto_constraint_is_finished (constraint), ==,
                   there->accepts && there->n_items == 1);
}

gboolean
sotto_fuzz_walk_grammar (SottoGrammar *grammar,
                         const guint8 *choices,
                         gsize         size,
                         GString      *text)
{
  static SottoTokenTrie *trie;
  SottoTokenSource source = { N_TOKENS, append_text, is_end, NULL };
  g_autoptr (SottoConstraint) constraint = NULL;
  g_autoptr (SottoGrammarWalk) walk = sotto_walk_new (sotto_grammar_get_machine (grammar));
  guint32 place = sotto_walk_start (walk);
  gint32 n_logits = N_TOKENS - (size > 0 ? choices[0] % 64 - 8 : 0);

  if (trie == NULL)
    trie = sotto_token_trie_new (&source, NULL, NULL);
  g_assert_nonnull (trie);
  n_logits = MAX (n_logits, END + 1);
  constraint = sotto_constraint_new (grammar, trie, n_logits, NULL);
  g_assert_nonnull (constraint);

  for (guint step = 0; step < MOST_STEPS && walk->work < MOST_WORK; step++)
    {
      guint choice = step * 2 + 1 < size
        ? (guint) choices[step * 2] | (guint) choices[step * 2 + 1] << 8 : step * 40503 + 7;
      g_autoptr (GError) error = NULL;
      const guint64 *mask = sotto_constraint_get_mask (constraint, &error);
      guint n_allowed;
      gint32 token;

      if (mask == NULL)
        {
          g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GRAMMAR);
          g_assert_nonnull (strstr (error->message, "ambiguous"));
          return FALSE;
        }
      check_place (constraint, walk, place);
      n_allowed = check_mask (walk, place, mask, n_logits);
      if (n_allowed == 0)
        return FALSE;
      check_logits (constraint, mask, n_logits);
      check_refusal (constraint, mask, choice);

      token = find_allowed (mask, choice % n_allowed);
      g_assert_true (sotto_constraint_accept (constraint, token, &error));
      g_assert_no_error (error);
      if (is_end (NULL, token))
        {
          g_assert_true (sotto_constraint_is_finished (constraint));
          g_assert_cmpint (sotto_grammar_match (grammar, text->str, (gssize) text->len), ==,
                           SOTTO_GRAMMAR_FITS);
          return TRUE;
        }
      append_text (NULL, token, text);
      place = walk_token (walk, place, token);
      g_assert_cmpuint (place, !=, SOTTO_PLACE_DEAD);
    }

  return FALSE;
}
