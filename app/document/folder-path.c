#include "document/folder-walk.h"

#include <string.h>

/* Paths as the history keeps them, where the system has bytes. */

static gboolean
is_escape (const char *p)
{
  return p[0] == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]);
}

char *
sotto_folder_encode_name (const char *name)
{
  g_autoptr (GString) encoded = g_string_new (NULL);
  const char *end = name + strlen (name);

  while (name < end)
    {
      const char *invalid;

      g_utf8_validate (name, end - name, &invalid);
      for (; name < invalid; name++)
        {
          if (is_escape (name))
            g_string_append (encoded, "%25");
          else
            g_string_append_c (encoded, *name);
        }
      if (name < end)
        g_string_append_printf (encoded, "%%%02X", (guint) (guint8) *name++);
    }
  return g_string_free_and_steal (g_steal_pointer (&encoded));
}

char *
sotto_folder_decode_path (const char *path)
{
  g_autoptr (GString) decoded = g_string_new (NULL);

  while (*path != '\0')
    {
      const int byte = is_escape (path) ? g_ascii_xdigit_value (path[1]) * 16 + g_ascii_xdigit_value (path[2]) : 0;

      /* No name has a zero. */
      if (byte != 0)
        {
          g_string_append_c (decoded, (char) byte);
          path += 3;
        }
      else
        {
          g_string_append_c (decoded, *path++);
        }
    }
  return g_string_free_and_steal (g_steal_pointer (&decoded));
}

GFile *
sotto_folder_resolve (GFile *folder, const char *path)
{
  g_autofree char *decoded = sotto_folder_decode_path (path);

  return g_file_resolve_relative_path (folder, decoded);
}

char *
sotto_folder_display_path (const char *path)
{
  g_autofree char *decoded = sotto_folder_decode_path (path);
  char *shown = g_filename_display_name (decoded);

  return g_strdelimit (shown, "\r\n\t", ' ');
}

char *
sotto_folder_display_name (const char *path)
{
  const char *slash = strrchr (path, '/');

  return sotto_folder_display_path (slash != NULL ? slash + 1 : path);
}
