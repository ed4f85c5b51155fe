#include "jinja-evaluate.h"

#include <string.h>

/* For loops, and "loop" inside them. Values are taken one at a time and the loop's test is asked when
 * the turn of a value comes (a body may change what the test looks at), except that loop.last and
 * loop.nextitem look one ahead and loop.length looks at all the rest, as in jinja2. */

/* @value: ABSENT at the end */
static gboolean
pull (JinjaRun   *run,
      JinjaLoop  *self,
      JinjaValue *value)
{
  const JinjaNode *node = self->node;

  *value = (JinjaValue) { .kind = JINJA_ABSENT };
  while (self->position < self->n)
    {
      JinjaValue candidate = self->values[self->position++];
      JinjaValue passes;
      JinjaScope *scope;

      if (node->as.loop.test == NULL || self->tested)
        {
          *value = candidate;
          return TRUE;
        }
      scope = jinja_scope_new (run, self->scope);
      if (scope == NULL || !jinja_assign (run, node->as.loop.target, scope, candidate)
          || !jinja_evaluate (run, node->as.loop.test, scope, &passes))
        return FALSE;
      if (jinja_truth (passes))
        {
          *value = candidate;
          return TRUE;
        }
    }

  return TRUE;
}

static gboolean
peek (JinjaRun  *run,
      JinjaLoop *self)
{
  return !jinja_is (self->after, JINJA_ABSENT) || pull (run, self, &self->after);
}

static gboolean
find_length (JinjaRun  *run,
             JinjaLoop *self)
{
  JinjaValue *rest;
  gsize n = 0;

  if (self->known_length)
    return TRUE;

  if (self->node->as.loop.test != NULL)
    {
      rest = jinja_new_n (run, JinjaValue, self->n - self->position);
      if (rest == NULL)
        return FALSE;
      for (;;)
        {
          JinjaValue value;

          if (!pull (run, self, &value))
            return FALSE;
          if (jinja_is (value, JINJA_ABSENT))
            break;
          rest[n++] = value;
        }
      self->values = rest;
      self->position = 0;
      self->n = n;
      self->tested = TRUE;
      self->length = n + self->index0 + 1 + !jinja_is (self->after, JINJA_ABSENT);
    }
  else
    self->length = self->n;
  self->known_length = TRUE;

  return TRUE;
}

gboolean
jinja_loop_attribute (JinjaRun          *run,
                      JinjaLoop         *self,
                      const JinjaString *name,
                      JinjaValue        *result,
                      gboolean          *found)
{
  static const char *const names[] = {
    "index", "index0", "first", "last", "length", "previtem", "nextitem",
    "revindex", "revindex0", "depth", "depth0",
  };
  guint which = 0;
  const JinjaValue absent = { .kind = JINJA_ABSENT };

  while (which < G_N_ELEMENTS (names) && !jinja_string_is (name, names[which]))
    which++;
  *found = which < G_N_ELEMENTS (names);
  if (!*found)
    return TRUE;

  switch (names[which][0])
    {
    case 'i':
      *result = jinja_integer ((gint64) self->index0 + (which == 0));
      return TRUE;
    case 'f':
      *result = jinja_boolean (self->index0 == 0);
      return TRUE;
    case 'd':
      *result = jinja_integer ((gint64) self->depth0 + (which == 9));
      return TRUE;
    case 'p':
      if (self->index0 == 0)
        return jinja_undefined (run, "there is no previous item", NULL, absent, result);
      *result = self->before;
      return TRUE;
    case 'n':
      if (!peek (run, self))
        return FALSE;
      if (jinja_is (self->after, JINJA_ABSENT))
        return jinja_undefined (run, "there is no next item", NULL, absent, result);
      *result = self->after;
      return TRUE;
    case 'r':
      if (!find_length (run, self))
        return FALSE;
      *result = jinja_integer ((gint64) self->length - (gint64) self->index0 - (which == 8));
      return TRUE;
    default:
      if (jinja_string_is (name, "last"))
        {
          if (!peek (run, self))
            return FALSE;
          *result = jinja_boolean (jinja_is (self->after, JINJA_ABSENT));
          return TRUE;
        }
      if (!find_length (run, self))
        return FALSE;
      *result = jinja_integer ((gint64) self->length);
      return TRUE;
    }
}

static gboolean
next (JinjaRun  *run,
      JinjaLoop *self,
      gboolean   first)
{
  JinjaValue value = self->after;

  self->after = (JinjaValue) { .kind = JINJA_ABSENT };
  if (jinja_is (value, JINJA_ABSENT) && !pull (run, self, &value))
    return FALSE;
  if (!first)
    self->index0++;
  self->before = self->current;
  self->current = value;

  return TRUE;
}

JinjaFlow
jinja_execute_loop (JinjaRun        *run,
                    const JinjaNode *node,
                    JinjaScope      *scope,
                    JinjaValue       iterable,
                    guint            depth0,
                    JinjaBuilder    *output)
{
  JinjaLoop *loop = jinja_new (run, JinjaLoop);
  JinjaCycler *cursor = jinja_is (iterable, JINJA_CURSOR) ? iterable.as.cycler : NULL;
  JinjaScope *turn = NULL;
  gboolean first = TRUE;
  gboolean completed = FALSE; /* a body that was not left early: what jinja2's else asks for */

  if (loop == NULL || !jinja_iterate (run, iterable, &loop->values, &loop->n))
    return JINJA_FLOW_ERROR;
  loop->node = node;
  loop->scope = scope;
  loop->depth0 = depth0;

  for (;;)
    {
      JinjaFlow flow;

      if (!next (run, loop, first))
        return JINJA_FLOW_ERROR;
      if (jinja_is (loop->current, JINJA_ABSENT))
        break;
      first = FALSE;

      /* Names of a turn are gone in the next, unless a macro made there still needs them. */
      if (turn == NULL || turn->captured)
        turn = jinja_scope_new (run, scope);
      if (turn == NULL)
        return JINJA_FLOW_ERROR;
      turn->n = 0;
      if (!jinja_step (run, 1)
          || !jinja_scope_set (run, turn, node->as.loop.loop_symbol,
                               (JinjaValue) { .kind = JINJA_LOOP, .as.loop = loop })
          || !jinja_assign (run, node->as.loop.target, turn, loop->current))
        return JINJA_FLOW_ERROR;

      flow = jinja_execute (run, &node->as.loop.body, turn, output);
      if (flow == JINJA_FLOW_ERROR)
        return flow;
      if (flow == JINJA_FLOW_BREAK)
        {
          /* What is left of a generator can still be taken. */
          if (cursor != NULL && !loop->tested)
            cursor->position = (gsize) (loop->values + loop->position - cursor->values);
          break;
        }
      completed |= flow == JINJA_FLOW_NEXT;
    }

  if (!completed && node->as.loop.otherwise.n > 0)
    {
      turn = jinja_scope_new (run, scope);
      return turn != NULL ? jinja_execute (run, &node->as.loop.otherwise, turn, output)
                          : JINJA_FLOW_ERROR;
    }

  return JINJA_FLOW_NEXT;
}
