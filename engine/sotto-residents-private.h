#pragma once

#include "sotto-residents.h"

G_BEGIN_DECLS

struct _SottoResidents {
  SottoBackend *backend;  /* borrowed */
  SottoKvType kv_type;
  GPtrArray *list;        /* (element-type SottoResident) */
  guint64 memory_budget;
  gboolean keep_previous;

  /* sotto-residents-embed.c */
  SottoEmbedder *embedder; /* (nullable): makes vectors */
  SottoResidentPlace embedder_place;

  /* sotto-residents-save.c */
  SottoTimelines timelines;
  gboolean has_timelines;
  GHashTable *saved;      /* conversation and model → GArray of gint32: the tokens that are there */
};

/* Whether so many more bytes have room in the budget. */
gboolean sotto_residents_fit (const SottoResidents *self, guint64 wanted);
guint64 sotto_residents_sum (SottoMemory memory);

/* --- sotto-residents-keep.c --- */

/* Drops what was kept longest until @wanted bytes more have room; FALSE: they have not. Models, helpers and scratch come first. */
gboolean sotto_residents_make_room_of_kept (SottoResidents *self, guint64 wanted);

/* Bytes of timelines that were left. */
guint64 sotto_residents_measure_kept (const SottoResidents *self);

/* A copy of the session's timeline, whose record of stretches is that of the timeline then. (nullable) (transfer full): cancelled,
 * there is no memory, or nothing. */
SottoKept *sotto_resident_copy (SottoResident *self, SottoCancel *cancel);

/* --- sotto-residents-embed.c --- */

gboolean sotto_residents_has_embedder (const SottoResidents *self, const char *path);
SottoMemory sotto_residents_measure_embedder (const SottoResidents *self);
void sotto_residents_close_embedder (SottoResidents *self);

/* --- sotto-residents-save.c --- */

/* What outlived a worker and serves a prompt better than @there tokens that are here. (nullable) (transfer full): nothing does, or
 * it was cancelled. */
SottoKept *sotto_residents_load (SottoResidents  *self,
                                 SottoResident   *resident,
                                 const gint32    *tokens,
                                 guint            n_tokens,
                                 guint            there,
                                 const SottoResuming *resuming);

/* Nothing is left there of @conversation; NULL: of any. */
void sotto_residents_remove_saved (SottoResidents *self, const char *conversation);

G_END_DECLS
