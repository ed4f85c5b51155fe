#pragma once

#include <yyjson.h>

#include "decimal.h"
#include "letters.h"
#include "machine.h"

G_BEGIN_DECLS

/* The parts of the compiler of JSON Schemas. See schema.c. */

/* Types. What is an integer by its value is one however it is written. */
enum {
  SOTTO_TYPE_NULL = 1 << 0,
  SOTTO_TYPE_BOOLEAN = 1 << 1,
  SOTTO_TYPE_INTEGER = 1 << 2,
  SOTTO_TYPE_FRACTION = 1 << 3,
  SOTTO_TYPE_STRING = 1 << 4,
  SOTTO_TYPE_ARRAY = 1 << 5,
  SOTTO_TYPE_OBJECT = 1 << 6,
  SOTTO_TYPE_ANY = (1 << 7) - 1,
  SOTTO_TYPE_NUMBER = SOTTO_TYPE_INTEGER | SOTTO_TYPE_FRACTION,
};

#define SOTTO_SCHEMA_MOST_DEPTH 128u     /* of the document */
#define SOTTO_SCHEMA_MOST_WORK (1u << 20) /* schemas looked at */
#define SOTTO_SCHEMA_MOST_CASES 512u     /* that alternatives within each other amount to */
#define SOTTO_SCHEMA_MOST_LENGTH 65535u  /* of strings and arrays, where it is to be counted */

/* Schemas that hold together: (element-type yyjson_val), each an object or a boolean of the
 * document. */
typedef GPtrArray SottoConjunction;

typedef struct {
  const char *text;          /* as it was given */
  gsize length;
  const char *read;          /* a copy, which the document's strings stand in */
  SottoMachine *machine;
  yyjson_doc *document;
  yyjson_val *root;
  GHashTable *uses;          /* key of a conjunction → SottoUse */
  GPtrArray *todo;           /* (element-type SottoUse): rules that have no body yet */
  GPtrArray *decimals;       /* owned: numbers that facts point to */
  GHashTable *patterns;      /* text → SottoLetters: those read so far */
  guint any_rule;            /* any JSON value; 0: not needed so far */
  guint string_rule;         /* any string; 0: as above */
  guint depth;               /* of values within each other that are built in place */
  guint work;
  guint asking;              /* whether branches exclude each other: oneOf is not checked then */
  GError *error;             /* the first */
} SottoSchema;

/* A limit of a number. */
typedef struct {
  const SottoDecimal *value; /* (nullable): there is none */
  gboolean exclusive;
} SottoBound;

/* What schemas say together, without alternatives. */
typedef struct {
  guint types;
  GPtrArray *values;         /* (element-type yyjson_val) (nullable): of enum and const: only these */
  SottoBound low;
  SottoBound high;
  guint least_length;
  guint most_length;         /* G_MAXUINT: any */
  GPtrArray *patterns;       /* (element-type yyjson_val): strings */
  GPtrArray *formats;        /* (element-type yyjson_val): strings */
  GPtrArray *objects;        /* (element-type yyjson_val): schemas with words about properties */
  guint least_properties;
  guint most_properties;
  GPtrArray *arrays;         /* (element-type yyjson_val): schemas with words about items */
  guint least_items;
  guint most_items;
  yyjson_val *unique;        /* (nullable): a schema that wants unique items */
  GPtrArray *choices;        /* (element-type SottoChoice): alternatives not gone into yet */
  GHashTable *seen;          /* schemas taken in */
} SottoFacts;

typedef struct {
  yyjson_val *schema;
  yyjson_val *branches;      /* array */
  gboolean exactly_one;
} SottoChoice;

/* --- schema.c --- */

/* Says what is wrong with @keyword of @schema (a part of the document), which is then named by its
 * place. Only the first is kept. Always %FALSE. */
gboolean sotto_schema_fail (SottoSchema *self,
                            yyjson_val  *schema,
                            const char  *keyword,
                            const char  *what);

/* Whether to go on: no error so far, and room on the machine. */
gboolean sotto_schema_is_fine (const SottoSchema *self);

/* Counts a step. %FALSE: it was one too many, or there is an error already */
gboolean sotto_schema_step (SottoSchema *self);

/* Counts what it cost to make a set of strings out of two. */
static inline void
sotto_schema_count_letters (SottoSchema        *self,
                            const SottoLetters *letters)
{
  if (letters != NULL)
    self->work += letters->states->len * 2 + letters->edges->len / 4;
}

/* Builds a value for which all of @conjunction holds. @again: it may be built several times: as a
 * rule. */
void sotto_schema_add_value (SottoSchema            *self,
                             const SottoConjunction *conjunction,
                             gboolean                again,
                             guint32                 from,
                             guint32                 to);

/* Any JSON value; any string with its quotation marks. */
guint sotto_schema_get_any_rule (SottoSchema *self);
guint sotto_schema_get_string_rule (SottoSchema *self);

/* What separates: a comma or colon and at most one space. */
guint32 sotto_schema_add_separator (SottoSchema *self, guint32 from, char separator);

/* The schema that @reference (of $ref) names; %NULL: with error */
yyjson_val *sotto_schema_resolve (SottoSchema *self, yyjson_val *schema, yyjson_val *reference);

/* --- schema-keyword.c --- */

/* Takes in @schema and all that it refers to; if nothing can hold, no types are left. %FALSE: with
 * error */
gboolean sotto_facts_take_in (SottoFacts *self, SottoSchema *compiler, yyjson_val *schema);

/* --- schema-facts.c --- */

SottoFacts *sotto_facts_new (void);
void sotto_facts_free (SottoFacts *self);

/* All cases of @conjunction: (transfer full) (element-type SottoFacts): at least one of them holds;
 * empty: nothing can. NULL: with error */
GPtrArray *sotto_facts_list (SottoSchema *schema, const SottoConjunction *conjunction);

/* What has to hold for the property @name: (transfer full). */
SottoConjunction *sotto_facts_get_property (SottoSchema      *schema,
                                            const SottoFacts *self,
                                            const char       *name);

/* What has to hold for the item at @index: (transfer full). */
SottoConjunction *sotto_facts_get_item (SottoSchema *schema, const SottoFacts *self, guint index);

/* Where all further items are alike. */
guint sotto_facts_count_prefix (const SottoFacts *self);

/* Whether @name has to be there. */
gboolean sotto_facts_requires (const SottoFacts *self, const char *name);

/* --- schema-holds.c --- */

/* Whether two values of the document are equal as JSON Schema means it. */
gboolean sotto_schema_equal (yyjson_val *a, yyjson_val *b);

/* Whether @conjunction, or @facts, hold for a value of the document. */
gboolean sotto_schema_holds (SottoSchema            *self,
                             const SottoConjunction *conjunction,
                             yyjson_val             *value);
gboolean sotto_facts_hold (SottoSchema *schema, const SottoFacts *self, yyjson_val *value);

/* --- schema-apart.c --- */

/* Whether it is certain that no value fits both. */
gboolean sotto_facts_are_apart (SottoSchema      *schema,
                                const SottoFacts *a,
                                const SottoFacts *b,
                                guint             depth);

/* --- schema-string.c, schema-number.c, schema-object.c, schema-array.c --- */

/* The strings that facts allow; (nullable): any. %FALSE: with error */
gboolean sotto_facts_get_letters (SottoSchema      *schema,
                                  const SottoFacts *self,
                                  SottoLetters    **letters);

/* The strings that match @pattern; NULL: with error */
SottoLetters *sotto_schema_read_pattern (SottoSchema *self,
                                         yyjson_val  *schema,
                                         yyjson_val  *pattern);

/* Whether @name is a format that strings can be held to. */
gboolean sotto_schema_knows_format (const char *name);

void sotto_schema_add_string (SottoSchema *self, const SottoFacts *facts, guint32 from, guint32 to);
void sotto_schema_add_number (SottoSchema *self, const SottoFacts *facts, guint32 from, guint32 to);
void sotto_schema_add_object (SottoSchema *self, const SottoFacts *facts, guint32 from, guint32 to);
void sotto_schema_add_array (SottoSchema *self, const SottoFacts *facts, guint32 from, guint32 to);

/* A string's text as JSON, with its quotation marks. Returns: the state behind it */
guint32 sotto_schema_add_json_text (SottoSchema *self,
                                    guint32      from,
                                    const char  *text,
                                    gsize        length);

/* Exactly this value. */
void sotto_schema_add_constant (SottoSchema *self, yyjson_val *value, guint32 from, guint32 to);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoFacts, sotto_facts_free)

G_END_DECLS
