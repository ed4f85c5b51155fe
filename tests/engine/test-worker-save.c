/* What was computed of a conversation, saved by one worker and taken up by another: the reply is the one that would have
 * been, and the receipt says the same of how it came about. What cannot be used is not used, and goes. */
#include "sotto-engine.h"

#include <string.h>

#include "sotto-shelf.h"
#include "tiny-model.h"
#include "worker-outcome.h"

/* --- A place to keep timelines that tests can look into --- */

typedef struct {
  GHashTable *files;       /* name → GByteArray */
  guint64 most;            /* bytes of a file; 0: any */
  guint n_created;
  guint64 n_read;
  guint n_removed;
  guint64 fail_at;         /* writing fails behind so many bytes; 0: never */
  SottoCancel *cancel;     /* raised when something is read; NULL: not */
  SottoWorker *worker;
  guint64 cancelled;       /* the request that is cancelled then */
} Place;

typedef struct {
  Place *place;
  char *name;
  GByteArray *bytes;
  gsize at;
  gboolean is_written;
  gboolean is_finished;
  guint64 size;
} File;

static char *
name_of (const char *conversation,
         const char *model)
{
  return g_strdup_printf ("%s %s", conversation, model);
}

static gpointer
create (const char *conversation,
        const char *model,
        guint64     n_bytes,
        gpointer    user_data)
{
  Place *place = user_data;
  File *file;

  place->n_created++;
  if (place->most > 0 && n_bytes > place->most)
    return NULL;
  file = g_new0 (File, 1);
  file->place = place;
  file->name = name_of (conversation, model);
  file->bytes = g_byte_array_new ();
  file->is_written = TRUE;
  file->size = n_bytes;

  return file;
}

static gboolean
write_file (gpointer      data,
            gconstpointer bytes,
            gsize         n_bytes)
{
  File *file = data;

  g_assert_true (file->is_written);
  g_byte_array_append (file->bytes, bytes, (guint) n_bytes);
  g_assert_cmpuint (file->bytes->len, <=, file->size);

  return file->place->fail_at == 0 || file->bytes->len < file->place->fail_at;
}

static gboolean
finish (gpointer data)
{
  File *file = data;

  g_assert_cmpuint (file->bytes->len, ==, file->size);
  g_hash_table_insert (file->place->files, g_strdup (file->name), g_byte_array_ref (file->bytes));
  file->is_finished = TRUE;

  return TRUE;
}

static gpointer
open_file (const char *conversation,
           const char *model,
           gpointer    user_data)
{
  Place *place = user_data;
  g_autofree char *name = name_of (conversation, model);
  GByteArray *bytes = g_hash_table_lookup (place->files, name);
  File *file;

  if (bytes == NULL)
    return NULL;
  file = g_new0 (File, 1);
  file->place = place;
  file->name = g_steal_pointer (&name);
  file->bytes = g_byte_array_ref (bytes);

  return file;
}

static gboolean
read_file (gpointer data,
           gpointer bytes,
           gsize    n_bytes)
{
  File *file = data;

  if (n_bytes > file->bytes->len - file->at)
    return FALSE;
  memcpy (bytes, file->bytes->data + file->at, n_bytes);
  file->at += n_bytes;
  file->place->n_read += n_bytes;
  if (file->place->cancelled != 0 && file->at > 100000)
    sotto_worker_cancel (file->place->worker, file->place->cancelled);

  return TRUE;
}

static void
close_file (gpointer data)
{
  File *file = data;

  g_byte_array_unref (file->bytes);
  g_free (file->name);
  g_free (file);
}

static gboolean
is_of (gpointer key,
       gpointer value,
       gpointer user_data)
{
  const char *const *wanted = user_data;
  g_auto (GStrv) parts = g_strsplit (key, " ", 2);

  return (wanted[0] == NULL || g_str_equal (parts[0], wanted[0])) && (wanted[1] == NULL || g_str_equal (parts[1], wanted[1]));
}

static void
remove_files (const char *conversation,
              const char *model,
              gpointer    user_data)
{
  Place *place = user_data;
  const char *wanted[] = { conversation, model };

  place->n_removed += g_hash_table_foreach_remove (place->files, is_of, wanted);
}

/* --- A model, a conversation of some 2,500 tokens, and workers --- */

typedef struct {
  char *path;
  char *text;
  Place place;
  SottoTimelines timelines;
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  GString *text = g_string_new (NULL);

  /* Slow enough for reading to take longer than bringing back would from a slow disk. */
  model.n_context = 4096;
  model.n_layers = 2;
  model.type = SOTTO_BLOCK_Q4_K;
  fixture->path = tiny_model_write_temporary (&model);
  for (guint k = 0; k < 600; k++)
    g_string_append_printf (text, "%u %c ", k * 7 % 10, 'a' + k * 11 % 26);
  fixture->text = g_string_free (text, FALSE);
  fixture->place.files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_byte_array_unref);
  fixture->timelines = (SottoTimelines) { create, write_file, finish, open_file, read_file, close_file, remove_files,
                                          &fixture->place };
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  tiny_model_remove (fixture->path);
  g_free (fixture->path);
  g_free (fixture->text);
  g_hash_table_unref (fixture->place.files);
}

static SottoWorker *
open_worker (Fixture     *fixture,
             SottoKvType  type,
             const char  *tier)
{
  SottoWorkerOptions options = { .n_threads = 2, .kv_type = type, .tier = tier, .timelines = &fixture->timelines };
  g_autoptr (GError) error = NULL;
  SottoWorker *worker = sotto_worker_new (&options, &error);
  gboolean is_hashed = FALSE;

  g_assert_no_error (error);
  fixture->place.worker = worker;
  sotto_worker_load (worker, fixture->path, 0);
  /* What is kept is bound to it. */
  while (!is_hashed)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      is_hashed = event->kind == SOTTO_EVENT_HASHED;
    }

  return worker;
}

static SottoGenerate
make_turn (Fixture    *fixture,
           const char *text)
{
  static const SottoLogitBias endless[] = { { TINY_MODEL_END, -100 }, { TINY_MODEL_BOS, -100 }, { TINY_MODEL_START, -100 } };
  SottoGenerate generate = outcome_greedy (fixture->path, text, 30);

  generate.conversation = "one";
  generate.lasts = TRUE;
  generate.sampler.logit_bias = (SottoLogitBias *) endless;
  generate.sampler.n_logit_bias = G_N_ELEMENTS (endless);

  return generate;
}

static Outcome
turn (Fixture     *fixture,
      SottoWorker *worker,
      const char  *text)
{
  SottoGenerate generate = make_turn (fixture, text);
  Outcome outcome = outcome_of (worker, &generate);

  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
  g_assert_cmpuint (outcome.last->receipt->n_generated, ==, 30);

  return outcome;
}

static void
save (SottoWorker *worker)
{
  g_auto (Outcome) saved = outcome_wait (worker, sotto_worker_save (worker, 10 * G_USEC_PER_SEC), FALSE);

  g_assert_cmpint (saved.last->kind, ==, SOTTO_EVENT_SAVED);
}

/* A worker that has read the conversation, and saved that. */
static void
read_and_save (Fixture *fixture)
{
  g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
  g_auto (Outcome) first = turn (fixture, worker, fixture->text);

  save (worker);
  g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
}

static GByteArray *
get_file (Fixture *fixture)
{
  GHashTableIter iter;
  gpointer bytes;

  g_hash_table_iter_init (&iter, fixture->place.files);
  g_assert_true (g_hash_table_iter_next (&iter, NULL, &bytes));

  return bytes;
}

/* --- Tests --- */

static void
test_outlives (Fixture      *fixture,
               gconstpointer data)
{
  g_autofree char *more = g_strconcat (fixture->text, " And what then?", NULL);
  g_autoptr (SottoWorker) stayed = open_worker (fixture, SOTTO_KV_F16, NULL);
  g_autoptr (SottoWorker) other = NULL;
  g_auto (Outcome) first = turn (fixture, stayed, fixture->text);
  guint64 size;

  save (stayed);
  g_assert_cmpuint (fixture->place.n_created, ==, 1);
  size = get_file (fixture)->len;

  /* Nothing new is nothing to save. */
  save (stayed);
  g_assert_cmpuint (fixture->place.n_created, ==, 1);

  other = open_worker (fixture, SOTTO_KV_F16, NULL);
  {
    g_auto (Outcome) expected = turn (fixture, stayed, more);
    g_auto (Outcome) again = turn (fixture, other, more);
    const SottoReceipt *one = expected.last->receipt;
    const SottoReceipt *two = again.last->receipt;

    g_assert_cmpuint (two->n_reused, ==, one->n_reused);
    g_assert_cmpuint (two->n_reused, >, 2000);
    g_assert_cmpstr (again.text->str, ==, expected.text->str);
    g_assert_cmpmem (two->stretches->data, two->stretches->len * sizeof (SottoStretch), one->stretches->data,
                     one->stretches->len * sizeof (SottoStretch));
    g_assert_cmpuint (fixture->place.n_read, ==, size);
  }

  /* What is there is as good: nothing is read a second time, and nothing written for a few tokens more. */
  {
    g_auto (Outcome) again = turn (fixture, other, more);

    g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
    g_assert_cmpuint (fixture->place.n_read, ==, size);
    save (other);
    g_assert_cmpuint (fixture->place.n_created, ==, 1);
  }

  /* Another prompt of the conversation, of which little is there: its head alone is looked at. */
  {
    g_autoptr (SottoWorker) third = open_worker (fixture, SOTTO_KV_F16, NULL);
    g_autofree char *turned = g_strdup (fixture->text);
    g_auto (Outcome) different = { 0 };

    turned[300] = turned[300] == '9' ? '8' : '9';
    different = turn (fixture, third, turned);
    g_assert_cmpuint (different.last->receipt->n_reused, ==, 0);
    g_assert_cmpuint (fixture->place.n_read, <, size + 50000);
  }
}

/* Closing saves by itself; forgetting takes it away; what may not outlive does not, nor does it take anything up. */
static void
test_when (Fixture      *fixture,
           gconstpointer data)
{
  g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
  SottoGenerate private = make_turn (fixture, fixture->text);

  private.lasts = FALSE;
  {
    g_auto (Outcome) outcome = outcome_of (worker, &private);

    save (worker);
    g_assert_cmpuint (fixture->place.n_created, ==, 0);
  }
  {
    g_auto (Outcome) outcome = turn (fixture, worker, fixture->text);
    g_auto (Outcome) closed = outcome_wait (worker, sotto_worker_unload (worker, NULL), FALSE);

    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
  }
  {
    g_auto (Outcome) outcome = outcome_of (worker, &private);

    g_assert_cmpuint (outcome.last->receipt->n_reused, ==, 0);
    g_assert_cmpuint (fixture->place.n_read, ==, 0);
  }
  {
    g_auto (Outcome) other = outcome_wait (worker, sotto_worker_forget (worker, "two"), FALSE);

    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
  }
  /* Of one of which a part has gone nothing up to now is kept, but it is still there. */
  {
    g_auto (Outcome) outcome = turn (fixture, worker, fixture->text);
    g_auto (Outcome) forgotten = outcome_wait (worker, sotto_worker_forget_saved (worker, "one"), FALSE);
    guint n_created = fixture->place.n_created;

    g_assert_cmpint (forgotten.last->kind, ==, SOTTO_EVENT_FORGOTTEN);
    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 0);
    save (worker);
    g_assert_cmpuint (fixture->place.n_created, ==, n_created);
    {
      g_auto (Outcome) again = turn (fixture, worker, fixture->text);

      g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
      save (worker);
      g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
    }
  }
  {
    g_auto (Outcome) forgotten = outcome_wait (worker, sotto_worker_forget (worker, "one"), FALSE);

    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 0);
  }
}

/* One that was left for another conversation is saved with it. */
static void
test_shelf (Fixture      *fixture,
            gconstpointer data)
{
  g_autofree char *text = g_strreverse (g_strdup (fixture->text));
  SottoGenerate other = make_turn (fixture, text);

  other.conversation = "two";
  {
    g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
    g_auto (Outcome) one = turn (fixture, worker, fixture->text);
    g_auto (Outcome) two = outcome_of (worker, &other);

    save (worker);
    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 2);
  }
  {
    g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
    g_auto (Outcome) one = turn (fixture, worker, fixture->text);
    g_auto (Outcome) two = outcome_of (worker, &other);

    g_assert_cmpuint (one.last->receipt->n_reused, ==, one.last->receipt->n_prompt - 1);
    g_assert_cmpuint (two.last->receipt->n_reused, ==, two.last->receipt->n_prompt - 1);
  }
}

/* The same bytes are nothing to another cache, processor or numerics; and gone after that. */
static void
test_foreign (Fixture      *fixture,
              gconstpointer data)
{
  static const struct {
    SottoKvType type;
    const char *tier;
    gsize changed;         /* a byte of the head; 0: none */
  } cases[] = {
    { SOTTO_KV_Q8_0, NULL, 0 },
    { SOTTO_KV_F16, "reference", 0 },
    { SOTTO_KV_F16, NULL, 8 },   /* format */
    { SOTTO_KV_F16, NULL, 12 },  /* numerics */
    { SOTTO_KV_F16, NULL, 32 },  /* model */
    { SOTTO_KV_F16, NULL, 160 }, /* stretches */
    { SOTTO_KV_F16, NULL, 171 }, /* a token */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      read_and_save (fixture);
      if (cases[i].changed > 0)
        get_file (fixture)->data[cases[i].changed] ^= 0x40;
      fixture->place.n_removed = 0;
      {
        g_autoptr (SottoWorker) worker = open_worker (fixture, cases[i].type, cases[i].tier);
        g_autofree char *text = g_strndup (fixture->text, 400);
        g_auto (Outcome) outcome = turn (fixture, worker, text);

        g_assert_cmpuint (outcome.last->receipt->n_reused, ==, 0);
        g_assert_cmpuint (fixture->place.n_removed, ==, 1);
      }
    }
}

/* Cut off anywhere, it is read anew. */
static void
test_cut (Fixture      *fixture,
          gconstpointer data)
{
  g_autoptr (GByteArray) whole = NULL;
  g_autofree char *expected = NULL;
  guint cuts[8];

  read_and_save (fixture);
  whole = g_byte_array_ref (get_file (fixture));
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    cuts[i] = i < 4 ? i * 90 : whole->len - 1 - (7 - i) * (whole->len / 5);
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
      GByteArray *bytes = g_byte_array_new ();
      g_auto (Outcome) outcome = { 0 };

      g_byte_array_append (bytes, whole->data, cuts[i]);
      g_hash_table_insert (fixture->place.files, g_strdup_printf ("one %s", "?"), bytes);
      {
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init (&iter, fixture->place.files);
        while (g_hash_table_iter_next (&iter, NULL, &value))
          if (value != bytes)
            g_hash_table_iter_replace (&iter, g_byte_array_ref (bytes));
      }
      outcome = turn (fixture, worker, fixture->text);
      g_assert_cmpuint (outcome.last->receipt->n_reused, ==, 0);
      if (expected == NULL)
        expected = g_strdup (outcome.text->str);
      g_assert_cmpstr (outcome.text->str, ==, expected);
      save (worker);
    }
}

/* Where there is no room, or none any more, nothing is kept; what was there before is. */
static void
test_full (Fixture      *fixture,
           gconstpointer data)
{
  g_autoptr (SottoWorker) worker = open_worker (fixture, SOTTO_KV_F16, NULL);
  g_auto (Outcome) outcome = turn (fixture, worker, fixture->text);

  fixture->place.most = 1000;
  save (worker);
  g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 0);
  fixture->place.most = 0;
  fixture->place.fail_at = 300000;
  save (worker);
  g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 0);
  fixture->place.fail_at = 0;
  save (worker);
  g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
  g_assert_cmpuint (fixture->place.n_created, ==, 3);

  /* No time is none. */
  {
    g_autofree char *text = g_strconcat (fixture->text, fixture->text + strlen (fixture->text) / 2, NULL);
    g_auto (Outcome) longer = turn (fixture, worker, text);
    g_auto (Outcome) saved = outcome_wait (worker, sotto_worker_save (worker, 0), FALSE);

    g_assert_cmpint (saved.last->kind, ==, SOTTO_EVENT_SAVED);
    g_assert_cmpuint (fixture->place.n_created, ==, 3);
  }
}

/* Cancelled while it is brought back: soon, and as if nothing had been. */
static void
test_cancel (Fixture      *fixture,
             gconstpointer data)
{
  g_autoptr (SottoWorker) worker = NULL;
  SottoGenerate generate = make_turn (fixture, fixture->text);
  guint64 n_all;

  read_and_save (fixture);
  n_all = get_file (fixture)->len;
  worker = open_worker (fixture, SOTTO_KV_F16, NULL);
  /* Nobody else makes requests, so this will be its number. */
  fixture->place.cancelled = 2;
  {
    g_auto (Outcome) stopped = outcome_wait (worker, sotto_worker_generate (worker, &generate), FALSE);

    g_assert_cmpint (stopped.last->kind, ==, SOTTO_EVENT_CANCELLED);
    g_assert_cmpuint (stopped.last->request, ==, 2);
    g_assert_cmpuint (fixture->place.n_read, <, n_all);
    g_assert_cmpuint (g_hash_table_size (fixture->place.files), ==, 1);
  }
  fixture->place.cancelled = 0;
  {
    g_auto (Outcome) again = turn (fixture, worker, fixture->text);

    g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
  }
}

static void
test_nothing (void)
{
  g_test_skip ("this machine has no memory to spare");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  if (sotto_shelf_measure_spare (0) < (64 << 20))
    {
      g_test_add_func ("/worker-save/nothing-kept", test_nothing);
      return g_test_run ();
    }

#define ADD(name, func) g_test_add ("/worker-save/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("outlives", test_outlives);
  ADD ("when", test_when);
  ADD ("shelf", test_shelf);
  ADD ("foreign", test_foreign);
  ADD ("cut", test_cut);
  ADD ("full", test_full);
  ADD ("cancel", test_cancel);
#undef ADD

  return g_test_run ();
}
