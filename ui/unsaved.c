#include "unsaved.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static const struct {
  const char *heading;
  const char *button;
} words[] = {
  [SOTTO_LEAVING_CLOSE] = { N_("Close Without Saving?"), N_("Close _Anyway") },
  [SOTTO_LEAVING_LOCK] = { N_("Lock Without Saving?"), N_("Lock _Anyway") },
};

static void
on_chosen (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *response = adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result);

  g_task_return_boolean (task, g_str_equal (response, "leave"));
}

static void
ask (GTask        *task,
     SottoProblem *problem)
{
  const SottoLeaving leaving = GPOINTER_TO_INT (g_task_get_task_data (task));
  g_autofree char *body = g_strdup_printf ("%s\n\n%s", sotto_problem_get_text (problem),
                                           _("What you wrote or chose last would be lost."));
  AdwAlertDialog *dialog = ADW_ALERT_DIALOG (adw_alert_dialog_new (_(words[leaving].heading), body));

  adw_alert_dialog_add_responses (dialog, "cancel", _("_Cancel"), "leave", _(words[leaving].button), NULL);
  adw_alert_dialog_set_response_appearance (dialog, "leave", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (dialog, "cancel");
  adw_alert_dialog_set_close_response (dialog, "cancel");
  adw_alert_dialog_choose (dialog, g_task_get_source_object (task), NULL, on_chosen, g_object_ref (task));
}

static void
on_saved (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (SottoProblem) problem = sotto_app_save_finish (SOTTO_APP (source), result);

  if (problem != NULL)
    ask (task, problem);
  else
    g_task_return_boolean (task, TRUE);
}

void
sotto_unsaved_ask_async (GtkWidget           *parent,
                         SottoApp            *app,
                         SottoLeaving         leaving,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  GTask *task = g_task_new (parent, NULL, callback, user_data);

  g_task_set_task_data (task, GINT_TO_POINTER (leaving), NULL);
  sotto_app_save_async (app, on_saved, task);
}

gboolean
sotto_unsaved_ask_finish (GtkWidget    *parent,
                          GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, parent), FALSE);

  return g_task_propagate_boolean (G_TASK (result), NULL);
}
