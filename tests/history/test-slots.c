/* What opens a store, changed while it is open. */

#include "common.h"

static void
test_slots (void)
{
  g_autofree char *folder = test_make_folder ();
  SottoStore *store = test_create (folder);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (SottoUnlock) changed = test_unlock ("battery staple");
  g_autoptr (SottoUnlock) recovery = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;
  g_autoptr (GAsyncResult) fourth = NULL;
  g_autoptr (GPtrArray) slots = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *conversation = test_add_conversation (store, "Slots");
  char *code;

  sotto_store_make_recovery_code_async (store, NULL, test_ready, &first);
  code = sotto_store_make_recovery_code_finish (store, test_wait (&first), &error);
  g_assert_no_error (error);
  recovery = sotto_unlock_new_recovery_code (code, &error);
  g_assert_no_error (error);
  sotto_history_free_secret (code);

  sotto_store_set_slot_async (store, changed, NULL, test_ready, &second);
  g_assert_true (sotto_store_set_slot_finish (store, test_wait (&second), &error));
  g_assert_no_error (error);
  slots = sotto_store_list_slots (store);
  g_assert_cmpuint (slots->len, ==, 2);
  sotto_store_remove_slot_async (store, ((SottoHistorySlot *) slots->pdata[1])->id, NULL,
                                 test_ready, &third);
  g_assert_false (sotto_store_remove_slot_finish (store, test_wait (&third), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_LAST_SLOT);
  g_clear_error (&error);
  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&third);
  test_close (store);

  before = test_digest (folder);
  g_assert_null (test_try_open (folder, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_WRONG_SECRET);
  g_clear_error (&error);
  after = test_digest (folder);
  g_assert_cmpstr (after, ==, before);
  store = test_try_open (folder, "battery staple", &error);
  g_assert_no_error (error);
  test_close (store);
  sotto_store_open_async (folder, recovery, NULL, test_ready, &fourth);
  store = sotto_store_open_finish (test_wait (&fourth), &error);
  g_assert_no_error (error);
  g_clear_object (&fourth);
  test_check (store);
  test_close (store);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/slots", test_slots);
  return g_test_run ();
}
