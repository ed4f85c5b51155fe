#include "state-page.h"

#include <glib/gi18n.h>

#include "button-wrap.h"

/* What a person can do in a state. */
typedef enum {
  ENTRY_NONE,        /* a button that tries again */
  ENTRY_UNLOCK,      /* a button that opens it */
  ENTRY_NEW,         /* choose a passphrase */
  ENTRY_PASSPHRASE,  /* enter it */
  ENTRY_CODE,        /* enter the recovery code */
} Entry;

typedef struct {
  SottoAppState state;
  const char *icon;
  const char *title;
  const char *description;
  Entry entry;
  gboolean has_code;  /* whether the recovery code helps */
  gboolean has_backup; /* whether a backup does */
} Page;

static const Page pages[] = {
  { SOTTO_APP_STATE_FIRST_START, "channel-secure-symbolic", N_("Choose a Passphrase"),
    N_("Conversations are kept on this computer only, encrypted. There is no keyring here that could hold the "
       "key, so you need a passphrase to open them."), ENTRY_NEW, FALSE, TRUE },
  { SOTTO_APP_STATE_LOCKED, "channel-secure-symbolic", N_("Your Conversations Are Locked"),
    N_("Their key is in your keyring."), ENTRY_UNLOCK, TRUE, FALSE },
  { SOTTO_APP_STATE_NEEDS_PASSPHRASE, "channel-secure-symbolic", N_("Your Conversations Are Locked"),
    N_("Enter your passphrase to open them."), ENTRY_PASSPHRASE, TRUE, FALSE },
  { SOTTO_APP_STATE_KEYRING_LOCKED, "channel-secure-symbolic", N_("The Keyring Is Locked"),
    N_("The key of your conversations is in your keyring. Unlock it and try again."), ENTRY_NONE, TRUE, FALSE },
  { SOTTO_APP_STATE_KEYRING_DENIED, "channel-secure-symbolic", N_("The Keyring Did Not Give the Key"),
    N_("The key of your conversations is in your keyring, which refused to hand it out."), ENTRY_NONE, TRUE, FALSE },
  { SOTTO_APP_STATE_KEYRING_ABSENT, "channel-secure-symbolic", N_("The Key Is Not Here"),
    N_("The key of your conversations was kept in a keyring that is not available now."), ENTRY_NONE, TRUE, TRUE },
  { SOTTO_APP_STATE_WRONG, "dialog-warning-symbolic", N_("The Key Does Not Fit"),
    N_("The keyring holds another key than the one your conversations were encrypted with."), ENTRY_CODE, FALSE, TRUE },
  { SOTTO_APP_STATE_CORRUPT, "dialog-error-symbolic", N_("Your Conversations Cannot Be Read"),
    N_("The file is damaged. Sotto has not changed it; a backup can be put in its place."), ENTRY_NONE, FALSE, TRUE },
  { SOTTO_APP_STATE_IN_USE, "dialog-information-symbolic", N_("Sotto Is Already Running"),
    N_("Your conversations are open in another window or by another user’s session."), ENTRY_NONE, FALSE, FALSE },
  { SOTTO_APP_STATE_NEWER, "dialog-information-symbolic", N_("A Newer Sotto Is Needed"),
    N_("Your conversations were written by a newer version. They have not been changed."), ENTRY_NONE, FALSE, FALSE },
  { SOTTO_APP_STATE_FAILED, "dialog-error-symbolic", N_("Your Conversations Could Not Be Opened"),
    "", ENTRY_NONE, FALSE, FALSE },
};

struct _SottoStatePage {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkStack *stack;
  GtkRevealer *waiting;
  AdwStatusPage *status;
  GtkWidget *entries;
  GtkEditable *passphrase_row;
  GtkEditable *repeat_row;
  GtkEditable *code_row;
  GtkLabel *message;
  GtkButton *submit_button;
  GtkButton *code_button;
  GtkButton *restore_button;
  GtkButton *temporary_button;

  /* Owned */
  SottoApp *app;

  Entry entry;
  SottoAppState shown;
  guint waiting_source;  /* until it is said what is waited for */
};

G_DEFINE_FINAL_TYPE (SottoStatePage, sotto_state_page, ADW_TYPE_BIN)

static const Page *
find_page (SottoAppState state)
{
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (pages[i].state == state)
      return &pages[i];

  return NULL;
}

static void
update_button (SottoStatePage *self)
{
  gboolean can = TRUE;

  if (self->entry == ENTRY_NEW)
    can = *gtk_editable_get_text (self->passphrase_row) != '\0' &&
          g_str_equal (gtk_editable_get_text (self->passphrase_row), gtk_editable_get_text (self->repeat_row));
  else if (self->entry == ENTRY_PASSPHRASE)
    can = *gtk_editable_get_text (self->passphrase_row) != '\0';
  else if (self->entry == ENTRY_CODE)
    can = *gtk_editable_get_text (self->code_row) != '\0';

  gtk_widget_set_sensitive (GTK_WIDGET (self->submit_button), can);
}

static void
set_entry (SottoStatePage *self,
           Entry           entry)
{
  /* Translators: buttons: open conversations that were locked; begin to keep them; open them with a passphrase or a code */
  static const char *const labels[] = { N_("_Try Again"), N_("_Unlock"), N_("_Begin"), N_("_Open"), N_("_Open") };
  gboolean is_typed = entry != ENTRY_NONE && entry != ENTRY_UNLOCK;

  self->entry = entry;
  gtk_widget_set_visible (self->entries, is_typed);
  gtk_widget_set_visible (GTK_WIDGET (self->passphrase_row), entry == ENTRY_NEW || entry == ENTRY_PASSPHRASE);
  gtk_widget_set_visible (GTK_WIDGET (self->repeat_row), entry == ENTRY_NEW);
  gtk_widget_set_visible (GTK_WIDGET (self->code_row), entry == ENTRY_CODE);
  gtk_button_set_label (self->submit_button, _(labels[entry]));
  update_button (self);

  if (entry == ENTRY_CODE)
    gtk_widget_grab_focus (GTK_WIDGET (self->code_row));
  else if (is_typed)
    gtk_widget_grab_focus (GTK_WIDGET (self->passphrase_row));
  else if (entry == ENTRY_UNLOCK)
    gtk_widget_grab_focus (GTK_WIDGET (self->submit_button));
}

/* Opening takes a moment; only a keyring that asks for its password takes longer. */
#define PATIENCE_SECONDS 3

static gboolean
on_long_wait (gpointer data)
{
  SottoStatePage *self = data;

  self->waiting_source = 0;
  gtk_widget_set_visible (GTK_WIDGET (self->waiting), TRUE);
  gtk_revealer_set_reveal_child (self->waiting, TRUE);

  return G_SOURCE_REMOVE;
}

static void
update_waiting (SottoStatePage *self,
                gboolean        is_opening)
{
  g_clear_handle_id (&self->waiting_source, g_source_remove);
  gtk_revealer_set_reveal_child (self->waiting, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->waiting), FALSE);
  if (is_opening)
    self->waiting_source = g_timeout_add_seconds (PATIENCE_SECONDS, on_long_wait, self);
}

static void
on_stop_waiting (SottoStatePage *self)
{
  sotto_app_stop_waiting (self->app);
}

static void
update (SottoStatePage *self)
{
  SottoAppState state = sotto_app_get_state (self->app);
  SottoProblem *problem = sotto_app_get_problem (self->app);
  const Page *page = find_page (state);

  update_waiting (self, state == SOTTO_APP_STATE_OPENING);

  if (page == NULL)
    {
      /* Who locks it again is shown the first thing first. */
      if (state == SOTTO_APP_STATE_READY)
        {
          self->shown = SOTTO_APP_STATE_CLOSED;
          /* What was entered is not kept in the widgets. */
          gtk_editable_set_text (self->passphrase_row, "");
          gtk_editable_set_text (self->repeat_row, "");
          gtk_editable_set_text (self->code_row, "");
        }
      gtk_stack_set_visible_child_name (self->stack, "opening");
      return;
    }

  adw_status_page_set_icon_name (self->status, page->icon);
  adw_status_page_set_title (self->status, _(page->title));
  if (*page->description != '\0')
    adw_status_page_set_description (self->status, _(page->description));
  else
    {
      g_autofree char *text = g_markup_escape_text (problem != NULL ? sotto_problem_get_text (problem) : "", -1);

      adw_status_page_set_description (self->status, text);
    }

  /* Only an attempt can have gone wrong; the state itself is said above. */
  gtk_widget_set_visible (GTK_WIDGET (self->message), problem != NULL && page->entry != ENTRY_NONE);
  if (problem != NULL)
    gtk_label_set_label (self->message, sotto_problem_get_text (problem));

  gtk_widget_set_visible (GTK_WIDGET (self->code_button), page->has_code);
  gtk_widget_set_visible (GTK_WIDGET (self->restore_button), page->has_backup);
  gtk_widget_set_visible (GTK_WIDGET (self->temporary_button), TRUE);
  gtk_stack_set_visible_child_name (self->stack, "state");
  if (self->shown != state || self->entry != ENTRY_CODE)
    set_entry (self, page->entry);
  self->shown = state;
}

static void
on_submit (SottoStatePage *self)
{
  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->submit_button)))
    return;

  switch (self->entry)
    {
    case ENTRY_NEW:
      sotto_app_create_async (self->app, gtk_editable_get_text (self->passphrase_row), NULL, NULL, NULL);
      break;
    case ENTRY_PASSPHRASE:
      sotto_app_unlock_async (self->app, gtk_editable_get_text (self->passphrase_row), NULL, NULL, NULL);
      break;
    case ENTRY_CODE:
      sotto_app_recover_async (self->app, gtk_editable_get_text (self->code_row), NULL, NULL, NULL);
      break;
    case ENTRY_UNLOCK:
    case ENTRY_NONE:
    default:
      sotto_app_open_async (self->app, NULL, NULL, NULL);
      break;
    }
}

static void
on_use_code (SottoStatePage *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->code_button), FALSE);
  set_entry (self, ENTRY_CODE);
}

static void
on_temporary (SottoStatePage *self)
{
  sotto_app_start_temporary (self->app);
}

void
sotto_state_page_set_app (SottoStatePage *self,
                          SottoApp       *app)
{
  g_return_if_fail (SOTTO_IS_STATE_PAGE (self));

  g_set_object (&self->app, app);
  g_signal_connect_object (app, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (app, "notify::problem", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

static void
sotto_state_page_dispose (GObject *object)
{
  SottoStatePage *self = SOTTO_STATE_PAGE (object);

  g_clear_handle_id (&self->waiting_source, g_source_remove);
  g_clear_object (&self->app);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_STATE_PAGE);

  G_OBJECT_CLASS (sotto_state_page_parent_class)->dispose (object);
}

static void
sotto_state_page_class_init (SottoStatePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_state_page_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/state-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, waiting);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, status);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, entries);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, passphrase_row);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, repeat_row);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, code_row);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, message);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, submit_button);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, code_button);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, restore_button);
  gtk_widget_class_bind_template_child (widget_class, SottoStatePage, temporary_button);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_waiting);
  gtk_widget_class_bind_template_callback (widget_class, on_submit);
  gtk_widget_class_bind_template_callback (widget_class, on_temporary);
  gtk_widget_class_bind_template_callback (widget_class, on_use_code);
  gtk_widget_class_bind_template_callback (widget_class, update_button);
}

static void
sotto_state_page_init (SottoStatePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_button_let_wrap (self->submit_button);
  sotto_button_let_wrap (self->code_button);
  sotto_button_let_wrap (self->restore_button);
  sotto_button_let_wrap (self->temporary_button);
}
