#include "config.h"

#include "conversation/conversation-private.h"

#include <glib/gi18n-lib.h>

#include "model/model-entry-private.h"
#include "model/model-library-private.h"

/* What a conversation is called, what is being typed into it, which model it is held with, and
 * under which date it stands. */

/* How long a draft may be typed on before it is saved */
#define DRAFT_DELAY_MS 500

/* --- Title --- */

static void
on_renamed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_rename_conversation_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_TITLE, error);
}

void
sotto_conversation_keep_title (SottoConversation *self)
{
  if (self->is_stored && self->services->store != NULL)
    sotto_store_rename_conversation_async (self->services->store, self->id, self->title, NULL, on_renamed,
                                           sotto_conversation_begin_save (self));
}

void
sotto_conversation_set_title (SottoConversation *self, const char *title)
{
  g_autofree char *line = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  line = sotto_conversation_shorten (title != NULL ? title : "", 200, FALSE);
  if (line[0] == '\0' || !g_set_str (&self->title, line))
    return;

  sotto_conversation_keep_title (self);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_TITLE);
}

const char *
sotto_conversation_get_name (SottoConversation *self)
{
  SottoGroup *group;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), "");

  if (self->title[0] != '\0')
    return self->title;
  group = sotto_conversation_get_group (self);
  /* Translators: a conversation that has no title */
  if (self->is_stored)
    return _("Untitled");
  if (group != NULL)
    {
      g_free (self->name);
      /* Translators: %s is the name of a group of conversations */
      self->name = g_strdup_printf (_("New Chat in “%s”"), sotto_group_get_name (group));
      return self->name;
    }
  return self->services->is_temporary ? _("Temporary Chat") : _("New Chat");
}

/* --- Pin --- */

static void
on_pinned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_pin_conversation_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_PIN, error);
}

void
sotto_conversation_keep_pin (SottoConversation *self)
{
  if (self->services->store != NULL)
    sotto_store_pin_conversation_async (self->services->store, self->id, self->is_pinned, NULL, on_pinned,
                                        sotto_conversation_begin_save (self));
}

gboolean
sotto_conversation_is_pinned (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);

  return self->is_pinned;
}

void
sotto_conversation_set_pinned (SottoConversation *self, gboolean is_pinned)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  /* What is temporary stands above all of them. */
  if (!self->is_stored || self->is_deleted || self->services->is_temporary || self->is_pinned == !!is_pinned)
    return;

  self->is_pinned = !!is_pinned;
  sotto_conversation_keep_pin (self);
  /* The list moves it, and asks for its heading then. */
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DATE_GROUP);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_GROUP_TITLE);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_PINNED);
}

/* --- Draft --- */

static gboolean
on_draft_due (gpointer user_data)
{
  sotto_conversation_flush_draft (user_data);
  return G_SOURCE_REMOVE;
}

static void
save_draft_after (SottoConversation *self, guint delay_ms)
{
  if (self->draft_source == 0 && !self->is_deleted)
    self->draft_source = g_timeout_add (delay_ms, on_draft_due, self);
}

static void
on_draft_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_set_draft_finish (SOTTO_STORE (source), result, &error);
  if (sotto_conversation_is_to_save_again (self, SOTTO_STORE (source), error))
    save_draft_after (self, SOTTO_CONVERSATION_AGAIN_MS);
}

void
sotto_conversation_flush_draft (SottoConversation *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  sotto_conversation_flush_instructions (self);
  sotto_conversation_flush_answer_form (self);
  sotto_conversation_flush_unsaved (self);
  if (self->draft_source == 0)
    return;

  g_clear_handle_id (&self->draft_source, g_source_remove);
  if (self->services->store != NULL && !self->is_deleted)
    sotto_store_set_draft_async (self->services->store, self->is_stored
                                 ? self->id : NULL, self->draft,
                                 NULL, on_draft_saved, sotto_conversation_begin_save (self));
}

void
sotto_conversation_save_draft_again (SottoConversation *self)
{
  save_draft_after (self, DRAFT_DELAY_MS);
}

void
sotto_conversation_set_draft (SottoConversation *self, const char *draft)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  if (!g_set_str (&self->draft, draft != NULL ? draft : ""))
    return;

  save_draft_after (self, DRAFT_DELAY_MS);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DRAFT);
}

/* As it stands in the history: nothing is to be saved. */
void
sotto_conversation_take_draft (SottoConversation *self, const char *draft)
{
  g_clear_handle_id (&self->draft_source, g_source_remove);
  if (g_set_str (&self->draft, draft))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DRAFT);
}

/* --- Model --- */

SottoHistoryModel *
sotto_conversation_create_history_model (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return model != NULL ? sotto_history_model_new (sotto_model_entry_get_path (model),
                                                  sotto_model_entry_get_name (model),
                                                  sotto_model_entry_get_hash (model))
                       : NULL;
}

static void
on_model_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_set_model_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_MODEL, error);
}

void
sotto_conversation_save_model (SottoConversation *self)
{
  g_autoptr (SottoHistoryModel) record = sotto_conversation_create_history_model (self);

  if (record != NULL && self->is_stored && self->services->store != NULL)
    sotto_store_set_model_async (self->services->store, self->id, record, NULL, on_model_saved,
                                 sotto_conversation_begin_save (self));
}

void
sotto_conversation_keep_model (SottoConversation *self, SottoModelEntry *model)
{
  if (!g_set_object (&self->model, model))
    return;
  g_clear_pointer (&self->model_path, g_free);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_MODEL);
  sotto_conversation_save_model (self);
}

void
sotto_conversation_set_model (SottoConversation *self, SottoModelEntry *model)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (model == NULL || SOTTO_IS_MODEL_ENTRY (model));

  sotto_conversation_keep_model (self, model);
  if (model != NULL && sotto_model_entry_get_state (model) == SOTTO_MODEL_STATE_AVAILABLE)
    sotto_inference_load (self->services->inference, sotto_model_entry_get_path (model));
}

SottoModelEntry *
sotto_conversation_get_model (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);

  if (self->model == NULL && self->model_path != NULL)
    self->model = sotto_model_library_remember (self->services->library, self->model_path,
                                                self->model_name);
  return self->model != NULL
           ? self->model : sotto_model_library_get_default (self->services->library);
}

/* --- Dates --- */

static int
days_ago (GDateTime *date)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  GDate then = { 0 };
  GDate today = { 0 };

  g_date_set_dmy (&then, (GDateDay) g_date_time_get_day_of_month (date),
                  (GDateMonth) g_date_time_get_month (date),
                    (GDateYear) g_date_time_get_year (date));
  g_date_set_dmy (&today, (GDateDay) g_date_time_get_day_of_month (now),
                  (GDateMonth) g_date_time_get_month (now), (GDateYear) g_date_time_get_year (now));
  return g_date_days_between (&then, &today);
}

SottoDateGroup
sotto_conversation_get_date_group (SottoConversation *self)
{
  int days;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), SOTTO_DATE_GROUP_TODAY);

  if (self->services->is_temporary)
    return SOTTO_DATE_GROUP_TEMPORARY;
  if (self->is_pinned)
    return SOTTO_DATE_GROUP_PINNED;
  if (sotto_conversation_get_group (self) != NULL)
    return SOTTO_DATE_GROUP_GROUPED;

  days = days_ago (self->last_used);
  if (days <= 0)
    return SOTTO_DATE_GROUP_TODAY;
  if (days == 1)
    return SOTTO_DATE_GROUP_YESTERDAY;
  if (days <= 7)
    return SOTTO_DATE_GROUP_WEEK;
  return days <= 30 ? SOTTO_DATE_GROUP_30_DAYS : SOTTO_DATE_GROUP_MONTH;
}

const char *
sotto_conversation_get_group_title (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);

  switch (sotto_conversation_get_date_group (self))
    {
    case SOTTO_DATE_GROUP_TEMPORARY:
      /* Translators: a heading above the conversations that are not kept */
      return _("Temporary");
    case SOTTO_DATE_GROUP_PINNED:
      /* Translators: a heading above the conversations that were pinned to the top of the list */
      return _("Pinned");
    case SOTTO_DATE_GROUP_GROUPED:
      /* Translators: a heading above groups of conversations */
      return _("Groups");
    case SOTTO_DATE_GROUP_TODAY:
      return _("Today");
    case SOTTO_DATE_GROUP_YESTERDAY:
      return _("Yesterday");
    case SOTTO_DATE_GROUP_WEEK:
      return _("Previous 7 Days");
    case SOTTO_DATE_GROUP_30_DAYS:
      return _("Previous 30 Days");
    case SOTTO_DATE_GROUP_MONTH:
    default:
      g_free (self->month);
      /* Translators: a heading over the conversations of a month: “March 2026”; %OB is the month as it stands alone, %Y the year */
      self->month = g_date_time_format (self->last_used, _("%OB %Y"));
      return self->month;
    }
}
