#pragma once

#include "jinja-value.h"
#include "text/template.h"

G_BEGIN_DECLS

/* One compilation or one rendering: its memory, its bounds, its error. Used by one thread. */

/* Levels of nesting, in the source and while evaluating (a macro that calls itself takes about ten for
 * each call). The stack it takes stays below 2 MiB. */
#define JINJA_MAX_NESTING 150
#define JINJA_MAX_DEPTH 1200
#define JINJA_MAX_STEPS G_GUINT64_CONSTANT (100000000)
#define JINJA_MAX_SECONDS 30
#define JINJA_MAX_OUTPUT ((gsize) 64 << 20)
#define JINJA_MAX_MEMORY ((gsize) 512 << 20)
#define JINJA_MAX_SOURCE ((gsize) 4 << 20)
#define JINJA_MAX_RANGE 100000

typedef struct _JinjaScope JinjaScope;

struct _JinjaRun
{
  JinjaArena *arena;
  SottoCancel *cancel; /* (nullable) */
  GError *error;

  guint64 steps;
  guint64 max_steps;
  guint64 next_look;   /* steps at which cancel and time are looked at */
  gint64 deadline;     /* monotonic, µs */
  guint depth;
  guint line;          /* of what is being evaluated; for errors */

  /* Rendering only */
  const JinjaProgram *program;
  JinjaScope *root;
  GDateTime *date;     /* (nullable) */
  gboolean used_date;
};

void jinja_run_init (JinjaRun *run, SottoCancel *cancel, gsize max_memory);
void jinja_run_clear (JinjaRun *run);

/* Zeroed, aligned for any type; NULL with TEMPLATE_LIMIT "memory". */
gpointer jinja_alloc (JinjaRun *run, gsize size);
gpointer jinja_alloc_n (JinjaRun *run, gsize n, gsize size);
#define jinja_new(run, Type) ((Type *) jinja_alloc ((run), sizeof (Type)))
#define jinja_new_n(run, Type, n) ((Type *) jinja_alloc_n ((run), (n), sizeof (Type)))

/* Put an error into the run, if there is none yet, and return FALSE. */
gboolean jinja_fail (JinjaRun *run, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean jinja_fail_limit (JinjaRun *run, const char *bound);
gboolean jinja_fail_raised (JinjaRun *run, const char *message);

/* Slow part of jinja_step(). */
gboolean jinja_look (JinjaRun *run);

/* Counts @n steps of work; looks at the bounds now and then. */
static inline gboolean
jinja_step (JinjaRun *run, guint64 n)
{
  run->steps += n;
  return G_LIKELY (run->steps < run->next_look) || jinja_look (run);
}

static inline gboolean
jinja_enter (JinjaRun *run)
{
  if (G_UNLIKELY (run->depth >= JINJA_MAX_DEPTH))
    return jinja_fail_limit (run, "depth");
  run->depth++;
  return TRUE;
}

static inline void
jinja_leave (JinjaRun *run)
{
  run->depth--;
}

/* The arena alone: a program keeps its own. */
JinjaArena *jinja_arena_new (gsize limit);
void jinja_arena_free (JinjaArena *self);

G_END_DECLS
