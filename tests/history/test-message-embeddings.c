/* Vectors of what messages say: which lack them, how they go with their messages, and what is found by them. */

#include "folders.h"
#include "trees.h"

#include "database.h"
#include "store-private.h"

#include <math.h>
#include <string.h>

#define USER SOTTO_HISTORY_ROLE_USER
#define ASSISTANT SOTTO_HISTORY_ROLE_ASSISTANT

static const SottoHistorySaid *
said_at (GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return g_ptr_array_index (list, i);
}

static gpointer
do_count (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 *n = g_new (gint64, 1);

  *n = sotto_database_get_int (vault->database, NULL, error, "SELECT count(*) FROM message_embedding", "");
  return n;
}

/* Rows of the table, whatever they belong to */
static gint64
count_vectors (SottoStore *store)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree gint64 *n = NULL;

  sotto_store_push (store, SOTTO_WORK_READ, do_count, sotto_call_new (), g_free, NULL, test_ready, &result);
  n = sotto_store_take (store, test_wait (&result), NULL);
  g_assert_nonnull (n);
  return *n;
}

static void
expect_left (SottoStore *store, guint64 n, guint64 of)
{
  guint64 n_left, n_all;
  g_autoptr (GPtrArray) list = test_unembedded_messages (store, 100, &n_left, &n_all);

  g_assert_cmpuint (list->len, ==, MIN (n, 100));
  g_assert_cmpuint (n_left, ==, n);
  g_assert_cmpuint (n_all, ==, of);
}

/* Gives all that lack one a vector. */
static void
put_all (SottoStore *store, const char *embedder)
{
  g_autoptr (GPtrArray) list = test_unembedded_messages (store, 100, NULL, NULL);

  for (guint i = 0; i < list->len; i++)
    test_put_said (store, embedder, said_at (list, i), 1, 0);
}

static void
test_listed (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Boiler");
  g_autofree char *question = test_add_message (f->store, conversation, NULL, USER, "It is cold");
  g_autofree char *answer = test_add_message (f->store, conversation, question, ASSISTANT, "Bleed the radiators");
  g_autofree char *rules = test_add_message (f->store, conversation, NULL, SOTTO_HISTORY_ROLE_SYSTEM, "Be brief");
  g_autofree char *reply = test_begin (f->store, conversation, answer);
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) behind = NULL;
  guint64 n_left, n_all;

  /* Without an embedder nothing is to be done. What is still being written has no text yet, and the rules are nobody's words. */
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_REASONING, "Hm");
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "Or call a plumber");
  none = test_unembedded_messages (f->store, 10, &n_left, &n_all);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (n_all, ==, 2);

  test_set_embedder (f->store, "m");
  first = test_unembedded_messages (f->store, 1, &n_left, &n_all);
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_cmpuint (n_left, ==, 2);
  g_assert_cmpstr (said_at (first, 0)->text, ==, "Bleed the radiators");
  g_assert_cmpuint (said_at (first, 0)->done, ==, 0);

  test_finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  behind = test_unembedded_messages (f->store, 10, &n_left, &n_all);
  g_assert_cmpuint (behind->len, ==, 3);
  g_assert_cmpstr (said_at (behind, 0)->text, ==, "Or call a plumber");
  g_assert_cmpstr (said_at (behind, 2)->text, ==, "It is cold");

  test_put_said (f->store, "m", said_at (behind, 1), 1, 0);
  expect_left (f->store, 2, 3);
  put_all (f->store, "m");
  expect_left (f->store, 0, 3);
  g_assert_cmpint (count_vectors (f->store), ==, 3);
}

/* What is attached says nothing by itself; such a message is done without a vector. */
static void
test_attached (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Lease");
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("");
  SottoHistoryPart *document = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, "The rent is due on the third.");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  document->name = g_strdup ("lease.pdf");
  document->media_type = g_strdup ("application/pdf");
  g_ptr_array_add (parts, document);
  sotto_store_add_message_async (f->store, conversation, NULL, NULL, USER, parts, FALSE, NULL, test_ready, &result);
  id = sotto_store_add_message_finish (f->store, test_wait (&result), &error);
  g_assert_no_error (error);

  test_set_embedder (f->store, "m");
  list = test_unembedded_messages (f->store, 10, NULL, NULL);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (said_at (list, 0)->text, ==, "");
  test_put_said (f->store, "m", said_at (list, 0), 1, 0);
  expect_left (f->store, 0, 1);
  g_assert_cmpint (count_vectors (f->store), ==, 0);
}

static gboolean
put_piece (SottoStore *store, const SottoHistoryPiece *piece, GError **error)
{
  const float vector[] = { 1, 0 };
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof *piece);
  g_autoptr (GBytes) vectors = g_bytes_new (vector, sizeof vector);

  g_array_append_vals (pieces, piece, 1);
  return test_try_put_pieces (store, "m", pieces, vectors, error);
}

/* A long one gets its vectors in steps, and goes on where it was after another start. */
static void
test_steps (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "");
  g_autofree char *message = test_add_message (f->store, conversation, NULL, USER, "Zuerst. Späterhin.");
  const gsize whole = strlen ("Zuerst. Späterhin.");
  g_autoptr (GError) error = NULL;
  gint64 row;

  test_set_embedder (f->store, "m");
  {
    g_autoptr (GPtrArray) list = test_unembedded_messages (f->store, 10, NULL, NULL);

    row = said_at (list, 0)->message;
  }
  g_assert_true (put_piece (f->store, &(SottoHistoryPiece) { row, 0, 8, whole, FALSE }, &error));
  test_close (f->store);
  f->store = test_open (f->folder);
  {
    g_autoptr (GPtrArray) list = test_unembedded_messages (f->store, 10, NULL, NULL);

    g_assert_cmpuint (list->len, ==, 1);
    g_assert_cmpint (said_at (list, 0)->message, ==, row);
    g_assert_cmpuint (said_at (list, 0)->done, ==, 8);
  }
  /* Twice is once. */
  for (guint i = 0; i < 2; i++)
    g_assert_true (put_piece (f->store, &(SottoHistoryPiece) { row, 8, whole - 8, whole, TRUE }, &error));
  expect_left (f->store, 0, 1);
  g_assert_cmpint (count_vectors (f->store), ==, 2);

  /* What says something else by now, or is nobody, is left out; what cannot be is refused. */
  g_assert_true (put_piece (f->store, &(SottoHistoryPiece) { row, 0, 8, whole + 1, FALSE }, &error));
  g_assert_true (put_piece (f->store, &(SottoHistoryPiece) { row + 1, 0, 8, whole, FALSE }, &error));
  g_assert_cmpint (count_vectors (f->store), ==, 2);
  g_assert_false (put_piece (f->store, &(SottoHistoryPiece) { row, 8, whole, whole, TRUE }, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_assert_cmpint (count_vectors (f->store), ==, 2);
}

static void
delete_message (SottoStore *store, const char *message, gboolean and_undo)
{
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) undone = NULL;
  g_autoptr (GError) error = NULL;
  gint64 deletion;

  sotto_store_delete_message_async (store, message, NULL, test_ready, &deleted);
  deletion = sotto_store_delete_message_finish (store, test_wait (&deleted), NULL, &error);
  g_assert_no_error (error);
  if (!and_undo)
    return;
  sotto_store_undelete_message_async (store, deletion, NULL, test_ready, &undone);
  sotto_store_undelete_message_finish (store, test_wait (&undone), &error);
  g_assert_no_error (error);
}

/* They go with what they are of, at once and for good. */
static void
test_gone (TestStore *f, gconstpointer data)
{
  g_autofree char *kept = test_add_conversation (f->store, "Kept");
  g_autofree char *gone = test_add_conversation (f->store, "Gone");
  g_autofree char *question = test_add_message (f->store, kept, NULL, USER, "one");
  g_autofree char *answer = test_begin (f->store, kept, question);
  g_autofree char *other = test_add_message (f->store, gone, NULL, USER, "three");
  g_autoptr (SottoHistoryModel) model = sotto_history_model_new ("/models/b.gguf", "B", NULL);
  g_autoptr (GAsyncResult) resumed = NULL;
  g_autoptr (GAsyncResult) purged = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_append_reply (f->store, answer, SOTTO_HISTORY_PART_TEXT, "two");
  test_finish (f->store, answer, SOTTO_HISTORY_STATUS_STOPPED);
  test_set_embedder (f->store, "m");
  put_all (f->store, "m");
  g_assert_cmpint (count_vectors (f->store), ==, 3);

  /* A reply that goes on says more in the end; what was made of its beginning is none of it. */
  sotto_store_resume_reply_async (f->store, answer, model, "{}", NULL, test_ready, &resumed);
  g_assert_true (sotto_store_resume_reply_finish (f->store, test_wait (&resumed), &error));
  g_assert_no_error (error);
  g_assert_cmpint (count_vectors (f->store), ==, 2);
  expect_left (f->store, 0, 2);
  sotto_store_append_reply (f->store, answer, SOTTO_HISTORY_PART_TEXT, " and more");
  test_finish (f->store, answer, SOTTO_HISTORY_STATUS_COMPLETE);
  listed = test_unembedded_messages (f->store, 10, NULL, NULL);
  g_assert_cmpuint (listed->len, ==, 1);
  g_assert_cmpstr (said_at (listed, 0)->text, ==, "two and more");
  put_all (f->store, "m");

  delete_message (f->store, answer, TRUE);
  g_assert_cmpint (count_vectors (f->store), ==, 2);
  expect_left (f->store, 1, 3);
  put_all (f->store, "m");
  delete_message (f->store, question, FALSE);
  g_assert_cmpint (count_vectors (f->store), ==, 1);
  expect_left (f->store, 0, 1);

  /* A conversation that can come back keeps them until it cannot. */
  test_delete_conversation (f->store, gone);
  expect_left (f->store, 0, 0);
  sotto_store_purge_async (f->store, NULL, NULL, test_ready, &purged);
  g_assert_true (sotto_store_purge_finish (f->store, test_wait (&purged), NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (count_vectors (f->store), ==, 0);
  test_check (f->store);
}

/* Another embedder: from one moment to the next no message has its vectors, and in the end nothing is left of the old. */
static void
test_another (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "");
  g_autofree char *one = test_add_message (f->store, conversation, NULL, USER, "one");
  g_autofree char *two = test_add_message (f->store, conversation, one, ASSISTANT, "two");
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autoptr (GPtrArray) passages = NULL;
  g_autoptr (GPtrArray) list = NULL;

  test_put (f->store, folder, "a", "passage", NULL);
  test_set_embedder (f->store, "m");
  put_all (f->store, "m");
  passages = test_unembedded (f->store, 10, NULL, NULL);
  test_put_vector (f->store, "m", ((SottoHistoryPassage *) g_ptr_array_index (passages, 0))->row, 1, 0);
  expect_left (f->store, 0, 2);

  test_set_embedder (f->store, "other");
  expect_left (f->store, 2, 2);
  put_all (f->store, "m");
  expect_left (f->store, 2, 2);
  list = test_unembedded_messages (f->store, 10, NULL, NULL);
  test_put_said (f->store, "other", said_at (list, 0), 1, 0);
  expect_left (f->store, 1, 2);
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store), ==, 1);
  test_check (f->store);

  test_set_embedder (f->store, NULL);
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store), ==, 0);
  test_set_embedder (f->store, "m");
  expect_left (f->store, 2, 2);
}

/* --- Finding --- */

#define N_SAID 24

/* What the @i-th says has the @i-th number alone, and the same of what is asked is @by times as much as the others. */
static GBytes *
ask_for (guint i, float by)
{
  float vector[N_SAID];
  const float length = sqrtf (N_SAID - 1 + by * by);

  for (guint j = 0; j < N_SAID; j++)
    vector[j] = (j == i ? by : 1) / length;
  return g_bytes_new (vector, sizeof vector);
}

static void
put_each (SottoStore *store)
{
  g_autoptr (GPtrArray) list = test_unembedded_messages (store, 100, NULL, NULL);
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (SottoHistoryPiece));
  float vectors[N_SAID][N_SAID] = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (list->len, ==, N_SAID);
  for (guint i = 0; i < N_SAID; i++)
    {
      const SottoHistorySaid *said = said_at (list, i);
      const gsize whole = strlen (said->text);
      const SottoHistoryPiece piece = { said->message, 0, whole, whole, TRUE };

      g_array_append_val (pieces, piece);
      vectors[i][N_SAID - 1 - i] = 1; /* the newest is listed first */
      /* They are not all as far from each other. */
      vectors[i][(N_SAID - i) % N_SAID] = i % 3 == 0 ? 0.2f : 0;
    }
  bytes = g_bytes_new (vectors, sizeof vectors);
  g_assert_true (test_try_put_pieces (store, "m", pieces, bytes, &error));
  g_assert_no_error (error);
}

static const SottoHistoryHit *
hit_at (GPtrArray *hits, guint i)
{
  g_assert_cmpuint (i, <, hits->len);
  return g_ptr_array_index (hits, i);
}

static void
test_found (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Long");
  g_autofree char *apart = test_add_conversation (f->store, "Boiler");
  g_autofree char *message = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (GPtrArray) gone = NULL;
  g_autoptr (GPtrArray) all_alike = NULL;
  g_autoptr (GBytes) asked = ask_for (7, 20);
  g_autoptr (GBytes) alike = ask_for (7, 1);
  const char *except[] = { NULL, NULL };

  for (guint i = 0; i < N_SAID; i++)
    {
      g_autofree char *text = g_strdup_printf ("Said\nas the %u-th", i);
      g_autofree char *id = test_add_message (f->store, i == 7 ? apart : conversation, NULL, USER, text);

      if (i == 7)
        message = g_steal_pointer (&id);
    }
  test_set_embedder (f->store, "m");
  put_each (f->store);

  hits = test_search_meaning (f->store, "m", asked, NULL);
  g_assert_cmpstr (hit_at (hits, 0)->message, ==, message);
  g_assert_cmpstr (hit_at (hits, 0)->conversation, ==, apart);
  g_assert_cmpstr (hit_at (hits, 0)->title, ==, "Boiler");
  g_assert_cmpstr (hit_at (hits, 0)->piece, ==, "Said\nas the 7-th");
  g_assert_cmpstr (hit_at (hits, 0)->snippet, ==, "Said as the 7-th");
  g_assert_cmpuint (hit_at (hits, 0)->n_ranges, ==, 0);
  g_assert_cmpuint (hits->len, ==, 1);

  /* Nobody stands out, or the vector is another embedder's */
  all_alike = test_search_meaning (f->store, "m", alike, NULL);
  g_assert_cmpuint (all_alike->len, ==, 0);
  none = test_search_meaning (f->store, "other", asked, NULL);
  g_assert_cmpuint (none->len, ==, 0);

  except[0] = message;
  others = test_search_meaning (f->store, "m", asked, except);
  g_assert_cmpuint (others->len, ==, 0);
  test_delete_conversation (f->store, apart);
  gone = test_search_meaning (f->store, "m", asked, NULL);
  g_assert_cmpuint (gone->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/message-embeddings/listed", test_listed);
  test_store_add ("/history/message-embeddings/attached", test_attached);
  test_store_add ("/history/message-embeddings/steps", test_steps);
  test_store_add ("/history/message-embeddings/gone", test_gone);
  test_store_add ("/history/message-embeddings/another", test_another);
  test_store_add ("/history/message-embeddings/found", test_found);
  return g_test_run ();
}
