#pragma once

#include "jinja-run.h"

G_BEGIN_DECLS

/* Strings that know where each of their bytes comes from. Offsets are bytes unless "char" is said. */

/* Text as it stands in memory that outlives the run. Invalid UTF-8 is made valid. */
const JinjaString *jinja_string_new (JinjaRun *run, const char *bytes, gsize length, gboolean trusted);
/* A copy of a C string; counts as text. */
const JinjaString *jinja_string_copy (JinjaRun *run, const char *text);
const JinjaString *jinja_string_slice (JinjaRun *run, const JinjaString *self, gsize start,
                                       gsize length);
const JinjaString *jinja_string_concat (JinjaRun *run, const JinjaString *left,
                                        const JinjaString *right);
const JinjaString *jinja_string_with_markup (JinjaRun *run, const JinjaString *self, gboolean markup);
/* As HTML, unless it is markup already; the result is markup. */
const JinjaString *jinja_string_escape (JinjaRun *run, const JinjaString *self);

gboolean jinja_string_equal (const JinjaString *left, const JinjaString *right);
gboolean jinja_string_is (const JinjaString *self, const char *text);
int jinja_string_compare (const JinjaString *left, const JinjaString *right);
guint jinja_string_hash (const JinjaString *self);
/* Whether all of the bytes are trusted. */
gboolean jinja_string_is_trusted (const JinjaString *self, gsize start, gsize length);

/* Where a character begins; @index may be n_chars. */
gsize jinja_string_offset (JinjaRun *run, const JinjaString *self, gsize index);
/* First occurrence at or behind @start, or -1. */
gssize jinja_string_find (JinjaRun *run, const JinjaString *self, const JinjaString *needle,
                          gsize start);
gssize jinja_string_find_last (JinjaRun *run, const JinjaString *self, const JinjaString *needle,
                               gsize end);
gboolean jinja_is_space (gunichar c); /* str.isspace() */

typedef enum { JINJA_STRIP_LEFT = 1, JINJA_STRIP_RIGHT = 2, JINJA_STRIP_BOTH = 3 } JinjaStrip;
/* @chars: (nullable): white space */
const JinjaString *jinja_string_strip (JinjaRun *run, const JinjaString *self,
                                       const JinjaString *chars, JinjaStrip sides);

typedef enum { JINJA_UPPER, JINJA_LOWER, JINJA_TITLE, JINJA_CAPITALIZE, JINJA_SWAPCASE,
               JINJA_TITLE_FILTER } JinjaCase;
const JinjaString *jinja_string_to_case (JinjaRun *run, const JinjaString *self, JinjaCase to);
const JinjaString *jinja_string_replace (JinjaRun *run, const JinjaString *self,
                                         const JinjaString *old, const JinjaString *by, gint64 count);

/* Builds a string. Errors stick: only the end has to be asked. */
typedef struct {
  JinjaRun *run;
  char *bytes;
  guint8 *mask;     /* (nullable): all as @trusted */
  gsize length;
  gsize capacity;
  gboolean trusted;
  gboolean failed;
} JinjaBuilder;

void jinja_builder_init (JinjaBuilder *self, JinjaRun *run);
void jinja_builder_add (JinjaBuilder *self, const char *bytes, gsize length, gboolean trusted);
/* Text that the interpreter makes itself (digits, quotes, commas): not trusted. */
void jinja_builder_add_text (JinjaBuilder *self, const char *text);
void jinja_builder_add_char (JinjaBuilder *self, gunichar c, gboolean trusted);
void jinja_builder_add_string (JinjaBuilder *self, const JinjaString *string);
void jinja_builder_add_slice (JinjaBuilder *self, const JinjaString *string, gsize start,
                              gsize length);
void jinja_builder_add_repeated (JinjaBuilder *self, const JinjaString *string, gsize n);
const JinjaString *jinja_builder_finish (JinjaBuilder *self);

/* How values look: str(), repr(), JSON. */
void jinja_add_str (JinjaBuilder *self, JinjaValue value);
void jinja_add_repr (JinjaBuilder *self, JinjaValue value);
void jinja_add_float (JinjaBuilder *self, double value);
const JinjaString *jinja_str (JinjaRun *run, JinjaValue value);
/* NUL-terminated, from the arena; for messages. */
const char *jinja_cstr (JinjaRun *run, const JinjaString *string);

typedef struct {
  gboolean ensure_ascii;
  gboolean sort_keys;
  const JinjaString *indent;         /* (nullable): one line */
  const JinjaString *item_separator;
  const JinjaString *key_separator;
} JinjaJsonStyle;
gboolean jinja_add_json (JinjaBuilder *self, JinjaValue value, const JinjaJsonStyle *style);

/* "…" % values; str.format() */
const JinjaString *jinja_format_percent (JinjaRun *run, const JinjaString *format, JinjaValue values);
const JinjaString *jinja_format_fields (JinjaRun *run, const JinjaString *format,
                                        const JinjaArgs *args);

G_END_DECLS
