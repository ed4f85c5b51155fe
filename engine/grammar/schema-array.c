/* Arrays: one state before and one behind each item that is counted or told apart, then a loop. */

#include "schema-private.h"

/* So many items of one kind are built in place; more are calls of a rule. */
#define MOST_IN_PLACE 2u

void
sotto_schema_add_array (SottoSchema      *self,
                        const SottoFacts *facts,
                        guint32           from,
                        guint32           to)
{
  SottoMachine *machine = self->machine;
  guint n_prefix = sotto_facts_count_prefix (facts);
  guint least = facts->least_items;
  guint most = facts->most_items;
  /* From here on, all places are alike. */
  guint n_different = MAX (n_prefix, least);
  gboolean endless = most == G_MAXUINT;
  g_autoptr (GPtrArray) rest = sotto_facts_get_item (self, facts, n_prefix);
  guint32 before, behind, end;

  if (least > most)
    return;
  if (least > SOTTO_SCHEMA_MOST_LENGTH || (!endless && most > SOTTO_SCHEMA_MOST_LENGTH))
    {
      sotto_schema_fail (self, self->root, endless ? "minItems" : "maxItems",
                         "more than 65535 items cannot be counted");
      return;
    }

  behind = sotto_machine_add_text (machine, from, "[", 1);
  before = sotto_machine_add_state (machine);
  sotto_machine_add_empty (machine, behind, before);
  end = sotto_machine_add_text (machine, sotto_machine_add_state (machine), "]", 1);
  sotto_machine_add_empty (machine, end, to);
  if (least == 0)
    sotto_machine_add_bytes (machine, behind, ']', ']', end);

  for (guint i = 0; i < most && sotto_schema_step (self); i++)
    {
      gboolean loops = endless && i >= n_different;
      guint n_items = endless ? n_different : most;
      gboolean again = n_items - MIN (n_items, n_prefix) >= MOST_IN_PLACE;

      behind = sotto_machine_add_state (machine);
      if (i < n_prefix)
        {
          g_autoptr (GPtrArray) item = sotto_facts_get_item (self, facts, i);

          sotto_schema_add_value (self, item, FALSE, before, behind);
        }
      else
        {
          sotto_schema_add_value (self, rest, again, before, behind);
        }

      if (i + 1 >= least)
        sotto_machine_add_bytes (machine, behind, ']', ']', end);
      if (loops)
        {
          guint32 next = sotto_schema_add_separator (self, behind, ',');

          sotto_machine_add_empty (machine, next, before);
          return;
        }
      if (i + 1 < most)
        {
          guint32 next = sotto_machine_add_state (machine);

          sotto_machine_add_empty (machine, sotto_schema_add_separator (self, behind, ','), next);
          before = next;
        }
    }
}
