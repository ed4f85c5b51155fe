#pragma once

#include "sotto-cancel.h"
#include "sotto-error.h"

G_BEGIN_DECLS

/* Values of the Jinja interpreter, and the run that owns them.
 *
 * Everything a rendering (or a compilation) makes lives in one arena and goes with it; nothing is
 * counted, nothing is freed alone, and an error can leave from anywhere. Lists, tuples, dicts and
 * strings never change once they are made, as in the sandbox of transformers (only namespaces do), so
 * slices share what they were cut from.
 *
 * A function that can fail returns FALSE or NULL and has put the error into the run. */

typedef struct _JinjaRun JinjaRun;
typedef struct _JinjaArena JinjaArena;
typedef struct _JinjaBuffer JinjaBuffer;
typedef struct _JinjaBuiltin JinjaBuiltin;
typedef struct _JinjaCycler JinjaCycler;
typedef struct _JinjaDict JinjaDict;
typedef struct _JinjaItems JinjaItems;
typedef struct _JinjaLoop JinjaLoop;
typedef struct _JinjaMacro JinjaMacro;
typedef struct _JinjaMethod JinjaMethod;
typedef struct _JinjaProgram JinjaProgram;
typedef struct _JinjaString JinjaString;
typedef struct _JinjaUndefined JinjaUndefined;
typedef struct _JinjaValue JinjaValue;
typedef struct _JinjaView JinjaView;

typedef enum {
  JINJA_ABSENT,    /* no value at all: an argument that was not given; never seen by a template */
  JINJA_UNDEFINED, /* jinja2's Undefined */
  JINJA_NONE,
  JINJA_BOOLEAN,
  JINJA_INTEGER,   /* 64 bits; what does not fit is an error */
  JINJA_HUGE,      /* an integer of the messages beyond 64 bits: its digits; can only be shown */
  JINJA_FLOAT,
  JINJA_STRING,
  JINJA_LIST,
  JINJA_TUPLE,
  JINJA_DICT,
  JINJA_VIEW,      /* dict.items(), keys(), values() */
  JINJA_CURSOR,    /* a generator or iterator: can be gone through once */
  JINJA_RANGE,
  JINJA_NAMESPACE,
  JINJA_LOOP,
  JINJA_MACRO,
  JINJA_METHOD,    /* a builtin with its object */
  JINJA_FUNCTION,
  JINJA_CYCLER,
  JINJA_JOINER,
} JinjaKind;

struct _JinjaValue
{
  JinjaKind kind;
  union
  {
    gboolean boolean;
    gint64 integer;
    double real;
    const JinjaString *string;   /* STRING, HUGE */
    const JinjaItems *items;     /* LIST, TUPLE, RANGE */
    const JinjaDict *dict;
    JinjaDict *names;            /* NAMESPACE */
    const JinjaView *view;
    JinjaCycler *cycler;         /* CYCLER, JOINER, CURSOR */
    JinjaLoop *loop;
    const JinjaMacro *macro;
    const JinjaMethod *method;
    const JinjaBuiltin *function;
    const JinjaUndefined *undefined;
  } as;
};

/* A stretch of memory that strings (or lists) share; the one that ends where it is filled may grow in
 * place, so that building by "s = s + x" stays linear. */
struct _JinjaBuffer
{
  gpointer data;
  guint8 *mask;    /* (nullable): strings only: one byte a byte, 1: trusted */
  gsize used;
  gsize capacity;
};

/**
 * JinjaString:
 * @bytes: UTF-8, always valid, not terminated
 * @mask: (nullable): where the bytes come from, one for each: 1 trusted, 0 text; %NULL: all as @trusted
 * @n_chars: characters
 * @markup: whether markupsafe would take it for HTML that is safe (the filter safe)
 */
struct _JinjaString
{
  const char *bytes;
  const guint8 *mask;
  gsize length;
  gsize n_chars;
  JinjaBuffer *buffer; /* (nullable) */
  guint trusted : 1;
  guint markup : 1;
};

struct _JinjaItems
{
  const JinjaValue *values; /* (nullable): RANGE has none */
  gsize n;
  JinjaBuffer *buffer;      /* (nullable) */
  gint64 start, step;       /* RANGE */
};

typedef struct {
  JinjaValue key;
  JinjaValue value;
  guint hash;
} JinjaEntry;

/* Keeps the order of insertion; from 8 entries on, @slots finds them (open addressing). */
struct _JinjaDict
{
  JinjaEntry *entries;
  guint32 *slots;  /* index + 1; 0: free */
  gsize n;
  gsize capacity;
  gsize n_slots;   /* a power of two */
};

typedef enum { JINJA_VIEW_ITEMS, JINJA_VIEW_KEYS, JINJA_VIEW_VALUES } JinjaViewKind;

struct _JinjaView
{
  JinjaViewKind kind;
  const JinjaDict *dict;
};

/* CYCLER: values in turn; CURSOR: the rest of an iteration; JOINER: values[0] after the first call. */
struct _JinjaCycler
{
  const JinjaValue *values;
  gsize n;
  gsize position;
};

struct _JinjaMethod
{
  const JinjaBuiltin *builtin;
  JinjaValue object;
};

/* What an undefined value says when it is used. */
struct _JinjaUndefined
{
  const char *hint;        /* (nullable): the whole sentence */
  const JinjaString *name; /* (nullable) */
  JinjaValue object;       /* whose attribute @name it is; ABSENT: a variable */
};

/**
 * JinjaArgs:
 *
 * Arguments of a call. After binding to the parameters of a builtin there are exactly as many values
 * as parameters, ABSENT where not given, and no names.
 */
typedef struct {
  JinjaValue *values;
  guint n;
  const JinjaString **names;
  JinjaValue *named;
  guint n_named;
} JinjaArgs;

typedef gboolean (*JinjaFunction) (JinjaRun        *run,
                                   JinjaValue       self,
                                   const JinjaArgs *args,
                                   JinjaValue      *result);

#define JINJA_MAX_PARAMETERS 6

/**
 * JinjaBuiltin:
 * @parameters: names separated by spaces; "*": takes any arguments, as given
 * @required: how many of them must be given
 */
struct _JinjaBuiltin
{
  const char *name;
  JinjaFunction function;
  const char *parameters;
  guint required;
};

static inline JinjaValue
jinja_none (void)
{
  return (JinjaValue) { .kind = JINJA_NONE };
}

static inline JinjaValue
jinja_boolean (gboolean boolean)
{
  return (JinjaValue) { .kind = JINJA_BOOLEAN, .as.boolean = !!boolean };
}

static inline JinjaValue
jinja_integer (gint64 integer)
{
  return (JinjaValue) { .kind = JINJA_INTEGER, .as.integer = integer };
}

static inline JinjaValue
jinja_float (double real)
{
  return (JinjaValue) { .kind = JINJA_FLOAT, .as.real = real };
}

static inline JinjaValue
jinja_string_value (const JinjaString *string)
{
  return (JinjaValue) { .kind = JINJA_STRING, .as.string = string };
}

static inline gboolean
jinja_is (JinjaValue value, JinjaKind kind)
{
  return value.kind == kind;
}

gboolean jinja_is_callable (JinjaValue value);
const char *jinja_type_name (JinjaValue value); /* Python's */
gboolean jinja_truth (JinjaValue value);

/* Undefined values; @name and @object as in JinjaUndefined. */
gboolean jinja_undefined (JinjaRun *run, const char *hint, const JinjaString *name, JinjaValue object,
                          JinjaValue *result);
/* Fails if @value is undefined, with the sentence of jinja2. */
gboolean jinja_defined (JinjaRun *run, JinjaValue value);

/* Lists; @values is taken over without a copy. */
gboolean jinja_items_new (JinjaRun *run, JinjaKind kind, const JinjaValue *values, gsize n,
                          JinjaValue *result);
gboolean jinja_items_slice (JinjaRun *run, JinjaValue items, gsize start, gsize n, JinjaValue *result);
gboolean jinja_items_concat (JinjaRun *run, JinjaValue left, JinjaValue right, JinjaValue *result);
gboolean jinja_cursor_new (JinjaRun *run, const JinjaValue *values, gsize n, JinjaValue *result);
gboolean jinja_pair_new (JinjaRun *run, JinjaValue first, JinjaValue second, JinjaValue *result);

/**
 * jinja_iterate:
 *
 * Goes through anything that Python can iterate over; a cursor is used up.
 *
 * @values: (out): not owned, valid as long as the run
 */
gboolean jinja_iterate (JinjaRun *run, JinjaValue value, const JinjaValue **values, gsize *n);
gboolean jinja_is_iterable (JinjaValue value);
/* len(): fails for what has none */
gboolean jinja_length (JinjaRun *run, JinjaValue value, gsize *length);

JinjaDict *jinja_dict_new (JinjaRun *run);
gboolean jinja_dict_set (JinjaRun *run, JinjaDict *self, JinjaValue key, JinjaValue value);
/* @found: (out): (nullable): the value */
gboolean jinja_dict_get (JinjaRun *run, const JinjaDict *self, JinjaValue key,
                         const JinjaValue **found);
const JinjaValue *jinja_dict_get_name (const JinjaDict *self, const char *name);
static inline JinjaValue
jinja_dict_value (const JinjaDict *dict)
{
  return (JinjaValue) { .kind = JINJA_DICT, .as.dict = dict };
}

/* Two characters of an operator as one number, to switch over; the second is 0 where there is none. */
#define JINJA_OPERATOR(a, b) ((guint) (a) << 8 | (guint) (b))

/* Comparisons of Python. */
typedef enum {
  JINJA_EQ, JINJA_NE, JINJA_LT, JINJA_LE, JINJA_GT, JINJA_GE, JINJA_IN, JINJA_NOT_IN,
} JinjaComparison;

gboolean jinja_equal (JinjaRun *run, JinjaValue left, JinjaValue right, gboolean *equal);
gboolean jinja_compare (JinjaRun *run, JinjaComparison op, JinjaValue left, JinjaValue right,
                        gboolean *result);
gboolean jinja_contains (JinjaRun *run, JinjaValue container, JinjaValue item, gboolean *result);
/* Stable; @keys are compared, @values follow. */
gboolean jinja_sort (JinjaRun *run, JinjaValue *values, JinjaValue *keys, gsize n, gboolean reverse);
/* Numbers as double; FALSE (no error) if @value is none. */
gboolean jinja_get_number (JinjaValue value, double *number);
/* Booleans count; FALSE (no error) if @value is no integer. */
gboolean jinja_get_integer (JinjaValue value, gint64 *integer);

G_END_DECLS
