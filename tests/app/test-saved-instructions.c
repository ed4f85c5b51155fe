/* Instructions that a person has saved under names: kept, in order, encrypted, and read whatever is there. */
#include "harness.h"

#include <string.h>

#define SETTING "saved-instructions"

static gboolean
has_some (gpointer list)
{
  return g_list_model_get_n_items (list) > 0;
}

static SottoSavedInstructions *
read_saved (SottoApp *app, gboolean some)
{
  SottoSavedInstructions *saved = sotto_saved_instructions_new (app);

  if (some)
    harness_wait_for (has_some, sotto_saved_instructions_get_list (saved), 20);
  else
    harness_flush (app);
  return saved;
}

/* @names: NULL-terminated */
static void
assert_names (SottoSavedInstructions *saved, const char *const *names)
{
  GListModel *list = sotto_saved_instructions_get_list (saved);

  g_assert_cmpuint (g_list_model_get_n_items (list), ==, g_strv_length ((char **) names));
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (SottoInstructions) item = g_list_model_get_item (list, i);

      g_assert_cmpstr (sotto_instructions_get_name (item), ==, names[i]);
    }
}

static char *
dup_text (SottoSavedInstructions *saved, guint position)
{
  g_autoptr (SottoInstructions) item = g_list_model_get_item (sotto_saved_instructions_get_list (saved), position);

  return g_strdup (sotto_instructions_get_text (item));
}

static void
test_life (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (SottoSavedInstructions) saved = NULL;
  g_autofree char *changed = NULL;
  g_autofree char *again = NULL;
  g_autofree char *long_name = g_strnfill (300, 'x');
  g_autofree char *cut = g_strnfill (SOTTO_INSTRUCTIONS_NAME_BYTES, 'x');

  /* Before they are read there is nothing to put another one beside. */
  saved = sotto_saved_instructions_new (app);
  g_assert_false (sotto_saved_instructions_add (saved, "Early", "Text"));
  g_clear_object (&saved);
  saved = read_saved (app, FALSE);
  assert_names (saved, (const char *const[]) { NULL });

  g_assert_true (sotto_saved_instructions_add (saved, "Poet", "Answer in verse.\nAlways."));
  g_assert_true (sotto_saved_instructions_add (saved, "  Editor \n", "Korrigiere, was ich schreibe: “ü”."));
  g_assert_true (sotto_saved_instructions_add (saved, "Lawyer", "Doubt."));
  g_assert_false (sotto_saved_instructions_add (saved, " ", "Nameless"));
  g_assert_false (sotto_saved_instructions_add (saved, "Nothing", ""));
  g_assert_cmpuint (g_list_model_get_n_items (sotto_saved_instructions_get_list (saved)), ==, 3);
  g_assert_true (sotto_saved_instructions_add (saved, "Poet", "Answer in prose."));
  g_assert_cmpuint (g_list_model_get_n_items (sotto_saved_instructions_get_list (saved)), ==, 3);
  sotto_saved_instructions_remove (saved, "Lawyer");
  sotto_saved_instructions_remove (saved, "Nobody");
  g_assert_true (sotto_saved_instructions_add (saved, long_name, "Long"));
  g_assert_null (sotto_saved_instructions_get_problem (saved));
  g_clear_object (&saved);
  harness_close (app);

  app = harness_open ();
  saved = read_saved (app, TRUE);
  assert_names (saved, (const char *const[]) { "Editor", "Poet", cut, NULL });
  changed = dup_text (saved, 1);
  g_assert_cmpstr (changed, ==, "Answer in prose.");
  again = dup_text (saved, 0);
  g_assert_cmpstr (again, ==, "Korrigiere, was ich schreibe: “ü”.");
  g_clear_object (&saved);
  harness_close (app);
}

static void
set_setting (SottoApp *app, const char *value)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_set_setting_async (app->services->store, SETTING, value, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  sotto_store_set_setting_finish (app->services->store, result, &error);
  g_assert_no_error (error);
}

static void
count_change (GListModel *list, guint position, guint removed, guint added, gpointer n_changes)
{
  *(guint *) n_changes += 1;
}

/* Of what is not as it should be, what can be read is there. */
static void
test_damaged (void)
{
  static const char *const nothing[] = { "", "x", "{", "{\"name\":\"a\",\"text\":\"b\"}", "[1,null,\"x\",[],{}]",
                                         "[{\"name\":1,\"text\":\"b\"},{\"name\":\"a\"},{\"name\":\"\",\"text\":\"b\"}]" };
  SottoApp *app = harness_open ();

  for (guint i = 0; i < G_N_ELEMENTS (nothing); i++)
    {
      g_autoptr (SottoSavedInstructions) saved = NULL;

      set_setting (app, nothing[i]);
      saved = read_saved (app, FALSE);
      assert_names (saved, (const char *const[]) { NULL });
      g_assert_null (sotto_saved_instructions_get_problem (saved));
    }
  {
    g_autoptr (SottoSavedInstructions) saved = NULL;
    guint n_changes = 0;

    set_setting (app, "[{\"name\":\"b\",\"text\":\"1\",\"more\":[]},7,{\"text\":\"2\",\"name\":\"a\"},{\"name\":\"b\",\"text\":\"3\"}]");
    saved = sotto_saved_instructions_new (app);
    g_signal_connect (sotto_saved_instructions_get_list (saved), "items-changed", G_CALLBACK (count_change), &n_changes);
    harness_wait_for (has_some, sotto_saved_instructions_get_list (saved), 20);
    assert_names (saved, (const char *const[]) { "a", "b", NULL });
    g_assert_cmpuint (n_changes, ==, 1);
  }
  harness_close (app);
}

static gboolean
has_problem (gpointer saved)
{
  return sotto_saved_instructions_get_problem (saved) != NULL;
}

/* What can't be kept is said. */
static void
test_closed (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (SottoSavedInstructions) saved = read_saved (app, FALSE);

  harness_close (app);
  sotto_saved_instructions_add (saved, "Late", "Text");
  harness_wait_for (has_problem, saved, 20);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/saved-instructions/life", test_life);
  g_test_add_func ("/app/saved-instructions/damaged", test_damaged);
  g_test_add_func ("/app/saved-instructions/closed", test_closed);
  return g_test_run ();
}
