#include "sotto-placement.h"

#include "sotto-session-private.h"

SottoPlacement *
sotto_session_get_placement (const SottoSession *session)
{
  SottoPlacement *self = g_new0 (SottoPlacement, 1);
  const SottoBackend *backend = session->backend;
  const GError *reason = sotto_backend_get_gpu_error (backend);

  self->n_layers = sotto_model_get_info (session->model)->n_layers;
  self->n_threads = sotto_backend_get_threads (backend);
  self->memory = sotto_session_get_memory (session);
  if (backend->klass->state_place != NULL)
    backend->klass->state_place (session->backend, session->state, self);
  if (self->gpus == NULL && self->reason == NULL && reason != NULL)
    self->reason = g_error_copy (reason);
  return self;
}

SottoPlacement *
sotto_placement_copy (const SottoPlacement *self)
{
  SottoPlacement *copy = g_new (SottoPlacement, 1);

  *copy = *self;
  copy->gpus = g_strdup (self->gpus);
  copy->reason = self->reason != NULL ? g_error_copy (self->reason) : NULL;
  return copy;
}

void
sotto_placement_free (SottoPlacement *self)
{
  g_free (self->gpus);
  g_clear_error (&self->reason);
  g_free (self);
}
