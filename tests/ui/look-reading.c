#include "look-reading.h"

#include <glib/gstdio.h>

#include "harness.h"

/* What stands in for the helper: it says a sentence in no time, and then one for ever; or it has no service. */
static void
write_helper (const char *path,
              const char *script)
{
  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

void
look_at_reading (Look *look)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-reading-XXXXXX", NULL);
  g_autofree char *helper = g_build_filename (folder, "helper", NULL);
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_SPEAK"));

  g_setenv ("SOTTO_SPEAK", helper, TRUE);
  write_helper (helper, "#!/bin/sh\nread line; echo E 1; read line; exec sleep 60\n");
  look_activate (look, "win.read-aloud");
  harness_run (0.5);
  look_shoot (look, "31-reading");
  look_activate (look, "win.read-aloud");
  look_shoot (look, "31-reading-paused");
  look_activate (look, "win.stop-reading");

  write_helper (helper, "#!/bin/sh\necho X daemon\n");
  look_activate (look, "win.read-aloud");
  harness_run (0.5);
  look_shoot (look, "31-no-voice");
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  harness_rest (GTK_WIDGET (look->window), 1);
  g_setenv ("SOTTO_SPEAK", before != NULL ? before : "", TRUE);
  g_unlink (helper);
  g_rmdir (folder);
}
