/* What the subcommands share: options, models, backends, standard input and output. */

#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gboolean
tool_misuse (GError     **error,
             const char  *format,
             ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);

  return FALSE;
}

char **
tool_parse (const ToolUsage  *usage,
            char            **arguments,
            GError          **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (usage->synopsis);
  g_auto (GStrv) rest = g_strdupv (arguments);
  guint n;

  g_option_context_set_summary (context, usage->summary);
  if (usage->entries != NULL)
    g_option_context_add_main_entries (context, usage->entries, NULL);
  if (!g_option_context_parse_strv (context, &rest, error))
    return NULL;

  n = g_strv_length (rest) - 1;
  if (n < usage->n_least || n > usage->n_most)
    {
      tool_misuse (error, "%s takes %s; try --help", arguments[0], usage->synopsis);
      return NULL;
    }

  return g_strdupv (rest + 1);
}

SottoModel *
tool_open_model (const char  *path,
                 GError     **error)
{
  return sotto_model_open (path, NULL, NULL, NULL, error);
}

void
tool_compute_clear (ToolCompute *self)
{
  g_clear_pointer (&self->tier, g_free);
  g_clear_pointer (&self->backend, g_free);
  g_clear_pointer (&self->kv, g_free);
}

/* A tier is the CPU's: who names one, by option or variable, wants to see that. */
gboolean
tool_get_backend_options (const ToolCompute    *self,
                          SottoBackendOptions  *options,
                          GError              **error)
{
  gboolean names_tier = self->tier != NULL || g_getenv ("SOTTO_CPU_TIER") != NULL;

  if (self->n_threads < 0)
    return tool_misuse (error, "%d is no number of threads", self->n_threads);
  if (self->n_gpu_layers < 0)
    return tool_misuse (error, "%d is no number of layers", self->n_gpu_layers);

  *options = (SottoBackendOptions) { .n_threads = (guint) self->n_threads, .tier = self->tier,
                                     .n_gpu_layers = (guint) self->n_gpu_layers };
  if (g_strcmp0 (self->backend, "cuda") == 0)
    options->gpu = SOTTO_GPU_ALWAYS;
  else if (g_strcmp0 (self->backend, "cpu") == 0 || (self->backend == NULL && names_tier))
    options->gpu = SOTTO_GPU_NEVER;
  else if (self->backend != NULL && strcmp (self->backend, "auto") != 0)
    {
      g_set_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND,
                   "this build has no backend \"%s\"", self->backend);
      return FALSE;
    }

  return TRUE;
}

SottoBackend *
tool_open_backend (const ToolCompute  *self,
                   GError            **error)
{
  SottoBackendOptions options;

  return tool_get_backend_options (self, &options, error) ? sotto_backend_new (&options, error) : NULL;
}

gboolean
tool_get_kv_type (const ToolCompute  *self,
                  SottoKvType        *kv_type,
                  GError            **error)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_F32, SOTTO_KV_Q8_0, SOTTO_KV_Q4_0 };

  *kv_type = SOTTO_KV_F16;
  if (self->kv == NULL)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_ascii_strcasecmp (self->kv, sotto_kv_type_get_name (types[i])) == 0)
      {
        *kv_type = types[i];
        return TRUE;
      }

  return tool_misuse (error, "--kv is f16, f32, q8_0 or q4_0, not \"%s\"", self->kv);
}

GArray *
tool_read_tokens (const SottoModel  *model,
                  const char        *text,
                  GError           **error)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_auto (GStrv) words = g_strsplit_set (text, ", \t\n", -1);
  guint n_vocabulary = sotto_model_get_info (model)->n_vocabulary;

  for (guint i = 0; words[i] != NULL; i++)
    {
      guint64 value;
      gint32 token;

      if (words[i][0] == '\0')
        continue;
      if (!g_ascii_string_to_unsigned (words[i], 10, 0, n_vocabulary - 1, &value, NULL))
        {
          tool_misuse (error, "\"%s\" is no token of this model, which has 0 to %u", words[i],
                       n_vocabulary - 1);
          return NULL;
        }
      token = value;
      g_array_append_val (tokens, token);
    }

  return g_steal_pointer (&tokens);
}

gboolean
tool_read_input (GString  *text,
                 GError  **error)
{
  char buffer[65536];
  gsize n;

  while ((n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
    g_string_append_len (text, buffer, n);
  if (ferror (stdin))
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "standard input: %s",
                   g_strerror (errno));
      return FALSE;
    }

  return TRUE;
}

gboolean
tool_write (const char  *bytes,
            gsize        length,
            GError     **error)
{
  fwrite (bytes, 1, length, stdout);
  if (isatty (STDOUT_FILENO) && (length == 0 || bytes[length - 1] != '\n'))
    putchar ('\n');
  if (fflush (stdout) != 0 || ferror (stdout))
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "standard output: %s",
                   g_strerror (errno));
      return FALSE;
    }

  return TRUE;
}
