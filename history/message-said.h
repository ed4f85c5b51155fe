#pragma once

#include <glib.h>

/* What a message says, of which its pieces have vectors: an expression, where a table has the message's row in a column "message" */
#define SOTTO_ROWS_SAID(table) \
  "ifnull ((SELECT group_concat (text, char (10)) FROM" \
  " (SELECT text FROM part WHERE part.message = " table ".message AND kind = 1 ORDER BY place)), '')"
