#include "conversation/conversation-private.h"

#include "tools/tool-private.h"

/* Which tools its model may use while it answers: what a person has chosen, which a new conversation begins with as the last one
 * was left. Not all of them can be used everywhere, nor by every model; what was chosen stays chosen. */

/* What was chosen last, in whichever conversation: names with blanks between */
#define SETTING "tools"

static const char *const none[] = { NULL };

const char *const *
sotto_conversation_get_tools (SottoConversation *self)
{
  return self->tools != NULL ? (const char *const *) self->tools : none;
}

void
sotto_conversation_take_tools (SottoConversation *self, const char *const *names)
{
  g_auto (GStrv) before = g_steal_pointer (&self->tools);

  self->tools = g_strdupv ((char **) names);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_TOOLS);
}

void
sotto_conversation_describe_place (SottoConversation *self, SottoToolPlace *place)
{
  place->services = self->services;
  place->conversation = self->id;
  place->folders = sotto_conversation_get_folders (self);
}

char **
sotto_conversation_choose_tools (SottoConversation *self, SottoModelEntry *model)
{
  SottoToolPlace place;

  sotto_conversation_describe_place (self, &place);
  return sotto_tools_choose (sotto_model_entry_has_tools (model) ? sotto_conversation_get_tools (self) : none, &place);
}

/* --- Keeping them --- */

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  /* What is not there yet gets them with its first message. */
  sotto_store_set_conversation_tools_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_TOOLS, error);
}

void
sotto_conversation_keep_tools (SottoConversation *self)
{
  if (self->services->store == NULL || self->is_deleted || self->tools == NULL)
    return;
  if (self->is_stored || self->reply_state == SOTTO_REPLY_STATE_SAVING)
    sotto_store_set_conversation_tools_async (self->services->store, self->id, sotto_conversation_get_tools (self), NULL, on_kept,
                                              sotto_conversation_begin_save (self));
}

/* A temporary conversation leaves no trace, in this neither. */
static void
keep_choice (SottoConversation *self)
{
  g_autofree char *joined = NULL;

  if (self->services->is_temporary || self->services->store == NULL)
    return;
  joined = g_strjoinv (" ", self->tools);
  g_set_str (&self->services->tools, joined);
  sotto_conversation_keep_setting (self, SETTING, joined);
}

static void
take_choice (SottoConversation *self, const char *joined)
{
  g_auto (GStrv) names = *joined != '\0' ? g_strsplit (joined, " ", -1) : NULL;

  if (names != NULL && self->tools == NULL && !self->is_stored)
    sotto_conversation_take_tools (self, (const char *const *) names);
}

static void
on_setting_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autofree char *joined = sotto_store_get_setting_finish (SOTTO_STORE (source), result, NULL);

  if (joined == NULL || self->services->store != SOTTO_STORE (source))
    return;
  if (self->services->tools == NULL)
    self->services->tools = g_strdup (joined);
  take_choice (self, self->services->tools);
}

void
sotto_conversation_begin_with_tools (SottoConversation *self)
{
  if (self->services->tools != NULL)
    take_choice (self, self->services->tools);
  else if (self->services->store != NULL && !self->services->is_temporary)
    sotto_store_get_setting_async (self->services->store, SETTING, NULL, on_setting_read, g_object_ref (self));
}

/* --- What others ask --- */

void
sotto_conversation_set_uses_tool (SottoConversation *self, const SottoTool *tool, gboolean uses)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  const char *name;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (tool != NULL);

  if (sotto_conversation_uses_tool (self, tool) == !!uses)
    return;

  name = sotto_tool_get_name (tool);
  for (guint i = 0; self->tools != NULL && self->tools[i] != NULL; i++)
    if (!g_str_equal (self->tools[i], name))
      g_strv_builder_add (builder, self->tools[i]);
  if (uses)
    g_strv_builder_add (builder, name);
  names = g_strv_builder_end (builder);
  sotto_conversation_take_tools (self, (const char *const *) names);
  sotto_conversation_keep_tools (self);
  keep_choice (self);
}

gboolean
sotto_conversation_uses_tool (SottoConversation *self, const SottoTool *tool)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  g_return_val_if_fail (tool != NULL, FALSE);

  return g_strv_contains (sotto_conversation_get_tools (self), sotto_tool_get_name (tool));
}

gboolean
sotto_conversation_can_use_tool (SottoConversation *self, const SottoTool *tool)
{
  SottoToolPlace place;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  g_return_val_if_fail (tool != NULL, FALSE);

  /* A call has no place in an answer that has a form. */
  if (sotto_answer_form_get_format (self->answer_form) != SOTTO_ANSWER_FORMAT_TEXT)
    return FALSE;
  sotto_conversation_describe_place (self, &place);
  return sotto_tool_is_usable (tool, &place);
}

guint
sotto_conversation_get_n_tools (SottoConversation *self)
{
  guint n = 0;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);

  for (guint i = 0; i < sotto_tools_get_n (); i++)
    n += sotto_conversation_uses_tool (self, sotto_tools_get (i)) && sotto_conversation_can_use_tool (self, sotto_tools_get (i));
  return n;
}
