#pragma once

#include <sotto-history.h>

#include "conversation/group.h"

G_BEGIN_DECLS

/* What of a group the history is told by itself: bits */
typedef enum {
  SOTTO_GROUP_RECORD = 1 << 0,
  SOTTO_GROUP_DELETION = 1 << 1, /* or that it has come back */
} SottoGroupParts;

struct _SottoGroup
{
  GObject parent_instance;

  char *id;
  char *name;
  char *instructions;
  GPtrArray *folders; /* ids of those that a new conversation asks */
  gboolean is_open;
  gboolean is_deleted; /* and can come back: it is not in the list, and its conversations are in none as long as that */
  guint n_conversations;

  /* In the history (group-list.c) */
  SottoGroupParts unkept; /* what it does not have */
  guint n_saving;         /* results that are waited for */
};

/* An open one without anything, and one as the history has it. */
SottoGroup *sotto_group_new (const char *name);
SottoGroup *sotto_group_new_from_record (const SottoHistoryGroup *record);

/* Returns: (transfer none): ids, whether the folders are there or not */
const char *const *sotto_group_get_folders (SottoGroup *self);

/* Returns: (transfer full) */
SottoHistoryGroup *sotto_group_to_record (SottoGroup *self);

/* As the list has counted them (outline.c) */
void sotto_group_set_n_conversations (SottoGroup *self, guint n);

G_END_DECLS
