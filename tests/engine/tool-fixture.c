#include "tool-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tiny-model.h"

static void
set_up (ToolFixture   *self,
        gconstpointer  data)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *tool =
      g_build_filename (g_getenv ("SOTTO_BUILD_DIR"), "engine", "sotto-engine", NULL);

  g_assert_true (g_file_test (tool, G_FILE_TEST_IS_EXECUTABLE));
  self->tool = g_shell_quote (tool);
  self->model = tiny_model_write_temporary (&tiny);
  self->folder = g_path_get_dirname (self->model);
  self->quoted = g_shell_quote (self->model);
}

static void
tear_down (ToolFixture   *self,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      if (strcmp (path, self->model) != 0)
        g_unlink (path);
    }
  tiny_model_remove (self->model);
  g_free (self->tool);
  g_free (self->folder);
  g_free (self->model);
  g_free (self->quoted);
  g_free (self->output);
  g_free (self->errors);
}

void
tool_add (const char *path,
          void (*test) (ToolFixture *self, gconstpointer data))
{
  g_test_add (path, ToolFixture, NULL, set_up, test, tear_down);
}

int
tool_run (ToolFixture *self,
          const char  *format,
          ...)
{
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  char *arguments[] = { (char *) "/bin/sh", (char *) "-c", NULL, NULL };
  g_autofree char *output_path = g_build_filename (self->folder, "stdout", NULL);
  va_list list;
  int status;

  va_start (list, format);
  line = g_strdup_vprintf (format, list);
  va_end (list);
  arguments[2] = g_strdup_printf ("( %s ) > stdout", line);

  g_clear_pointer (&self->output, g_free);
  g_clear_pointer (&self->errors, g_free);
  environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
  g_spawn_sync (self->folder,
                arguments,
                environment,
                G_SPAWN_DEFAULT,
                NULL,
                NULL,
                NULL,
                &self->errors,
                &status,
                &error);
  g_assert_no_error (error);
  g_free (arguments[2]);
  g_assert_true (g_file_get_contents (output_path, &self->output, &self->n_output, NULL));
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

void
tool_write_file (ToolFixture *self,
                 const char  *name,
                 const char  *bytes,
                 gssize       length)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
}

void
tool_assert_one_line (const char *errors)
{
  const char *end = strchr (errors, '\n');

  g_assert_true (g_str_has_prefix (errors, "sotto-engine: "));
  g_assert_nonnull (end);
  g_assert_cmpstr (end, ==, "\n");
}
