#pragma once

#include "sotto-session-private.h"
#include "sotto-worker.h"

G_BEGIN_DECLS

/* Timelines of one session that were left and are kept for coming back, those that a model's open session has. Belongs to
 * the worker's thread; how much memory it may have is for sotto-residents.c to say. */
typedef struct _SottoShelf SottoShelf;

typedef struct {
  SottoAside *aside;
  GArray *stretches;       /* (element-type SottoStretch): how it was computed */
  char *conversation;      /* as in SottoGenerate; (nullable): not known */
  gboolean lasts;          /* it may outlive the worker */
  gint64 used;             /* when it was put aside, or taken from without going */
} SottoKept;

SottoShelf *sotto_shelf_new (void);
void sotto_shelf_free (SottoShelf *self);

/* @kept: (transfer full) */
void sotto_shelf_add (SottoShelf *self, SottoKept *kept);

/* (nullable) (transfer full): what @session takes up for a prompt of @tokens, no longer on the shelf; NULL where nothing here
 * is worth more than what the session has. */
SottoKept *sotto_shelf_take (SottoShelf *self, const SottoSession *session, const gint32 *tokens, guint n_tokens);

/* Drops what was used longest ago. Returns: bytes that it took; 0: there was nothing */
gsize sotto_shelf_drop_oldest (SottoShelf *self);

/* When that was used; G_MAXINT64: there is nothing. */
gint64 sotto_shelf_get_oldest (const SottoShelf *self);
gsize sotto_shelf_measure (const SottoShelf *self);

/* The one with so many newer ones before it; (nullable) (transfer none): there is none. */
const SottoKept *sotto_shelf_peek (const SottoShelf *self, guint index);

/* Drops what is of @conversation, and what may be. @conversation: (nullable): all */
void sotto_shelf_forget (SottoShelf *self, const char *conversation);

/* What is of @conversation does not outlive the worker. */
void sotto_shelf_let_go (SottoShelf *self, const char *conversation);

/* Whether what is of @kept, a name or not known, may be of @conversation, or of any. */
gboolean sotto_shelf_is_of (const char *kept, const char *conversation);

/* Whether a timeline of @length tokens is worth keeping where only the first @n_common of them go on being a session's. */
gboolean sotto_shelf_is_worth (guint length, guint n_common);

void sotto_kept_free (SottoKept *self);

/**
 * sotto_shelf_find_spare:
 * @meminfo: (nullable): what the kernel says of the memory of this machine
 * @weights: bytes of weights that are read again and again, and are there as pages of files
 *
 * Returns: bytes that nobody would miss; less than 0: there is too little; where it is not known, as many as can be
 */
gint64 sotto_shelf_find_spare (const char *meminfo, guint64 weights);

/* The same of this machine as it is now. */
gint64 sotto_shelf_measure_spare (guint64 weights);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoShelf, sotto_shelf_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoKept, sotto_kept_free)

G_END_DECLS
