#include "sotto-cancel.h"

#include "sotto-error.h"

struct _SottoCancel {
  gatomicrefcount references;
  gint raised; /* atomic */
};

SottoCancel *
sotto_cancel_new (void)
{
  SottoCancel *self = g_new0 (SottoCancel, 1);

  g_atomic_ref_count_init (&self->references);
  return self;
}

SottoCancel *
sotto_cancel_ref (SottoCancel *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_cancel_unref (SottoCancel *self)
{
  if (g_atomic_ref_count_dec (&self->references))
    g_free (self);
}

void
sotto_cancel_raise (SottoCancel *self)
{
  g_atomic_int_set (&self->raised, TRUE);
}

gboolean
sotto_cancel_is_raised (const SottoCancel *self)
{
  return self != NULL && g_atomic_int_get (&self->raised);
}

gboolean
sotto_cancel_check (const SottoCancel *self, GError **error)
{
  if (!sotto_cancel_is_raised (self))
    return TRUE;

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CANCELLED, NULL, "cancelled");
  return FALSE;
}
