#pragma once

#include "common.h"

/* What the tests of a history in the place of another share: the two, and what became of them. The
 * old one holds a conversation "Old"; it was never closed, so that a part of it is in its log, and
 * it was brought up to date once. The new one holds "New". */

typedef struct {
  char *folder; /* with the old one */
  char *beside; /* with the new one */
} Replacing;

/* Adds a test with that fixture. */
void replacing_add (const char *path, void (*test) (Replacing *, gconstpointer));

/* g_test_run(), with the two there to be copied */
int replacing_run_tests (void);

/* The fixture as it was at the beginning */
void replacing_set_up_again (Replacing *f);

/* Another copy of one of them, in the folder @to */
void replacing_put_old (const char *to);
void replacing_put_new (const char *to);

/* The replacement itself, waited for. @kept: (out) (optional) */
gboolean replacing_run (const char *folder, const char *beside, char **kept, GError **error);

/* In vain. @code: of the history's error */
void replacing_assert_refused (Replacing *f, SottoHistoryError code);

/* What both folders hold, so that a change in either is seen */
char *replacing_digest (Replacing *f);
void replacing_assert_untouched (Replacing *f, const char *before);

/* The new one is in its place, and the old one kept, both as they were. */
void replacing_assert_replaced (Replacing *f);

gboolean replacing_is_there (const char *folder, const char *name);

/* Returns: (transfer full) (nullable): the one folder in @folder with what was there before */
char *replacing_find_kept (const char *folder);

/* Returns: (transfer full): the title of the one conversation in @folder, opened as on any day */
char *replacing_open_and_read (const char *folder);
void replacing_assert_holds (const char *folder, const char *title);
