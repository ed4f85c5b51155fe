/* A picture and a model that sees none: what is said of it, and the way to a model that sees, where there is one. */
#include "life.h"
#include "look-pixels.h"

#include <string.h>

#include "model/model-entry-private.h"

#include "composer/model-row.h"
#include "composer/picture-notice.h"
#include "window-private.h"

static gboolean
has_both (gpointer app)
{
  GListModel *models = G_LIST_MODEL (sotto_app_get_models (app));
  guint n_usable = 0;

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      n_usable += sotto_model_entry_is_usable (entry) ? 1 : 0;
    }

  return n_usable == 2 && !sotto_model_library_is_looking (sotto_app_get_models (app));
}

static gboolean
is_attached (gpointer conversation)
{
  return g_list_model_get_n_items (sotto_conversation_get_attachments (conversation)) > 0;
}

/* Returns: (transfer none): the one that the conversation does not use */
static SottoModelEntry *
find_other (SottoApp          *app,
            SottoConversation *conversation)
{
  GListModel *models = G_LIST_MODEL (sotto_app_get_models (app));
  g_autoptr (SottoModelEntry) first = g_list_model_get_item (models, 0);
  g_autoptr (SottoModelEntry) second = g_list_model_get_item (models, 1);

  return sotto_conversation_get_model (conversation) == first ? second : first;
}

static GtkWidget *
find_row (GtkWidget       *from,
          SottoModelEntry *entry)
{
  GtkWidget *found = SOTTO_IS_MODEL_ROW (from) && sotto_model_row_get_entry (SOTTO_MODEL_ROW (from)) == entry ? from : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (from); found == NULL && child != NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_row (child, entry);

  return found;
}

static gboolean
says (GtkWidget  *notice,
      const char *words)
{
  GtkWidget *label = harness_find (notice, GTK_TYPE_LABEL);

  return label != NULL && strstr (gtk_label_get_text (GTK_LABEL (label)), words) != NULL;
}

static void
attach (SottoConversation *conversation)
{
  g_autoptr (GBytes) file = look_pixels_create (40, 40, 0xe01b24, 0x26a269);

  sotto_conversation_attach_bytes_async (conversation, file, "cat.png", NULL, NULL, NULL);
  harness_wait_for (is_attached, conversation, 20);
  harness_run (0.3);
}

static void
choose_life (SottoApp  *app,
             GtkWindow *window)
{
  const SottoModelFacts eyes = { .path = (char *) "/nowhere/mmproj-eyes.gguf", .size = 1000 };
  SottoConversation *conversation;
  SottoModelEntry *other;
  GtkWidget *notice, *row;

  if (!harness_link_model ("SmolLM2-135M") || !harness_link_model ("Qwen2.5-Coder-0.5B"))
    {
      g_test_skip ("the two starter models are not on this machine");
      return;
    }
  life_start_temporary (app);
  harness_wait_for (has_both, app, 30);
  harness_run (0.5);
  conversation = SOTTO_WINDOW (window)->conversation;
  other = find_other (app, conversation);
  g_assert_null (harness_find (GTK_WIDGET (window), SOTTO_TYPE_PICTURE_NOTICE));

  /* None sees: what is missing is said, and there is nothing to choose. */
  attach (conversation);
  notice = harness_find (GTK_WIDGET (window), SOTTO_TYPE_PICTURE_NOTICE);
  g_assert_nonnull (notice);
  g_assert_true (says (notice, "mmproj"));
  g_assert_null (harness_find_button (notice, "Choose Another…"));

  /* One that sees is a button and a row away, and then there is nothing to be said. */
  sotto_model_entry_set_vision (other, &eyes, NULL);
  g_object_notify (G_OBJECT (sotto_app_get_models (app)), "looking");
  harness_run (0.3);
  g_assert_false (says (notice, "mmproj"));
  life_assert_named (notice);
  life_click (notice, "Choose Another…");
  harness_run (0.5);
  row = find_row (GTK_WIDGET (window), other);
  g_assert_nonnull (row);
  g_assert_true (gtk_widget_get_mapped (row));
  g_signal_emit_by_name (gtk_widget_get_ancestor (row, GTK_TYPE_LIST_BOX), "row-activated", row);
  harness_run (0.5);
  g_assert_true (sotto_conversation_get_model (conversation) == other);
  g_assert_false (gtk_widget_get_mapped (notice));
}

static void
test_choose (void)
{
  life_run (NULL, choose_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/picture-notice/choose", test_choose);

  return g_test_run ();
}
