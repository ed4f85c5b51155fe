#include "backend.h"

/* The public functions of a backend, handed to its class. */

void
sotto_backend_free (SottoBackend *self)
{
  if (self != NULL)
    self->klass->free (self);
}

void
sotto_backend_set_threads (SottoBackend *self, guint n_threads)
{
  self->klass->set_threads (self, n_threads);
}

guint
sotto_backend_get_threads (const SottoBackend *self)
{
  return self->klass->get_threads (self);
}

const char *
sotto_backend_get_name (const SottoBackend *self)
{
  return self->klass->get_name (self);
}
