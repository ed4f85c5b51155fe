#pragma once

#include "jinja-ast.h"

G_BEGIN_DECLS

/* Evaluation: jinja-statement.c walks statements, jinja-expression.c expressions, jinja-operator.c
 * computes, jinja-access.c looks into values, jinja-call.c calls. */

/**
 * JinjaScope:
 *
 * Names of a loop's turn, a macro's call or another body. The outermost has a value for every symbol
 * of the program; the others a short list. A name is looked for from the inside out, an assignment
 * stays inside, as in jinja2.
 */
struct _JinjaScope
{
  JinjaScope *parent; /* (nullable): the outermost */
  JinjaValue *values; /* outermost: by symbol, ABSENT where unset */
  guint *symbols;
  guint n;
  guint capacity;
  gboolean captured;  /* a macro holds on to it */
};

JinjaScope *jinja_scope_new (JinjaRun *run, JinjaScope *parent);
gboolean jinja_scope_set (JinjaRun *run, JinjaScope *self, guint symbol, JinjaValue value);
/* (nullable) */
const JinjaValue *jinja_scope_get (const JinjaScope *self, guint symbol);

/* The state of a for loop, and what a template sees of it as "loop". */
struct _JinjaLoop
{
  const JinjaNode *node;
  JinjaScope *scope;         /* around the loop */
  const JinjaValue *values;  /* what is gone through */
  gsize n;
  gsize position;            /* in @values */
  gsize index0;
  JinjaValue current, before;
  JinjaValue after;          /* looked at before its turn; ABSENT: not yet */
  gboolean tested;           /* the loop's test has been applied to the rest already */
  gboolean known_length;
  gsize length;
  guint depth0;
  JinjaValue changed;        /* arguments of the last loop.changed() */
};

struct _JinjaMacro
{
  const JinjaSignature *signature;
  JinjaScope *scope;
};

typedef enum { JINJA_FLOW_ERROR, JINJA_FLOW_NEXT, JINJA_FLOW_BREAK, JINJA_FLOW_CONTINUE } JinjaFlow;

JinjaFlow jinja_execute (JinjaRun *run, const JinjaNodes *body, JinjaScope *scope,
                         JinjaBuilder *output);
gboolean jinja_assign (JinjaRun *run, const JinjaNode *target, JinjaScope *scope, JinjaValue value);
/* Runs the loop @node over @iterable; @depth0 of a recursive one. */
JinjaFlow jinja_execute_loop (JinjaRun *run, const JinjaNode *node, JinjaScope *scope,
                              JinjaValue iterable, guint depth0, JinjaBuilder *output);
gboolean jinja_loop_attribute (JinjaRun *run, JinjaLoop *loop, const JinjaString *name,
                               JinjaValue *result, gboolean *found);

gboolean jinja_evaluate (JinjaRun *run, const JinjaNode *node, JinjaScope *scope, JinjaValue *result);
gboolean jinja_evaluate_args (JinjaRun *run, const JinjaCallArgs *written, JinjaScope *scope,
                              JinjaArgs *args);
/* A chain of filters whose first has no input, over @body. */
gboolean jinja_evaluate_filter (JinjaRun *run, const JinjaNode *node, JinjaScope *scope,
                                const JinjaValue *body, JinjaValue *result);

gboolean jinja_operate (JinjaRun *run, guint op, JinjaValue left, JinjaValue right, JinjaValue *result);
gboolean jinja_negate (JinjaRun *run, JinjaValue value, gboolean negative, JinjaValue *result);

/* object.name, object[index] */
gboolean jinja_get_attribute (JinjaRun *run, JinjaValue object, const JinjaString *name,
                              JinjaValue *result);
gboolean jinja_get_item (JinjaRun *run, JinjaValue object, JinjaValue index, JinjaValue *result);
/* NONE for a part that is left out */
gboolean jinja_get_slice (JinjaRun *run, JinjaValue object, JinjaValue start, JinjaValue stop,
                          JinjaValue step, JinjaValue *result);
/* "a.b.0", as the arguments attribute= of filters are read */
gboolean jinja_get_path (JinjaRun *run, JinjaValue object, JinjaValue path, JinjaValue *result);

gboolean jinja_call (JinjaRun *run, JinjaValue callee, const JinjaArgs *args, JinjaValue *result);
/* Binds @args to the parameters of @builtin and calls it with @self as its first. */
gboolean jinja_call_builtin (JinjaRun *run, const JinjaBuiltin *builtin, JinjaValue self,
                             const JinjaArgs *args, JinjaValue *result);

/* What the files of builtins are written with */

#define JINJA_DEFINE(name) \
  static gboolean name (JinjaRun *run, JinjaValue self, const JinjaArgs *args, JinjaValue *result)

/* Whether the call gives argument @i. */
static inline gboolean
jinja_is_given (const JinjaArgs *args, guint i)
{
  return i < args->n && !jinja_is (args->values[i], JINJA_ABSENT);
}

/* The same where None says as little as nothing. */
static inline gboolean
jinja_is_some (const JinjaArgs *args, guint i)
{
  return jinja_is_given (args, i) && !jinja_is (args->values[i], JINJA_NONE);
}

static inline gboolean
jinja_is_true (const JinjaArgs *args, guint i)
{
  return jinja_is_given (args, i) && jinja_truth (args->values[i]);
}

/* What has to be a string, or an integer; anything else is an error of the template. */
gboolean jinja_expect_string (JinjaRun *run, JinjaValue value, const JinjaString **string);
gboolean jinja_expect_integer (JinjaRun *run, JinjaValue value, gint64 *integer);
/* The same of argument @i, where there is something; else @size stays as it is. */
gboolean jinja_expect_size (JinjaRun *run, const JinjaArgs *args, guint i, gint64 *size);

/* @string: (nullable): there was an error */
static inline gboolean
jinja_give (JinjaValue *result, const JinjaString *string)
{
  *result = jinja_string_value (string);
  return string != NULL;
}

/* Tables: (nullable) */
const JinjaBuiltin *jinja_find_builtin (const JinjaBuiltin *table, gsize n, const JinjaString *name);
const JinjaBuiltin *jinja_find_filter (const JinjaString *name);
const JinjaBuiltin *jinja_find_filter_string (const JinjaString *name);   /* jinja-filters-string.c */
const JinjaBuiltin *jinja_find_filter_sequence (const JinjaString *name); /* jinja-filters-sequence.c */
const JinjaBuiltin *jinja_find_filter_order (const JinjaString *name);    /* jinja-filters-order.c */
const JinjaBuiltin *jinja_find_filter_number (const JinjaString *name);   /* jinja-filters-number.c */
const JinjaBuiltin *jinja_find_test (const JinjaString *name);
const JinjaBuiltin *jinja_find_global (const JinjaString *name);
/* Methods of a value; @is_unsafe: it has one of that name, but templates may not touch it */
const JinjaBuiltin *jinja_find_method (JinjaValue object, const JinjaString *name,
                                       gboolean *is_unsafe);
const JinjaBuiltin *jinja_find_string_method (const JinjaString *name);   /* jinja-methods-string.c */
const JinjaBuiltin *jinja_find_split_method (const JinjaString *name);    /* jinja-methods-split.c */

G_END_DECLS
