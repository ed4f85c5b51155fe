/* A conversation with a picture, saved by one worker and taken up by another: the picture is not looked at again. */

#include "sotto-engine.h"

#include <string.h>

#include "tiny-model.h"
#include "vision-double.h"
#include "worker-outcome.h"

/* --- A place for one timeline --- */

typedef struct {
  GByteArray *kept;          /* NULL: nothing is */
  GByteArray *coming;
  gsize at;
} Place;

static gpointer
create (const char *conversation G_GNUC_UNUSED, const char *model G_GNUC_UNUSED, guint64 n_bytes G_GNUC_UNUSED, gpointer user_data)
{
  Place *place = user_data;

  place->coming = g_byte_array_new ();
  return place;
}

static gboolean
write_some (gpointer data, gconstpointer bytes, gsize n_bytes)
{
  g_byte_array_append (((Place *) data)->coming, bytes, (guint) n_bytes);
  return TRUE;
}

static gboolean
finish (gpointer data)
{
  Place *place = data;

  g_clear_pointer (&place->kept, g_byte_array_unref);
  place->kept = g_steal_pointer (&place->coming);
  return TRUE;
}

static gpointer
open_kept (const char *conversation G_GNUC_UNUSED, const char *model G_GNUC_UNUSED, gpointer user_data)
{
  Place *place = user_data;

  place->at = 0;
  return place->kept != NULL ? place : NULL;
}

static gboolean
read_some (gpointer data, gpointer bytes, gsize n_bytes)
{
  Place *place = data;

  if (n_bytes > place->kept->len - place->at)
    return FALSE;
  memcpy (bytes, place->kept->data + place->at, n_bytes);
  place->at += n_bytes;
  return TRUE;
}

static void
close_place (gpointer data)
{
  g_clear_pointer (&((Place *) data)->coming, g_byte_array_unref);
}

static void
remove_kept (const char *conversation G_GNUC_UNUSED, const char *model G_GNUC_UNUSED, gpointer user_data)
{
  g_clear_pointer (&((Place *) user_data)->kept, g_byte_array_unref);
}

/* --- Workers --- */

static SottoWorker *
open_worker (const char *path, Place *place)
{
  const SottoTimelines timelines = { create, write_some, finish, open_kept, read_some, close_place, remove_kept, place };
  const SottoWorkerOptions options = { .n_threads = 2, .timelines = &timelines };
  g_autoptr (GError) error = NULL;
  SottoWorker *worker = sotto_worker_new (&options, &error);
  gboolean is_hashed = FALSE;

  g_assert_no_error (error);
  sotto_worker_set_vision (worker, path, "eyes");
  sotto_worker_load (worker, path, 0);
  while (!is_hashed)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      is_hashed = event->kind == SOTTO_EVENT_HASHED;
    }
  return worker;
}

/* The picture and a long text. */
static Outcome
ask (SottoWorker *worker, const char *path)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoImage) image = vision_double_image (700, 2, 9);
  g_autoptr (GString) text = g_string_new (NULL);
  SottoGenerate generate = outcome_greedy (path, NULL, 8);
  Outcome outcome;

  for (guint i = 0; i < 400; i++)
    g_string_append_printf (text, "%u %c ", i * 7 % 10, 'a' + i * 11 % 26);
  sotto_messages_append (messages, "user", text->str);
  sotto_messages_append_image (messages, image);
  generate.messages = messages;
  generate.conversation = "one";
  generate.lasts = TRUE;
  outcome = outcome_of (worker, &generate);
  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
  return outcome;
}

static void
test_outlives (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = NULL;
  Place place = { 0 };

  /* Wide: slow enough for reading to take longer than bringing back would. */
  tiny.n_context = 4096;
  tiny.type = SOTTO_BLOCK_Q4_K;
  vision_double.n_embedding = 256;
  path = tiny_model_write_temporary (&tiny);
  {
    g_autoptr (SottoWorker) one = open_worker (path, &place);
    g_auto (Outcome) first = ask (one, path);
    g_auto (Outcome) saved = outcome_wait (one, sotto_worker_save (one, 10 * G_USEC_PER_SEC), FALSE);
    g_autoptr (SottoWorker) two = open_worker (path, &place);
    g_auto (Outcome) again = ask (two, path);

    g_assert_nonnull (place.kept);
    g_assert_cmpint (saved.last->kind, ==, SOTTO_EVENT_SAVED);
    g_assert_cmpuint (vision_double.n_encoded, ==, 1);
    g_assert_cmpuint (again.last->receipt->n_reused, ==, first.last->receipt->n_prompt - 1);
    g_assert_cmpstr (again.text->str, ==, first.text->str);

    /* Seen with another file it is another prompt. */
    vision_double.stamp = "another";
    sotto_worker_set_vision (two, path, "other eyes");
    {
      g_auto (Outcome) other = ask (two, path);

      g_assert_cmpuint (vision_double.n_encoded, ==, 2);
      g_assert_cmpuint (other.last->receipt->n_reused, <, 100);
    }
  }
  g_clear_pointer (&place.kept, g_byte_array_unref);
  tiny_model_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/worker-pictures-save/outlives", test_outlives);

  return g_test_run ();
}
