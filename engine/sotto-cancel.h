#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoCancel:
 *
 * A flag that any thread may raise to stop a long step; the step looks at it at least every 100 ms.
 * Reference-counted (atomically). Raised once, it stays raised.
 */
typedef struct _SottoCancel SottoCancel;

SottoCancel *sotto_cancel_new (void);
SottoCancel *sotto_cancel_ref (SottoCancel *self);
void sotto_cancel_unref (SottoCancel *self);
void sotto_cancel_raise (SottoCancel *self);

/**
 * sotto_cancel_is_raised:
 * @self: (nullable): %NULL is never raised
 */
gboolean sotto_cancel_is_raised (const SottoCancel *self);

/**
 * sotto_cancel_check:
 * @self: (nullable)
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_CANCELLED set if @self is raised
 */
gboolean sotto_cancel_check (const SottoCancel *self, GError **error);

/**
 * SottoProgress:
 * @done: how much is done, in the unit of the step (bytes, tokens)
 * @total: of how much
 *
 * Called from the thread that does the step, not more often than it is useful to look.
 */
typedef void (*SottoProgress) (guint64 done, guint64 total, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoCancel, sotto_cancel_unref)

G_END_DECLS
