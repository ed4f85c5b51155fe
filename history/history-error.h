#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/**
 * sotto_history_set_error:
 * @error: (out) (optional): where to put it
 * @arguments: (nullable): copied
 * @format: the technical sentence, printf style
 */
void sotto_history_set_error (GError                           **error,
                              SottoHistoryError                  code,
                              const SottoHistoryErrorArguments  *arguments,
                              const char                        *format,
                              ...) G_GNUC_PRINTF (4, 5);

/**
 * sotto_history_error_of_errno:
 *
 * Returns: _DISK_FULL for a full disk or quota, _TOO_LARGE, _READ_ONLY, else _IO
 */
SottoHistoryError sotto_history_error_of_errno (int number);

/**
 * sotto_history_set_io_error:
 * @path: the file
 * @action: what was tried, as in "write"
 * @number: errno
 *
 * Sets what sotto_history_error_of_errno() says.
 */
void sotto_history_set_io_error (GError     **error,
                                 const char  *path,
                                 const char  *action,
                                 int          number);

G_END_DECLS
