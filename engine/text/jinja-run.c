#include "jinja-run.h"

#include <stdarg.h>
#include <string.h>

/* The arena: chunks that double up to 1 MiB; what is large gets a chunk of its own. */

#define CHUNK_MIN ((gsize) 16 << 10)
#define CHUNK_MAX ((gsize) 1 << 20)
#define ALIGNMENT ((gsize) 16)
#define LOOK_EVERY 4096

typedef struct _Chunk Chunk;
struct _Chunk
{
  Chunk *next;
  gsize size;
};

#define CHUNK_HEADER ((sizeof (Chunk) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

struct _JinjaArena
{
  Chunk *chunks;
  char *at;
  gsize left;
  gsize taken; /* from the system */
  gsize limit;
  gsize next_size;
};

JinjaArena *
jinja_arena_new (gsize limit)
{
  JinjaArena *self = g_new0 (JinjaArena, 1);

  self->limit = limit;
  self->next_size = CHUNK_MIN;

  return self;
}

void
jinja_arena_free (JinjaArena *self)
{
  if (self == NULL)
    return;

  while (self->chunks != NULL)
    {
      Chunk *chunk = self->chunks;

      self->chunks = chunk->next;
      g_free (chunk);
    }

  g_free (self);
}

static char *
arena_add_chunk (JinjaArena *self,
                 gsize       size)
{
  Chunk *chunk;

  if (size > self->limit - self->taken || (chunk = g_try_malloc0 (CHUNK_HEADER + size)) == NULL)
    return NULL;

  chunk->size = size;
  chunk->next = self->chunks;
  self->chunks = chunk;
  self->taken += size;

  return (char *) chunk + CHUNK_HEADER;
}

static gpointer
arena_alloc (JinjaArena *self,
             gsize       size)
{
  char *memory;

  if (size > G_MAXSIZE / 2)
    return NULL;

  size = (MAX (size, 1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (size > self->left)
    {
      if (size >= CHUNK_MAX / 4)
        return arena_add_chunk (self, size);

      while (self->next_size < size)
        self->next_size *= 2;
      memory = arena_add_chunk (self, self->next_size);
      if (memory == NULL)
        return NULL;
      self->at = memory;
      self->left = self->next_size;
      self->next_size = MIN (self->next_size * 2, CHUNK_MAX);
    }

  memory = self->at;
  self->at += size;
  self->left -= size;

  return memory;
}

void
jinja_run_init (JinjaRun    *run,
                SottoCancel *cancel,
                gsize        max_memory)
{
  *run = (JinjaRun) {
    .arena = jinja_arena_new (max_memory),
    .cancel = cancel,
    .max_steps = JINJA_MAX_STEPS,
    .next_look = LOOK_EVERY,
    .deadline = g_get_monotonic_time () + JINJA_MAX_SECONDS * G_TIME_SPAN_SECOND,
  };
}

void
jinja_run_clear (JinjaRun *run)
{
  g_clear_pointer (&run->arena, jinja_arena_free);
  g_clear_pointer (&run->date, g_date_time_unref);
  g_clear_error (&run->error);
}

gpointer
jinja_alloc (JinjaRun *run,
             gsize     size)
{
  gpointer memory = arena_alloc (run->arena, size);

  if (memory == NULL)
    jinja_fail_limit (run, "memory");

  return memory;
}

gpointer
jinja_alloc_n (JinjaRun *run,
               gsize     n,
               gsize     size)
{
  if (n > G_MAXSIZE / 2 / size)
    {
      jinja_fail_limit (run, "memory");
      return NULL;
    }

  return jinja_alloc (run, n * size);
}

gboolean
jinja_fail (JinjaRun   *run,
            const char *format,
            ...)
{
  g_autofree char *message = NULL;
  g_autofree char *valid = NULL;
  SottoErrorArguments arguments = { 0 };
  va_list args;

  if (run->error != NULL)
    return FALSE;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  /* A precision in the format may have cut a character. */
  valid = g_utf8_make_valid (message, -1);
  arguments.subject = valid;
  arguments.wanted = run->line;
  sotto_engine_set_error (&run->error, SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, &arguments,
                          "Chat template, line %u: %s", run->line, valid);

  return FALSE;
}

gboolean
jinja_fail_limit (JinjaRun   *run,
                  const char *bound)
{
  SottoErrorArguments arguments = { .subject = bound, .wanted = run->line };

  if (run->error == NULL)
    sotto_engine_set_error (&run->error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, &arguments,
                            "Chat template, line %u: it goes beyond the bound on %s", run->line,
                            bound);

  return FALSE;
}

gboolean
jinja_fail_raised (JinjaRun   *run,
                   const char *message)
{
  SottoErrorArguments arguments = { .subject = message, .wanted = run->line };

  if (run->error == NULL)
    sotto_engine_set_error (&run->error, SOTTO_ENGINE_ERROR_TEMPLATE_RAISED, &arguments,
                            "The chat template refused (line %u): %s", run->line, message);

  return FALSE;
}

gboolean
jinja_look (JinjaRun *run)
{
  run->next_look = run->steps + LOOK_EVERY;

  if (run->error != NULL)
    return FALSE;
  if (run->steps > run->max_steps)
    return jinja_fail_limit (run, "steps");
  if (g_get_monotonic_time () > run->deadline)
    return jinja_fail_limit (run, "time");

  return sotto_cancel_check (run->cancel, &run->error);
}
