/* Pictures on the command line: portable pixmaps, read or refused. What a model says of them is told where one sees. */

#include <string.h>

#include "tiny-model.h"
#include "tool-fixture.h"

/* A file of 2 x 1 pixels, its head, and what is to be said of it; (nullable): it is read, and then there is nothing to see it with */
typedef struct {
  const char *name;
  const char *head;
  guint n_bytes;             /* behind the head */
  const char *said;
} Case;

static const Case cases[] = {
  { "plain", "P6\n2 1\n255\n", 6, NULL },
  { "commented", "P6 # of a camera\n#\n2\t# wide\n1 255\n", 6, NULL },
  { "longer", "P6\n2 1\n255\n", 60, NULL },
  { "text", "P3\n2 1\n255\n", 6, "P6" },
  { "empty", "", 0, "P6" },
  { "cut off", "P6\n2 1\n255\n", 5, "cut off" },
  { "without pixels", "P6\n2 1\n255", 0, "cut off" },
  { "of 65535 steps", "P6\n2 1\n65535\n", 12, "255" },
  { "wide", "P6\n99999999999999999999 1\n255\n", 6, "too large" },
  { "without height", "P6\n2\n", 0, "cut off" },
  { "of no width", "P6\n0 1\n255\n", 6, "pixels" },
};

static void
test_pixmaps (ToolFixture *self, gconstpointer data G_GNUC_UNUSED)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *test = &cases[i];
      g_autoptr (GString) file = g_string_new (test->head);

      for (guint k = 0; k < test->n_bytes; k++)
        g_string_append_c (file, (char) (k * 37));
      tool_write_file (self, "picture.ppm", file->str, (gssize) file->len);
      g_assert_cmpint (tool_run (self, "%s generate --prompt x --vision missing.gguf --image picture.ppm %s", self->tool, self->quoted), ==, 1);
      tool_assert_one_line (self->errors);
      g_test_message ("%s: %s", test->name, self->errors);
      g_assert_nonnull (strstr (self->errors, test->said != NULL ? test->said : "missing.gguf"));
    }
}

static void
test_uses (ToolFixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_assert_cmpint (tool_run (self, "%s generate --prompt x --image picture.ppm %s", self->tool, self->quoted), ==, 2);
  g_assert_nonnull (strstr (self->errors, "--vision"));
  g_assert_cmpint (tool_run (self, "%s generate --raw --prompt x --vision a --image picture.ppm %s", self->tool, self->quoted), ==, 2);
  g_assert_cmpint (tool_run (self, "%s generate --prompt x --vision a --image nowhere.ppm %s", self->tool, self->quoted), ==, 1);
  tool_assert_one_line (self->errors);

  /* Without a picture nobody looks for what the model sees with. */
  g_assert_cmpint (tool_run (self, "%s generate --prompt x --max-tokens 1 --vision missing.gguf %s", self->tool, self->quoted), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  tool_add ("/tool-pictures/pixmaps", test_pixmaps);
  tool_add ("/tool-pictures/uses", test_uses);

  return g_test_run ();
}
