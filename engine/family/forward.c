/* The forward pass of every family: a walk over the layers. What differs between families stands in
 * the program; there is nothing to decide here. */

#include "family/program.h"

void
sotto_program_walk (const SottoOperations *operations, SottoLane *lane, gconstpointer program)
{
  const SottoProgram *self = program;

  operations->embed (lane, &self->embedding, self->embedding_scale);

  for (guint i = 0; i < self->shape.n_layers; i++)
    {
      const SottoLayer *layer = &self->layers[i];

      if (operations->is_cancelled (lane))
        return;

      operations->query_key_value (lane, i, &layer->attention_norm, &layer->query, &layer->key,
                                   &layer->value);
      operations->attend_project (lane, i, &layer->attention_output);
      operations->gated_feed_forward (lane, &layer->feed_forward_norm, self->activation,
                                      &layer->gate, &layer->up, &layer->down);
    }

  if (operations->is_cancelled (lane))
    return;

  operations->logits (lane, &self->output_norm, &self->output);
}
