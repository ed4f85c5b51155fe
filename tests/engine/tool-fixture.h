#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The built tool in a folder of its own, with a tiny model in it. */
typedef struct {
  char *tool;                /* quoted */
  char *folder;
  char *model;               /* in it, and quoted below */
  char *quoted;
  char *output;              /* of the last run */
  gsize n_output;
  char *errors;
} ToolFixture;

/* Adds a test with that fixture. */
void tool_add (const char *path, void (*test) (ToolFixture *self, gconstpointer data));

/* Runs a line of shell in the model's folder. Returns: the exit status; output and errors are in @self */
int tool_run (ToolFixture *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

void tool_write_file (ToolFixture *self, const char *name, const char *bytes, gssize length);

/* An error is one line that begins with the program's name. */
void tool_assert_one_line (const char *errors);

G_END_DECLS
