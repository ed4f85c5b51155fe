/* The token mask.
 *
 * At a place of the walk (walk.h) the vocabulary's tree is gone through in one sweep, a byte
 * leading from place to place; what is below a byte that cannot come is passed over. Masks stay
 * with their places, so that a grammar's loops are swept once.
 *
 * Inside a string nearly everything may come, and a sweep through 150,000 tokens takes a
 * millisecond. There the place knows how many safe characters may follow, whichever they are
 * (SottoPlace::run); a part of the tree in which no token has more is allowed as a whole, and the
 * sweep begins with all safe tokens and takes away what is refused. (Context-independent tokens, as
 * in XGrammar, Dong et al. 2024, but by a property of the characters, so that strings that count
 * have it too.)
 *
 * Elsewhere places may be alike for as many bytes as nearly all tokens have (machine-alike.c): then
 * one's mask is the other's, and the few longer tokens are looked at. So a pattern that counts to
 * 400 costs three sweeps, and not 400. */

#include "constraint.h"

#include <math.h>
#include <string.h>

#include "grammar-private.h"
#include "sotto-error.h"

/* What the walk may take before it starts anew. */
#define MOST_BYTES ((gsize) 48 << 20)

/* What masks may take of it before they are made anew: a hundred of the largest vocabularies'. */
#define MOST_MASK_BYTES ((gsize) 4 << 20)

/* What a mask may cost, in items and edges of the walk: some tenths of a second. Grammars that
 * people write cost a hundredth of it. */
#define MOST_WORK (G_GUINT64_CONSTANT (1) << 22)

struct _SottoConstraint {
  SottoGrammar *grammar;
  SottoTokenTrie *trie;
  SottoGrammarWalk *walk;
  guint n_logits;
  guint32 place;
  gboolean ended;
  float *logits;             /* (n_logits) */
  gsize mask_bytes;          /* of all masks that are kept */
  GHashTable *alike;         /* likeness (guint64) → place that has a mask */
  guint32 *way;              /* (SOTTO_TRIE_MOST_DEPTH + 1): places along the sweep's way */
  guint behind;              /* what the text ends with: sotto_walk_behind() */
  guint8 habits[SOTTO_WALK_BEHIND]; /* what came behind that the last time; 0: it did not occur */
};

static gboolean
fail (GError     **error,
      const char  *subject)
{
  SottoErrorArguments arguments = { NULL, subject, 0, 0 };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GRAMMAR, &arguments, "Grammar: %s", subject);

  return FALSE;
}

SottoConstraint *
sotto_constraint_new (SottoGrammar    *grammar,
                      SottoTokenTrie  *trie,
                      guint            n_logits,
                      GError         **error)
{
  g_autoptr (SottoConstraint) self = g_new0 (SottoConstraint, 1);

  self->grammar = sotto_grammar_ref (grammar);
  self->trie = sotto_token_trie_ref (trie);
  self->walk = sotto_walk_new (sotto_grammar_get_machine (grammar));
  self->n_logits = n_logits;
  self->alike = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->way = g_new (guint32, SOTTO_TRIE_MOST_DEPTH + 1);
  self->place = sotto_walk_start (self->walk);
  for (guint i = 0; i < SOTTO_WALK_BEHIND; i += 256)
    self->habits[i + ','] = self->habits[i + ':'] = ' ';
  self->logits = g_try_new (float, (gsize) n_logits + 1);
  if (self->logits == NULL)
    {
      SottoErrorArguments arguments = { NULL, NULL, n_logits * (guint64) sizeof (float), 0 };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "No memory to constrain %u logits", n_logits);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
sotto_constraint_free (SottoConstraint *self)
{
  g_clear_pointer (&self->walk, sotto_walk_free);
  sotto_grammar_unref (self->grammar);
  sotto_token_trie_unref (self->trie);
  g_clear_pointer (&self->alike, g_hash_table_unref);
  g_free (self->way);
  g_free (self->logits);
  g_free (self);
}

/* Forgets all places but @keep, which get new numbers. */
static void
forget (SottoConstraint *self,
        guint32         *keep,
        guint            n_keep)
{
  g_hash_table_remove_all (self->alike);
  sotto_walk_forget (self->walk, keep, n_keep);
  self->mask_bytes = 0;
}

/* Keeps a mask with the place that the text is at. */
static void
keep_mask (SottoConstraint *self,
           guint64         *mask)
{
  gsize n_bytes = self->trie->n_words * sizeof *mask;

  if (self->mask_bytes + n_bytes > MOST_MASK_BYTES)
    {
      for (guint i = 0; i < self->walk->n_places; i++)
        g_clear_pointer (&self->walk->places[i].mask, g_free);
      g_hash_table_remove_all (self->alike);
      self->walk->bytes -= self->mask_bytes;
      self->mask_bytes = 0;
    }
  self->walk->bytes += n_bytes;
  self->mask_bytes += n_bytes;
  self->walk->places[self->place].mask = mask;
}

/* --- The sweep --- */

static void
allow_ranks (const SottoTokenTrie *trie,
             guint64              *mask,
             guint32               first,
             guint32               end)
{
  for (guint32 r = first; r < end; r++)
    mask[trie->tokens[r] / 64] |= (guint64) 1 << trie->tokens[r] % 64;
}

static void
refuse_ranks (const SottoTokenTrie *trie,
              guint64              *mask,
              guint32               first,
              guint32               end)
{
  for (guint32 r = first; r < end; r++)
    mask[trie->tokens[r] / 64] &= ~((guint64) 1 << trie->tokens[r] % 64);
}

/* Walks the label of a node. Returns: the place behind it */
static guint32
walk_label (SottoConstraint     *self,
            const SottoTrieNode *node)
{
  guint32 *way = self->way + node->depth;

  for (guint i = 0; i < node->n_label; i++)
    {
      way[i + 1] = sotto_walk_step (self->walk, way[i], node->label[i]);
      if (way[i + 1] == SOTTO_PLACE_DEAD)
        return SOTTO_PLACE_DEAD;
    }

  return way[node->n_label];
}

/* Goes through one half of the tree. @refuses: the mask has all of it already, and what cannot come
 * is taken away. Returns: %FALSE: the walk had to be given up */
static gboolean
sweep (SottoConstraint     *self,
       const SottoTrieHalf *half,
       gboolean             refuses,
       guint64             *mask)
{
  SottoGrammarWalk *walk = self->walk;
  const SottoTokenTrie *trie = self->trie;
  gboolean is_safe = half == &trie->halves[SOTTO_TRIE_SAFE];
  guint64 most_work = walk->work + MOST_WORK;
  const guint8 *end = half->nodes + half->n_bytes;
  guint32 rank = half->first_rank;

  for (const guint8 *at = half->nodes; at < end;)
    {
      SottoTrieNode node;
      guint32 place;

      sotto_trie_read_node (at, &node);
      place = walk_label (self, &node);
      if (place == SOTTO_PLACE_DEAD ||
          (is_safe && walk->places[place].run > 0 && walk->places[place].run >= node.n_chars))
        {
          if (refuses && place == SOTTO_PLACE_DEAD)
            refuse_ranks (trie, mask, rank, rank + node.n_ranks);
          else if (!refuses && place != SOTTO_PLACE_DEAD)
            allow_ranks (trie, mask, rank, rank + node.n_ranks);
          rank += node.n_ranks;
          at = node.end;
          continue;
        }

      if (node.is_token && !refuses)
        allow_ranks (trie, mask, rank, rank + 1);
      rank += node.is_token ? 1 : 0;
      at = node.below;

      if (walk->bytes > MOST_BYTES)
        {
          forget (self, self->way, node.depth + node.n_label + 1);
          self->place = self->way[0];
          if (walk->bytes > MOST_BYTES / 2)
            walk->is_overfull = TRUE;
        }
      if (walk->work > most_work)
        walk->is_overfull = TRUE;
      if (walk->is_overfull)
        return FALSE;
    }

  return TRUE;
}

static gboolean
sweep_all (SottoConstraint *self,
           guint64         *mask)
{
  const SottoTokenTrie *trie = self->trie;
  gboolean refuses = self->walk->places[self->place].run > 0;

  if (refuses)
    memcpy (mask, trie->safe, trie->n_words * sizeof *mask);
  self->way[0] = self->place;

  return sweep (self, &trie->halves[SOTTO_TRIE_SAFE], refuses, mask) &&
         sweep (self, &trie->halves[SOTTO_TRIE_REST], FALSE, mask);
}

/* Makes the mask out of that of @place, which is alike: only long tokens see a difference. */
static gboolean
take_over (SottoConstraint *self,
           guint32          place,
           guint64         *mask)
{
  SottoGrammarWalk *walk = self->walk;
  const SottoTokenTrie *trie = self->trie;
  const guint32 *offsets = (const guint32 *) (gconstpointer) trie->long_offsets->data;
  guint64 most_work = walk->work + MOST_WORK;

  memcpy (mask, walk->places[place].mask, trie->n_words * sizeof *mask);
  for (guint i = 0; i < trie->longs->len; i++)
    {
      guint32 token = g_array_index (trie->longs, guint32, i);
      guint32 at = self->place;

      for (guint32 b = offsets[i]; b < offsets[i + 1]; b++)
        at = sotto_walk_step (walk, at, (guint8) trie->long_bytes->str[b]);
      mask[token / 64] &= ~((guint64) 1 << token % 64);
      mask[token / 64] |= (guint64) (at != SOTTO_PLACE_DEAD) << token % 64;

      if (walk->bytes > MOST_BYTES)
        forget (self, &self->place, 1);
      if (walk->work > most_work || walk->bytes > MOST_BYTES)
        walk->is_overfull = TRUE;
      if (walk->is_overfull)
        return FALSE;
    }

  return TRUE;
}

const guint64 *
sotto_constraint_get_mask (SottoConstraint  *self,
                           GError          **error)
{
  const SottoTokenTrie *trie = self->trie;
  g_autofree guint64 *mask = NULL;
  guint64 likeness;
  guint32 known;
  guint64 any = 0;

  if (self->walk->is_overfull)
    return fail (error, "it is too ambiguous to be followed"), NULL;
  if (self->walk->places[self->place].mask != NULL)
    return self->walk->places[self->place].mask;

  mask = g_try_new0 (guint64, (gsize) trie->n_words + 1);
  if (mask == NULL)
    return fail (error, "there is no memory for its mask"), NULL;

  likeness = sotto_walk_get_likeness (self->walk, self->place);
  known = GPOINTER_TO_UINT (g_hash_table_lookup (self->alike, &likeness));
  if (!self->ended &&
      !(known != 0 ? take_over (self, known, mask) : sweep_all (self, mask)))
    return fail (error, "it is too ambiguous to be followed"), NULL;
  if (self->walk->places[self->place].accepts)
    for (guint i = 0; i < trie->ends->len; i++)
      {
        gint32 token = g_array_index (trie->ends, gint32, i);

        mask[token / 64] |= (guint64) 1 << token % 64;
      }
  for (guint i = self->n_logits; i < trie->n_tokens; i++)
    mask[i / 64] &= ~((guint64) 1 << i % 64);
  for (guint i = 0; i < trie->n_words; i++)
    any |= mask[i];
  if (any == 0)
    return fail (error, "the model's vocabulary has no token that can follow"), NULL;

  keep_mask (self, g_steal_pointer (&mask));
  if (known == 0 && likeness != 0 && !self->ended)
    g_hash_table_insert (self->alike, g_memdup2 (&likeness, sizeof likeness),
                         GUINT_TO_POINTER (self->place));

  return self->walk->places[self->place].mask;
}

const float *
sotto_constraint_apply (SottoConstraint  *self,
                        const float      *logits,
                        GError          **error)
{
  return sotto_constraint_apply_or (self, logits, NULL, 0, error);
}

const float *
sotto_constraint_apply_or (SottoConstraint  *self,
                           const float      *logits,
                           const gint32     *also,
                           guint             n_also,
                           GError          **error)
{
  const guint64 *mask = sotto_constraint_get_mask (self, error);
  gboolean any = FALSE;

  if (mask == NULL)
    return NULL;

  for (guint w = 0; w * 64 < self->n_logits; w++)
    {
      guint64 bits = w < self->trie->n_words ? mask[w] : 0;
      guint begin = w * 64;
      guint n = MIN (64, self->n_logits - begin);

      for (guint i = 0; i < n; i++)
        self->logits[begin + i] = (bits >> i & 1) != 0 ? logits[begin + i] : -INFINITY;
      if (bits == 0)
        continue;
      for (guint i = 0; i < n && !any; i++)
        any = self->logits[begin + i] > -INFINITY;
    }

  for (guint i = 0; i < n_also; i++)
    if ((guint) also[i] < self->n_logits)
      {
        self->logits[also[i]] = logits[also[i]];
        any |= logits[also[i]] > -INFINITY;
      }

  /* A model that gives nothing allowed a chance at all still has to say something. */
  if (!any)
    for (guint i = 0; i < self->n_logits && !any; i++)
      if ((mask[i / 64] >> i % 64 & 1) != 0)
        {
          self->logits[i] = 0.0f;
          any = TRUE;
        }

  return self->logits;
}

gboolean
sotto_constraint_accept (SottoConstraint  *self,
                         gint32            token,
                         GError          **error)
{
  const guint64 *mask = sotto_constraint_get_mask (self, error);
  const SottoTokenTrie *trie = self->trie;
  g_autoptr (GString) text = g_string_new (NULL);

  if (mask == NULL)
    return FALSE;
  if (token < 0 || (guint) token >= trie->n_tokens || (mask[token / 64] >> token % 64 & 1) == 0)
    return fail (error, "a token was drawn that it does not allow");

  for (guint i = 0; i < trie->ends->len; i++)
    if (g_array_index (trie->ends, gint32, i) == token)
      {
        self->ended = TRUE;
        return TRUE;
      }

  trie->source.append_text (trie->source.user_data, token, text);
  for (gsize i = 0; i < text->len; i++)
    {
      self->place = sotto_walk_step (self->walk, self->place, (guint8) text->str[i]);
      self->habits[self->behind] = (guint8) text->str[i];
      self->behind = sotto_walk_behind (self->behind, (guint8) text->str[i]);
    }
  if (self->walk->bytes > MOST_BYTES)
    forget (self, &self->place, 1);

  return TRUE;
}

/* Looking ahead finds places that the text may never come to: it is not they that end it. */
static void
look_back (SottoConstraint *self)
{
  if (!self->walk->is_overfull && self->walk->bytes <= MOST_BYTES)
    return;

  self->walk->is_overfull = FALSE;
  forget (self, &self->place, 1);
}

guint
sotto_constraint_count_possible (SottoConstraint *self,
                                 const gint32    *tokens,
                                 guint            n_tokens)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint32 place = self->ended || self->walk->is_overfull ? SOTTO_PLACE_DEAD : self->place;
  guint n = 0;

  while (n < n_tokens && place != SOTTO_PLACE_DEAD)
    {
      g_string_truncate (text, 0);
      self->trie->source.append_text (self->trie->source.user_data, tokens[n], text);
      for (gsize i = 0; i < text->len; i++)
        place = sotto_walk_step (self->walk, place, (guint8) text->str[i]);
      if (text->len == 0 || place == SOTTO_PLACE_DEAD)
        break;
      n++;
    }
  if (!self->ended)
    look_back (self);

  return n;
}

gsize
sotto_constraint_foresee (SottoConstraint *self,
                          gsize            most,
                          GString         *text)
{
  gsize n_certain;

  if (self->ended || self->walk->is_overfull)
    return 0;
  n_certain = sotto_walk_foresee (self->walk, self->place, self->behind, self->habits, most, text);
  look_back (self);

  return n_certain;
}

gboolean
sotto_constraint_may_end (const SottoConstraint *self)
{
  return self->walk->places[self->place].accepts;
}

gboolean
sotto_constraint_is_finished (const SottoConstraint *self)
{
  const SottoPlace *place = &self->walk->places[self->place];

  /* The final item reads nothing; any other does. */
  return self->ended || (place->accepts && place->n_items == 1);
}
