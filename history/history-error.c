#include "history-error.h"

#include <errno.h>

/* The arguments ride on the GError itself (an extended error), so that copies keep them. */
typedef struct {
  char *path;
  char *subject;
  guint64 wanted;
  guint64 available;
  SottoHistoryErrorArguments view;
} SottoHistoryErrorPrivate;

static void
sotto_history_error_private_init (SottoHistoryErrorPrivate *priv)
{
}

static void
sotto_history_error_private_copy (const SottoHistoryErrorPrivate *source,
                                  SottoHistoryErrorPrivate       *target)
{
  target->path = g_strdup (source->path);
  target->subject = g_strdup (source->subject);
  target->wanted = source->wanted;
  target->available = source->available;
}

static void
sotto_history_error_private_clear (SottoHistoryErrorPrivate *priv)
{
  g_free (priv->path);
  g_free (priv->subject);
}

G_DEFINE_EXTENDED_ERROR (SottoHistoryError, sotto_history_error)

void
sotto_history_set_error (GError                           **error,
                         SottoHistoryError                  code,
                         const SottoHistoryErrorArguments  *arguments,
                         const char                        *format,
                         ...)
{
  g_autoptr (GError) made = NULL;
  va_list args;

  if (error == NULL)
    return;

  va_start (args, format);
  made = g_error_new_valist (SOTTO_HISTORY_ERROR, (gint) code, format, args);
  va_end (args);

  if (arguments != NULL)
    {
      SottoHistoryErrorPrivate *priv = sotto_history_error_get_private (made);

      priv->path = g_strdup (arguments->path);
      priv->subject = g_strdup (arguments->subject);
      priv->wanted = arguments->wanted;
      priv->available = arguments->available;
    }

  g_propagate_error (error, g_steal_pointer (&made));
}

SottoHistoryError
sotto_history_error_of_errno (int number)
{
  switch (number)
    {
    case ENOSPC:
    case EDQUOT:
      return SOTTO_HISTORY_ERROR_DISK_FULL;
    case EFBIG:
      return SOTTO_HISTORY_ERROR_TOO_LARGE;
    case EROFS:
      return SOTTO_HISTORY_ERROR_READ_ONLY;
    default:
      return SOTTO_HISTORY_ERROR_IO;
    }
}

void
sotto_history_set_io_error (GError     **error,
                            const char  *path,
                            const char  *action,
                            int          number)
{
  SottoHistoryErrorArguments arguments = { .path = path, .subject = g_strerror (number) };

  sotto_history_set_error (error, sotto_history_error_of_errno (number), &arguments, "cannot %s \"%s\": %s", action, path,
                           g_strerror (number));
}

const SottoHistoryErrorArguments *
sotto_history_error_get_arguments (const GError *error)
{
  SottoHistoryErrorPrivate *priv;

  g_return_val_if_fail (error != NULL && error->domain == SOTTO_HISTORY_ERROR, NULL);

  priv = sotto_history_error_get_private (error);
  priv->view.path = priv->path;
  priv->view.subject = priv->subject;
  priv->view.wanted = priv->wanted;
  priv->view.available = priv->available;
  return &priv->view;
}
