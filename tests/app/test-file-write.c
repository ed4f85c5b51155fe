#include "sotto-app.h"

#include <glib/gstdio.h>
#include <string.h>

#include "harness-room.h"
#include "harness-wait.h"

/* A file that a person has chosen a place for, on a disk that fills up before all of it is written */

#define OLD "what was there"
#define LENGTH (1 << 20)

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static gboolean
has_result (gpointer place)
{
  return *(GAsyncResult **) place != NULL;
}

static void
write_bytes (const char *path, gboolean is_written)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_strnfill (LENGTH, 'x'), LENGTH);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_file_write_bytes_async (file, G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, bytes, on_ready, &result);
  harness_wait_for (has_result, &result, 20);
  g_assert_cmpint (sotto_file_write_bytes_finish (file, result, &error), ==, is_written);
  g_assert_cmpint (error == NULL, ==, is_written);
}

/* @content: (nullable): of the one file in @folder; NULL: there is none */
static void
assert_alone (const char *folder, const char *content)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = g_dir_read_name (dir);

  if (content == NULL)
    {
      g_assert_cmpstr (name, ==, NULL);
    }
  else
    {
      g_autofree char *path = g_build_filename (folder, "it", NULL);
      g_autofree char *found = NULL;

      g_assert_cmpstr (name, ==, "it");
      g_assert_cmpstr (g_dir_read_name (dir), ==, NULL);
      g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
      g_assert_cmpstr (found, ==, content);
    }
}

static void
test_room (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-file-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "it", NULL);
  g_autofree char *all = g_strnfill (LENGTH, 'x');
  static const guint64 rooms[] = { 0, 1, LENGTH / 2, LENGTH - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      harness_set_largest_file (rooms[i]);
      write_bytes (path, FALSE);
      assert_alone (folder, NULL);
    }

  harness_set_largest_file (G_MAXUINT64);
  g_assert_true (g_file_set_contents (path, OLD, -1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      harness_set_largest_file (rooms[i]);
      write_bytes (path, FALSE);
      assert_alone (folder, OLD);
    }

  harness_set_largest_file (LENGTH);
  write_bytes (path, TRUE);
  harness_set_largest_file (G_MAXUINT64);
  assert_alone (folder, all);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/file-write/room", test_room);
  return g_test_run ();
}
