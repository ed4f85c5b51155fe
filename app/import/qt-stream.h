#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What Qt's QDataStream has written (its documentation, "Serializing Qt Data Types", versions Qt_5 to Qt_6), read from memory.
 * All numbers are big-endian. What is beyond the end is 0 or empty, and is_ok becomes and stays %FALSE. */

typedef struct {
  const guint8 *data;
  gsize length;
  gsize position;
  gboolean is_ok;
} SottoQtStream;

void sotto_qt_stream_init (SottoQtStream *self, const guint8 *data, gsize length);
gboolean sotto_qt_stream_is_at_end (const SottoQtStream *self);

gboolean sotto_qt_stream_get_bool (SottoQtStream *self);
gint32 sotto_qt_stream_get_int (SottoQtStream *self);
gint64 sotto_qt_stream_get_int64 (SottoQtStream *self);
void sotto_qt_stream_skip (SottoQtStream *self, guint64 n);

/* A QString: Returns: (transfer full): valid UTF-8 without a zero in it; never %NULL */
char *sotto_qt_stream_dup_string (SottoQtStream *self);
void sotto_qt_stream_skip_string (SottoQtStream *self);

/* A QByteArray. @length: (out). Returns: (transfer none): in the stream's data */
const guint8 *sotto_qt_stream_get_bytes (SottoQtStream *self, gsize *length);

/* A QList<QString> */
void sotto_qt_stream_skip_strings (SottoQtStream *self);

/* A QVariant of a number, a truth or a text; any other is not understood */
void sotto_qt_stream_skip_variant (SottoQtStream *self);

G_END_DECLS
