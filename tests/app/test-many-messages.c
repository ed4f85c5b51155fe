#include "harness.h"

#include <sotto-history.h>

#include "conversation/conversation-private.h"

/* Ten thousand messages: the main context stays responsive while they are read, and objects are made
 * for what is looked at only. */

#define N_MESSAGES 10000

/* A frame at 60 Hz takes 16 ms; what a sanitizer or a busy machine adds is allowed for. */
#define LONGEST_TURN_MS 100

static void
count_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *id = sotto_store_add_message_finish (SOTTO_STORE (source), result, NULL);

  g_assert_nonnull (id);
  --*(guint *) user_data;
}

static gboolean
is_zero (gpointer data)
{
  return *(guint *) data == 0;
}

static void
fill (SottoConversation *conversation)
{
  SottoStore *store = conversation->services->store;
  g_autofree char *parent = g_strdup (sotto_conversation_path_end (conversation));
  guint n_left = N_MESSAGES - 1;

  for (guint i = 1; i < N_MESSAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("Message %u: the quick brown fox jumps over the dog.", i);
      g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (text);
      char *id = sotto_history_new_id ();

      sotto_store_add_message_async (store, conversation->id, id, parent,
                                     i % 2 == 1 ? SOTTO_HISTORY_ROLE_ASSISTANT
                                                : SOTTO_HISTORY_ROLE_USER,
                                     parts, FALSE, NULL, count_down, &n_left);
      g_free (parent);
      parent = id;
    }
  harness_wait_for (is_zero, &n_left, 1500);
}

static guint
count_objects (SottoConversation *conversation)
{
  guint n = 0;

  for (guint i = 0; i < conversation->rows->len; i++)
    n += g_array_index (conversation->rows, SottoPathRow, i).message != NULL;
  return n;
}

static void
test_load (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation =
    sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (SottoConversation) loaded = NULL;
  gint64 begin_us;
  gint64 longest_us = 0;

  harness_send (conversation, "The first of many");
  harness_wait_idle (conversation);
  begin_us = g_get_monotonic_time ();
  fill (conversation);
  g_test_message ("%d messages written in %.1f s", N_MESSAGES,
                  (double) (g_get_monotonic_time () - begin_us) / G_USEC_PER_SEC);
  harness_close (app);

  app = harness_open ();
  loaded = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  begin_us = g_get_monotonic_time ();
  sotto_conversation_load (loaded);
  while (!sotto_conversation_is_loaded (loaded))
    {
      gint64 turn_us;

      while (!g_main_context_pending (NULL))
        g_usleep (200);
      turn_us = g_get_monotonic_time ();
      g_main_context_iteration (NULL, FALSE);
      longest_us = MAX (longest_us, g_get_monotonic_time () - turn_us);
    }
  g_test_message ("read in %.0f ms, longest turn of the main context %.1f ms",
                  (double) (g_get_monotonic_time () - begin_us) / 1000, (double) longest_us / 1000);

  g_assert_cmpuint (harness_length (loaded), ==, N_MESSAGES);
  g_assert_cmpuint (count_objects (loaded), ==, 0);
  g_assert_cmpstr (sotto_message_get_text (harness_message (loaded, N_MESSAGES - 1)), ==,
                   "Message 9999: the quick brown fox jumps over the dog.");
  /* With its prompt, which has the passages that both were given. */
  g_assert_cmpuint (count_objects (loaded), ==, 2);
  g_assert_cmpint (longest_us, <, LONGEST_TURN_MS * 1000);
  g_clear_object (&loaded);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/many-messages/load", test_load);
  return g_test_run ();
}
