/* GBNF to machines. Small rules without references are put where they are used: a string's
 * characters become one state. */

#include "gbnf.h"

#include "gbnf-private.h"

#define MOST_INLINE 16u      /* nodes of a rule that is put in place */
#define MOST_WORK (1u << 22) /* nodes built, repetitions each by itself */

typedef struct {
  const GPtrArray *rules;    /* (element-type SottoGbnfRule) */
  SottoMachine *machine;
  guint work;
} Builder;

/* How many nodes there are, or more than MOST_INLINE if it is not to be put in place. */
static guint
count_simple (const SottoExpression *node)
{
  guint n = 1;

  if (node->kind == SOTTO_EXPRESSION_RULE)
    return MOST_INLINE + 1;
  for (guint i = 0; node->children != NULL && i < node->children->len && n <= MOST_INLINE; i++)
    n += count_simple (sotto_expression_get (node, i));
  if (node->kind == SOTTO_EXPRESSION_REPEAT)
    n *= MIN (node->most != G_MAXUINT ? node->most : node->least + 1, MOST_INLINE + 1);

  return MIN (n, MOST_INLINE + 1);
}

static void build (Builder               *self,
                   const SottoExpression *node,
                   guint32                from,
                   guint32                to);

static void
build_repeat (Builder               *self,
              const SottoExpression *node,
              guint32                from,
              guint32                to)
{
  const SottoExpression *child = sotto_expression_get (node, 0);
  SottoMachine *machine = self->machine;
  guint32 at = sotto_machine_add_state (machine);

  sotto_machine_add_empty (machine, from, at);
  for (guint i = 0; !sotto_machine_is_stopped (machine); i++)
    {
      guint32 next;

      if (i >= node->least)
        sotto_machine_add_empty (machine, at, to);
      if (i >= node->least && node->most == G_MAXUINT)
        {
          next = sotto_machine_add_state (machine);
          build (self, child, at, next);
          sotto_machine_add_empty (machine, next, at);
          return;
        }
      if (i >= node->most)
        return;
      next = sotto_machine_add_state (machine);
      build (self, child, at, next);
      at = next;
    }
}

static void
build (Builder               *self,
       const SottoExpression *node,
       guint32                from,
       guint32                to)
{
  SottoMachine *machine = self->machine;
  const SottoGbnfRule *rule;

  /* What builds nothing, a class without characters, is not repeated for ever either. */
  if (++self->work > MOST_WORK)
    machine->is_full = TRUE;
  if (sotto_machine_is_stopped (machine))
    return;

  switch (node->kind)
    {
    case SOTTO_EXPRESSION_CHARS:
      sotto_machine_add_chars (machine, from,
                               (const SottoCharRange *) (gconstpointer) node->ranges->data,
                               node->ranges->len, to);
      return;

    case SOTTO_EXPRESSION_SEQUENCE:
      for (guint i = 0; i < node->children->len; i++)
        {
          guint32 next = i + 1 < node->children->len ? sotto_machine_add_state (machine) : to;

          build (self, sotto_expression_get (node, i), from, next);
          from = next;
        }
      if (node->children->len == 0)
        sotto_machine_add_empty (machine, from, to);
      return;

    case SOTTO_EXPRESSION_CHOICE:
      for (guint i = 0; i < node->children->len; i++)
        build (self, sotto_expression_get (node, i), from, to);
      return;

    case SOTTO_EXPRESSION_REPEAT:
      build_repeat (self, node, from, to);
      return;

    case SOTTO_EXPRESSION_RULE:
      rule = g_ptr_array_index (self->rules, node->rule);
      if (rule->in_place)
        build (self, rule->body, from, to);
      else
        sotto_machine_add_call (machine, from, rule->machine_rule, to);
      return;

    default:
      g_assert_not_reached ();
    }
}

SottoMachine *
sotto_gbnf_parse (const char         *text,
                  gsize               length,
                  const char         *root,
                  const SottoCancel  *cancel,
                  GError            **error)
{
  g_autoptr (SottoMachine) machine = NULL;
  const SottoGbnfRule *first;
  Builder builder;
  guint number = 0;
  g_autoptr (GPtrArray) rules = sotto_gbnf_read (text, length, root, cancel, &number, error);

  if (rules == NULL)
    return NULL;

  machine = sotto_machine_new (cancel);
  builder = (Builder) { rules, machine, 0 };
  for (guint i = 0; i < rules->len; i++)
    {
      SottoGbnfRule *rule = g_ptr_array_index (rules, i);

      rule->in_place = i != number && count_simple (rule->body) <= MOST_INLINE;
      rule->machine_rule = sotto_machine_add_rule (machine, rule->name);
    }
  for (guint i = 0; i < rules->len && !sotto_machine_is_stopped (machine); i++)
    {
      const SottoGbnfRule *rule = g_ptr_array_index (rules, i);

      if (!rule->in_place)
        build (&builder, rule->body, sotto_machine_get_start (machine, rule->machine_rule),
               sotto_machine_get_end (machine, rule->machine_rule));
    }

  first = g_ptr_array_index (rules, number);
  if (!sotto_machine_finish (machine, first->machine_rule, error))
    return NULL;

  return g_steal_pointer (&machine);
}
