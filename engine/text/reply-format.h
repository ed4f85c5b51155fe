#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How models write a reply that is more than text, as data: markers, and what stands behind each.
 *
 * A reply is read as a row of fields. A marker ends the field that it stands in and begins another one; what
 * a model family does differently is which markers there are and which field each begins. */
typedef enum {
  SOTTO_FIELD_TEXT,      /* the answer */
  SOTTO_FIELD_REASONING,

  /* Fields of a section that is no text until it turns out not to parse */
  SOTTO_FIELD_HEADER,    /* words that say what follows: see SottoReplyHead */
  SOTTO_FIELD_BETWEEN,   /* nothing but white space and brackets */
  SOTTO_FIELD_SKIP,      /* a word without a meaning to us */
  SOTTO_FIELD_NAME,      /* of a tool; if it begins with a bracket, CALLS after all */
  SOTTO_FIELD_ID,        /* of a call; "functions.NAME:NUMBER" names the tool as well */
  SOTTO_FIELD_CALLS,     /* JSON: an object a call, or lists of them */
  SOTTO_FIELD_ARGUMENTS, /* JSON: an object */
  SOTTO_FIELD_KEY,       /* of an argument */
  SOTTO_FIELD_VALUE,     /* of an argument: JSON, a literal of Python's, or else a string */
  SOTTO_FIELD_STRING,    /* of an argument: a string whatever it looks like */
  SOTTO_FIELD_PYTHON,    /* f(a=1), or a list of such */
  SOTTO_FIELD_CODE,      /* JSON, "tool.call(a=1)", or code for the tool "python" */
  SOTTO_FIELD_LOOSE,     /* call:f{a:1}, strings between <|"|> */
  SOTTO_FIELD_NESTED,    /* arguments as elements: <a>1</a> */
  SOTTO_N_FIELDS
} SottoReplyField;

#define SOTTO_IN(field) (1u << SOTTO_FIELD_##field)

typedef enum {
  SOTTO_MARKER_LINE = 1 << 0,  /* written out in text, it counts at the beginning of a line only */
  SOTTO_MARKER_FIRST = 1 << 1, /* counts at the beginning of the reply only */
  SOTTO_MARKER_TOOLS = 1 << 2, /* counts only where tools were offered */
  SOTTO_MARKER_KEEP = 1 << 3,  /* belongs to the field that it begins */
  SOTTO_MARKER_ENDS = 1 << 4,  /* a call is complete */
  SOTTO_MARKER_NEW = 1 << 5,   /* begins a call, and completes the one before */
} SottoMarkerFlags;

/**
 * SottoReplyMarker:
 * @text: its bytes; in a vocabulary, one token or several
 * @from: fields it may stand in, SOTTO_IN() of each
 * @to: the field behind it; behind a HEADER, the heads say
 *
 * No marker of a format is the beginning of another one that may stand in the same field.
 */
typedef struct {
  const char *text;
  guint32 from;
  SottoReplyField to;
  guint flags;
} SottoReplyMarker;

/**
 * SottoReplyHead:
 * @words: a part of the header; "" fits every header
 * @to: what the header announces
 * @named: whether the rest of the word behind @words is the tool's name
 * @goes_on: whether a token that usually ends the turn ends this part only
 */
typedef struct {
  const char *words;
  SottoReplyField to;
  gboolean named;
  gboolean goes_on;
} SottoReplyHead;

/**
 * SottoReplyFormat:
 * @signs: each must stand in a template's source for the format to be its
 * @token: (nullable): the token by which a vocabulary shows the format where the template says nothing
 * @begins: (nullable): a prompt that ends with this leaves the reply to begin in a HEADER
 * @goes_on: (nullable): a token that ends a turn elsewhere, but behind reasoning a part only
 * @key_is_name: calls are {"name": {arguments}}
 * @thinks: (nullable): what a model writes before its reasoning where the prompt's end has left that open
 * @concludes: (nullable): what it writes between that and its answer
 * @answers: (nullable): what it writes before an answer that has no reasoning before it
 */
typedef struct {
  const char *name;
  const char *signs[3];
  const char *token;
  const char *begins;
  const char *goes_on;
  gboolean key_is_name;
  const char *thinks;
  const char *concludes;
  const char *answers;
  SottoReplyMarker markers[16];
  SottoReplyHead heads[6];
} SottoReplyFormat;

/* Reasoning stands between @open and @close. @prompted: only a prompt opens it, never the model. @is_tight: no lines of their own */
typedef struct {
  const char *open;
  const char *close;
  gboolean prompted;
  gboolean is_tight;
} SottoReasoningFormat;

/**
 * SottoReplyStyle:
 *
 * How one model writes its replies. Points to static data.
 */
typedef struct {
  const SottoReplyFormat *calls;
  const SottoReasoningFormat *reasoning;
} SottoReplyStyle;

/**
 * sotto_reply_style_choose:
 * @source: (nullable): the template's source, UTF-8
 * @has_token: (nullable): whether the vocabulary has a token with that text
 *
 * Finds the markers in the template; what it says nothing of, in the vocabulary. Never fails: the least is
 * <think>, and no calls.
 */
void sotto_reply_style_choose (SottoReplyStyle *self,
                               const char      *source,
                               gboolean       (*has_token) (const char *text, gpointer user_data),
                               gpointer         user_data);

/* Whether @text (@length bytes) is a marker, or a part of one. */
gboolean sotto_reply_style_has_marker (const SottoReplyStyle *self, const char *text, gsize length);

G_END_DECLS
