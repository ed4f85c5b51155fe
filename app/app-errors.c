#include "app-private.h"

GError *
sotto_app_rename_error (GError *error, const SottoErrorName *names, gsize n_names)
{
  for (gsize i = 0; i < n_names; i++)
    if (g_error_matches (error, SOTTO_HISTORY_ERROR, (int) names[i].history))
      {
        GError *renamed = g_error_new_literal (SOTTO_APP_ERROR, names[i].app, error->message);

        g_error_free (error);
        return renamed;
      }
  return error;
}
