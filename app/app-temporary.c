#include "app-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

/* Keeping nothing is a history like any other, encrypted with a key that nobody has, in a folder of
 * the runtime directory (which lies in memory) that goes when it is closed. What a crash leaves
 * there cannot be read by anybody, and is gone when the person logs out. */

/* A key that nobody has, not even we after this */
static SottoUnlock *
create_forgotten_secret (GError **error)
{
  guint8 random[32];
  g_autofree char *text = NULL;
  SottoUnlock *unlock;

  if (getrandom (random, sizeof random, 0) != (gssize) sizeof random)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
      return NULL;
    }

  text = g_base64_encode (random, sizeof random);
  unlock = sotto_unlock_new_passphrase (text, error);
  explicit_bzero (random, sizeof random);
  explicit_bzero (text, strlen (text));

  /* Nothing is gained by making 256 random bits expensive to guess. */
  if (unlock != NULL)
    sotto_unlock_set_cost (unlock, 1, 8 * 1024);
  return unlock;
}

void
sotto_app_start_temporary (SottoApp *self)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *template = NULL;
  GError *error = NULL;
  SottoUnlock *unlock = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, NULL, NULL);
  if (!sotto_app_can_begin (self, task))
    return;

  sotto_model_library_refresh (self->services->library);
  template = g_build_filename (g_get_user_runtime_dir (), "sotto-XXXXXX", NULL);
  g_mkdir_with_parents (g_get_user_runtime_dir (), 0700);
  if (g_mkdtemp_full (template, 0700) != NULL)
    {
      g_free (self->temporary_folder);
      self->temporary_folder = g_steal_pointer (&template);
      sotto_app_notify_temporary (self);
      unlock = create_forgotten_secret (&error);
    }
  else
    {
      error = g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
    }
  sotto_app_begin_attempt (self, task, SOTTO_APP_MEANS_TEMPORARY, TRUE, unlock, error);
}

void
sotto_app_remove_temporary_folder (SottoApp *self)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (self->temporary_folder == NULL)
    return;

  dir = g_dir_open (self->temporary_folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->temporary_folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->temporary_folder);
  g_clear_pointer (&self->temporary_folder, g_free);
  sotto_app_notify_temporary (self);
}

