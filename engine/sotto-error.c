#include "sotto-error.h"

/* The arguments live in the private data of an extended GError, so they are copied and freed with it. */
typedef struct {
  SottoErrorArguments arguments;
  char *path;
  char *subject;
} SottoEngineErrorPrivate;

static void
sotto_engine_error_private_init (SottoEngineErrorPrivate *self)
{
  *self = (SottoEngineErrorPrivate) { 0 };
}

static void
sotto_engine_error_private_assign (SottoEngineErrorPrivate   *self,
                                   const SottoErrorArguments *arguments)
{
  self->path = g_strdup (arguments->path);
  self->subject = g_strdup (arguments->subject);
  self->arguments = *arguments;
  self->arguments.path = self->path;
  self->arguments.subject = self->subject;
}

static void
sotto_engine_error_private_copy (const SottoEngineErrorPrivate *source,
                                 SottoEngineErrorPrivate       *target)
{
  sotto_engine_error_private_assign (target, &source->arguments);
}

static void
sotto_engine_error_private_clear (SottoEngineErrorPrivate *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->subject, g_free);
}

G_DEFINE_EXTENDED_ERROR (SottoEngineError, sotto_engine_error)

void
sotto_engine_set_error (GError                   **error,
                        SottoEngineError           code,
                        const SottoErrorArguments *arguments,
                        const char                *format,
                        ...)
{
  GError *made;
  va_list args;

  if (error == NULL)
    return;

  va_start (args, format);
  made = g_error_new_valist (SOTTO_ENGINE_ERROR, code, format, args);
  va_end (args);

  if (arguments != NULL)
    sotto_engine_error_private_assign (sotto_engine_error_get_private (made), arguments);

  g_propagate_error (error, made);
}

const SottoErrorArguments *
sotto_engine_error_get_arguments (const GError *error)
{
  static const SottoErrorArguments none = { 0 };

  if (error == NULL || error->domain != SOTTO_ENGINE_ERROR)
    return &none;

  return &sotto_engine_error_get_private (error)->arguments;
}
