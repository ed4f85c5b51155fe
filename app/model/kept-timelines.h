#pragma once

#include <sotto-engine.h>
#include <sotto-history.h>

G_BEGIN_DECLS

/**
 * SottoKeptTimelines:
 *
 * What models have read of conversations, from the worker into the history's sealed files and back, so that a long
 * conversation need not be read anew after a restart. Belongs to the main context, but for what the worker calls.
 */
typedef struct _SottoKeptTimelines SottoKeptTimelines;

/* Returns: (transfer full): keeping nothing before sotto_kept_timelines_set_sealed() */
SottoKeptTimelines *sotto_kept_timelines_new (void);
void sotto_kept_timelines_free (SottoKeptTimelines *self);

/**
 * sotto_kept_timelines_fill:
 * @timelines: (out): for workers that end before @self does
 */
void sotto_kept_timelines_fill (SottoKeptTimelines *self, SottoTimelines *timelines);

/**
 * sotto_kept_timelines_set_sealed:
 * @sealed: (nullable): of the history that is open; %NULL: none is, or nothing is to be kept
 */
void sotto_kept_timelines_set_sealed (SottoKeptTimelines *self, SottoSealed *sealed);

/* For who has no worker to ask for it */
void sotto_kept_timelines_remove (SottoKeptTimelines *self, const char *conversation);

/* @is_wanted: whether the person wants any; what there is goes where they do not */
void sotto_kept_timelines_set_wanted (SottoKeptTimelines *self, gboolean is_wanted);

/* Whether there is somewhere to keep them */
gboolean sotto_kept_timelines_can_keep (SottoKeptTimelines *self);

/**
 * sotto_kept_timelines_look:
 * @models: of #SottoModelEntry: the library
 *
 * What models have read that are gone since the last look goes as well.
 */
void sotto_kept_timelines_look (SottoKeptTimelines *self, GListModel *models);

/* Returns: bytes on the disk */
guint64 sotto_kept_timelines_measure (SottoKeptTimelines *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoKeptTimelines, sotto_kept_timelines_free)

G_END_DECLS
