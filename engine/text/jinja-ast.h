#pragma once

#include "jinja-string.h"

G_BEGIN_DECLS

/* The tree of a template, as the parser leaves it; constant from then on, so that any number of
 * threads may render it at once. Names of variables are numbers ("symbols"), so that a scope is
 * searched without comparing text. */

typedef struct _JinjaNode JinjaNode;

typedef enum {
  /* expressions */
  JINJA_NODE_CONSTANT,
  JINJA_NODE_NAME,
  JINJA_NODE_TUPLE,
  JINJA_NODE_LIST,
  JINJA_NODE_DICT,
  JINJA_NODE_CONCAT,    /* a ~ b ~ c */
  JINJA_NODE_AND,
  JINJA_NODE_OR,
  JINJA_NODE_NOT,
  JINJA_NODE_NEGATIVE,
  JINJA_NODE_POSITIVE,
  JINJA_NODE_BINARY,
  JINJA_NODE_COMPARE,
  JINJA_NODE_CONDITION, /* a if b else c */
  JINJA_NODE_ATTRIBUTE,
  JINJA_NODE_ITEM,
  JINJA_NODE_SLICE,     /* only as the index of an ITEM */
  JINJA_NODE_CALL,
  JINJA_NODE_FILTER,
  JINJA_NODE_TEST,
  /* targets of assignments: NAME, TUPLE and */
  JINJA_NODE_NAMESPACE_NAME,
  /* statements */
  JINJA_NODE_OUTPUT,
  JINJA_NODE_FOR,
  JINJA_NODE_IF,
  JINJA_NODE_SET,
  JINJA_NODE_SET_BLOCK,
  JINJA_NODE_MACRO,
  JINJA_NODE_CALL_BLOCK,
  JINJA_NODE_FILTER_BLOCK,
  JINJA_NODE_WITH,
  JINJA_NODE_SCOPE,     /* block, generation, autoescape: a body with names of its own */
  JINJA_NODE_BREAK,
  JINJA_NODE_CONTINUE,
  JINJA_NODE_UNSUPPORTED, /* include, import, extends: an error where it is reached */
} JinjaNodeKind;

typedef struct {
  JinjaNode **nodes;
  guint n;
} JinjaNodes;

/* Arguments as written: (a, b, name=c, *d, **e) */
typedef struct {
  JinjaNodes positional;
  const JinjaString **names;
  JinjaNodes named;
  JinjaNode *rest;       /* (nullable) */
  JinjaNode *named_rest; /* (nullable) */
} JinjaCallArgs;

/* Parameters of a macro or call block, and its body. */
typedef struct {
  const JinjaString *name; /* (nullable): a call block */
  guint *parameters;       /* symbols */
  const JinjaString **parameter_names;
  JinjaNode **defaults;    /* (nullable elements) */
  guint n;
  JinjaNodes body;
  gboolean uses_caller, uses_varargs, uses_kwargs;
} JinjaSignature;

struct _JinjaNode
{
  JinjaNodeKind kind;
  guint line;
  union
  {
    JinjaValue constant;
    struct { guint symbol; const JinjaString *text; const JinjaString *attribute; } name;
    JinjaNodes list; /* TUPLE, LIST, CONCAT, OUTPUT; SCOPE: body */
    struct { JinjaNodes keys, values; } dict;
    struct { JinjaNode *left, *right; guint op; } binary; /* also AND, OR; op: JINJA_OPERATOR (…) */
    JinjaNode *operand;
    struct { JinjaNode *first; JinjaNodes others; guint8 *ops; } compare; /* JinjaComparison */
    struct { JinjaNode *test, *yes, *no; } condition;
    struct { JinjaNode *object; const JinjaString *name; JinjaNode *index; } access;
    struct { JinjaNode *start, *stop, *step; } slice; /* all nullable */
    struct { JinjaNode *callee; JinjaCallArgs args; } call;
    struct
    {
      JinjaNode *input; /* (nullable): the body of a FILTER_BLOCK or SET_BLOCK */
      const JinjaString *name;
      const JinjaBuiltin *builtin; /* (nullable): unknown */
      JinjaCallArgs args;
    } filter; /* and TEST */
    struct
    {
      JinjaNode *target, *iterable, *test;
      JinjaNodes body, otherwise;
      guint loop_symbol;
      gboolean recursive;
    } loop;
    struct { JinjaNode *test; JinjaNodes body, otherwise; } branch;
    struct { JinjaNode *target, *value, *filter; JinjaNodes body; } set; /* SET_BLOCK: filter, body */
    struct { guint symbol; JinjaSignature signature; JinjaNode *call; } macro; /* CALL_BLOCK: call */
    struct { JinjaNodes targets, values, body; } with;
  } as;
};

/* A compiled template. */
struct _JinjaProgram
{
  JinjaNodes body;
  const JinjaString **symbols; /* their texts */
  guint n_symbols;
};

/**
 * jinja_parse:
 * @run: its arena keeps the program
 *
 * Returns: NULL with TEMPLATE_SYNTAX in the run
 */
const JinjaProgram *jinja_parse (JinjaRun *run, const char *source, gsize length);

G_END_DECLS
