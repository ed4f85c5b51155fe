#include "low-memory.h"

#include "app-private.h"
#include "document/meaning-private.h"

struct _SottoLowMemory
{
  SottoApp *app; /* borrowed */
  GMemoryMonitor *monitor;
  gulong handler;
};

/* A history that is being opened or closed is left alone, and has nothing. What is asked for here waits its turn behind what runs:
 * a reply, or a message on its way to the disk. */
static void
on_warning (GMemoryMonitor *monitor, GMemoryMonitorWarningLevel level, SottoLowMemory *self)
{
  SottoServices *services = self->app->services;

  if (self->app->state != SOTTO_APP_STATE_READY || services->store == NULL)
    return;

  g_debug ("There is too little memory: level %d", level);
  sotto_store_release_memory (services->store);
  if (level < G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM)
    return;

  sotto_meaning_release_memory (services->meaning);
  sotto_inference_release_memory (services->inference, level >= G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
}

SottoLowMemory *
sotto_low_memory_new (SottoApp *app)
{
  SottoLowMemory *self = g_new0 (SottoLowMemory, 1);

  self->app = app;
  self->monitor = g_memory_monitor_dup_default ();
  self->handler = g_signal_connect (self->monitor, "low-memory-warning", G_CALLBACK (on_warning), self);
  return self;
}

void
sotto_low_memory_free (SottoLowMemory *self)
{
  g_clear_signal_handler (&self->handler, self->monitor);
  g_object_unref (self->monitor);
  g_free (self);
}
