#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/**
 * sotto_sealed_new:
 * @folder: where they lie; made when the first is
 *
 * Returns: (transfer full): without a key: everything fails with _CLOSED
 */
SottoSealed *sotto_sealed_new (const char *folder);

/**
 * sotto_sealed_unlock:
 * @key: (array fixed-size=32): the database's
 *
 * Returns: %FALSE with _MEMORY
 */
gboolean sotto_sealed_unlock (SottoSealed *self, const guint8 *key, GError **error);

/* Wipes what was made of the key. */
void sotto_sealed_lock (SottoSealed *self);

/**
 * sotto_sealed_settle:
 * @conversations: (element-type utf8): those that there are
 * @is_opening: nobody can be writing yet
 *
 * Removes what belongs to others and, when opening, what was begun and what has not been used for a month.
 */
void sotto_sealed_settle (SottoSealed *self, GPtrArray *conversations, gboolean is_opening);

/* Whether there is a folder that may hold some. */
gboolean sotto_sealed_has_folder (SottoSealed *self);

/* For tests: @n_bytes in place of 1 GiB. */
void sotto_sealed_set_limit (SottoSealed *self, guint64 n_bytes);

/**
 * sotto_sealed_remove_all:
 * @folder: a history's
 *
 * Removes all that are in it, without a key.
 */
void sotto_sealed_remove_all (const char *folder);

/* Where they lie in a history's folder. */
#define SOTTO_SEALED_FOLDER "timelines"

G_END_DECLS
