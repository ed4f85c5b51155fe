#pragma once

#include "jinja-string.h"

G_BEGIN_DECLS

typedef enum {
  JINJA_TOKEN_END, /* of the template */
  JINJA_TOKEN_DATA,
  JINJA_TOKEN_VARIABLE_BEGIN, /* {{ */
  JINJA_TOKEN_VARIABLE_END,
  JINJA_TOKEN_BLOCK_BEGIN,    /* {% */
  JINJA_TOKEN_BLOCK_END,
  JINJA_TOKEN_NAME,
  JINJA_TOKEN_STRING,
  JINJA_TOKEN_INTEGER,
  JINJA_TOKEN_FLOAT,
  JINJA_TOKEN_OPERATOR,
} JinjaTokenType;

typedef struct {
  JinjaTokenType type;
  guint line;
  guint op;                  /* OPERATOR: JINJA_OPERATOR (…), second 0 where it has one character */
  const JinjaString *text;   /* DATA, NAME, STRING; trusted */
  JinjaValue number;         /* INTEGER, FLOAT */
} JinjaToken;

/**
 * jinja_lex:
 * @source: UTF-8, valid; outlives the run
 * @tokens: (out): ends with %JINJA_TOKEN_END
 *
 * Returns: FALSE with TEMPLATE_SYNTAX in the run
 */
gboolean jinja_lex (JinjaRun *run, const char *source, gsize length, JinjaToken **tokens);

G_END_DECLS
