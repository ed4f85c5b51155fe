#include "conversation/conversation-private.h"

/* The object itself. Title, draft, model and date stand in conversation-details.c, the path of
 * messages in conversation-path.c, what comes before them in conversation-instructions.c, sending in
 * conversation-send.c, replies in conversation-reply.c. */

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoConversation, sotto_conversation, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GParamSpec *properties[SOTTO_CONVERSATION_N_PROPS];
static guint nothing_found;

static GType
conversation_get_item_type (GListModel *model)
{
  return SOTTO_TYPE_MESSAGE;
}

static guint
conversation_get_n_items (GListModel *model)
{
  return SOTTO_CONVERSATION (model)->rows->len;
}

static gpointer
conversation_get_item (GListModel *model, guint position)
{
  SottoConversation *self = SOTTO_CONVERSATION (model);

  return position < self->rows->len
         ? g_object_ref (sotto_conversation_path_get (self, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = conversation_get_item_type;
  iface->get_n_items = conversation_get_n_items;
  iface->get_item = conversation_get_item;
}

static void
sotto_conversation_finalize (GObject *object)
{
  SottoConversation *self = SOTTO_CONVERSATION (object);

  g_clear_handle_id (&self->draft_source, g_source_remove);
  g_clear_handle_id (&self->unsaved_source, g_source_remove);
  g_clear_object (&self->save_problem);
  g_clear_handle_id (&self->instructions_source, g_source_remove);
  sotto_conversation_path_clear (self);
  sotto_conversation_attachments_clear (self);
  sotto_conversation_clear_answer_form (self);
  g_clear_object (&self->model);
  g_clear_object (&self->group);
  g_clear_object (&self->reply);
  sotto_conversation_clear_kept (self);
  g_clear_pointer (&self->unhashed, g_ptr_array_unref);
  g_clear_object (&self->problem);
  g_clear_pointer (&self->last_used, g_date_time_unref);
  g_free (self->id);
  g_free (self->title);
  g_free (self->snippet);
  g_free (self->draft);
  g_free (self->model_path);
  g_free (self->model_name);
  g_free (self->status_text);
  g_free (self->month);
  g_free (self->name);
  g_clear_pointer (&self->folders, g_ptr_array_unref);
  g_clear_pointer (&self->tools, g_strfreev);
  g_clear_pointer (&self->offered, g_strfreev);
  g_clear_pointer (&self->receipt, g_free);
  g_clear_pointer (&self->services, sotto_services_unref);
  G_OBJECT_CLASS (sotto_conversation_parent_class)->finalize (object);
}

static void
sotto_conversation_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoConversation *self = SOTTO_CONVERSATION (object);

  switch (prop_id)
    {
    case SOTTO_CONVERSATION_PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case SOTTO_CONVERSATION_PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case SOTTO_CONVERSATION_PROP_PINNED:
      g_value_set_boolean (value, self->is_pinned);
      break;
    case SOTTO_CONVERSATION_PROP_TEMPORARY:
      g_value_set_boolean (value, self->services->is_temporary);
      break;
    case SOTTO_CONVERSATION_PROP_SNIPPET:
      g_value_set_string (value, self->snippet);
      break;
    case SOTTO_CONVERSATION_PROP_DRAFT:
      g_value_set_string (value, self->draft);
      break;
    case SOTTO_CONVERSATION_PROP_INSTRUCTIONS:
      g_value_set_string (value, sotto_conversation_get_instructions (self));
      break;
    case SOTTO_CONVERSATION_PROP_MODEL:
      g_value_set_object (value, sotto_conversation_get_model (self));
      break;
    case SOTTO_CONVERSATION_PROP_N_FOLDERS:
      g_value_set_uint (value, sotto_conversation_get_n_folders (self));
      break;
    case SOTTO_CONVERSATION_PROP_N_TOOLS:
      g_value_set_uint (value, sotto_conversation_get_n_tools (self));
      break;
    case SOTTO_CONVERSATION_PROP_LAST_USED:
      g_value_set_boxed (value, self->last_used);
      break;
    case SOTTO_CONVERSATION_PROP_DATE_GROUP:
      g_value_set_enum (value, sotto_conversation_get_date_group (self));
      break;
    case SOTTO_CONVERSATION_PROP_GROUP_TITLE:
      g_value_set_string (value, sotto_conversation_get_group_title (self));
      break;
    case SOTTO_CONVERSATION_PROP_GROUP:
      g_value_set_object (value, sotto_conversation_get_group (self));
      break;
    case SOTTO_CONVERSATION_PROP_N_ITEMS:
      g_value_set_uint (value, self->rows->len);
      break;
    case SOTTO_CONVERSATION_PROP_LOADED:
      g_value_set_boolean (value, self->is_loaded);
      break;
    case SOTTO_CONVERSATION_PROP_STORED:
      g_value_set_boolean (value, self->is_stored);
      break;
    case SOTTO_CONVERSATION_PROP_BUSY:
      g_value_set_boolean (value, sotto_conversation_is_busy (self));
      break;
    case SOTTO_CONVERSATION_PROP_REPLY_STATE:
      g_value_set_enum (value, self->reply_state);
      break;
    case SOTTO_CONVERSATION_PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case SOTTO_CONVERSATION_PROP_STATUS_TEXT:
      g_value_set_string (value, self->status_text);
      break;
    case SOTTO_CONVERSATION_PROP_TOKENS_PER_SECOND:
      g_value_set_double (value, self->tokens_per_second);
      break;
    case SOTTO_CONVERSATION_PROP_CONTEXT_USED:
      g_value_set_uint (value, self->context_used);
      break;
    case SOTTO_CONVERSATION_PROP_CONTEXT_LIMIT:
      g_value_set_uint (value, self->context_limit);
      break;
    case SOTTO_CONVERSATION_PROP_REPLY:
      g_value_set_object (value, self->reply);
      break;
    case SOTTO_CONVERSATION_PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_conversation_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  SottoConversation *self = SOTTO_CONVERSATION (object);

  switch (prop_id)
    {
    case SOTTO_CONVERSATION_PROP_TITLE:
      sotto_conversation_set_title (self, g_value_get_string (value));
      break;
    case SOTTO_CONVERSATION_PROP_PINNED:
      sotto_conversation_set_pinned (self, g_value_get_boolean (value));
      break;
    case SOTTO_CONVERSATION_PROP_DRAFT:
      sotto_conversation_set_draft (self, g_value_get_string (value));
      break;
    case SOTTO_CONVERSATION_PROP_INSTRUCTIONS:
      sotto_conversation_set_instructions (self, g_value_get_string (value));
      break;
    case SOTTO_CONVERSATION_PROP_GROUP:
      sotto_conversation_set_group (self, g_value_get_object (value));
      break;
    case SOTTO_CONVERSATION_PROP_MODEL:
      sotto_conversation_set_model (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

#define PROP(name) properties[SOTTO_CONVERSATION_PROP_##name]

static void
sotto_conversation_class_init (SottoConversationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags shown = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags changed = shown | G_PARAM_WRITABLE;

  object_class->finalize = sotto_conversation_finalize;
  object_class->get_property = sotto_conversation_get_property;
  object_class->set_property = sotto_conversation_set_property;

  PROP (ID) = g_param_spec_string ("id", NULL, NULL, NULL, shown);
  PROP (TITLE) = g_param_spec_string ("title", NULL, NULL, "", changed);
  PROP (PINNED) = g_param_spec_boolean ("pinned", NULL, NULL, FALSE, changed);
  PROP (TEMPORARY) = g_param_spec_boolean ("temporary", NULL, NULL, FALSE, shown);
  PROP (SNIPPET) = g_param_spec_string ("snippet", NULL, NULL, "", shown);
  PROP (DRAFT) = g_param_spec_string ("draft", NULL, NULL, "", changed);
  PROP (INSTRUCTIONS) = g_param_spec_string ("instructions", NULL, NULL, "", changed);
  PROP (MODEL) = g_param_spec_object ("model", NULL, NULL, SOTTO_TYPE_MODEL_ENTRY, changed);
  PROP (N_FOLDERS) = g_param_spec_uint ("n-folders", NULL, NULL, 0, G_MAXUINT, 0, shown);
  PROP (N_TOOLS) = g_param_spec_uint ("n-tools", NULL, NULL, 0, G_MAXUINT, 0, shown);
  PROP (LAST_USED) = g_param_spec_boxed ("last-used", NULL, NULL, G_TYPE_DATE_TIME, shown);
  PROP (DATE_GROUP) = g_param_spec_enum ("date-group", NULL, NULL, SOTTO_TYPE_DATE_GROUP,
                                         SOTTO_DATE_GROUP_TODAY, shown);
  PROP (GROUP_TITLE) = g_param_spec_string ("group-title", NULL, NULL, "", shown);
  PROP (GROUP) = g_param_spec_object ("group", NULL, NULL, SOTTO_TYPE_GROUP, changed);
  PROP (N_ITEMS) = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, shown);
  PROP (LOADED) = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, shown);
  PROP (STORED) = g_param_spec_boolean ("stored", NULL, NULL, FALSE, shown);
  PROP (BUSY) = g_param_spec_boolean ("busy", NULL, NULL, FALSE, shown);
  PROP (REPLY_STATE) = g_param_spec_enum ("reply-state", NULL, NULL, SOTTO_TYPE_REPLY_STATE,
                                          SOTTO_REPLY_STATE_IDLE, shown);
  PROP (FRACTION) = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, shown);
  PROP (STATUS_TEXT) = g_param_spec_string ("status-text", NULL, NULL, "", shown);
  PROP (TOKENS_PER_SECOND) = g_param_spec_double ("tokens-per-second", NULL, NULL, 0, G_MAXDOUBLE,
                                                  0, shown);
  PROP (CONTEXT_USED) = g_param_spec_uint ("context-used", NULL, NULL, 0, G_MAXUINT, 0, shown);
  PROP (CONTEXT_LIMIT) = g_param_spec_uint ("context-limit", NULL, NULL, 0, G_MAXUINT, 0, shown);
  PROP (REPLY) = g_param_spec_object ("reply", NULL, NULL, SOTTO_TYPE_MESSAGE, shown);
  PROP (PROBLEM) = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, shown);
  g_object_class_install_properties (object_class, SOTTO_CONVERSATION_N_PROPS, properties);

  nothing_found = g_signal_new ("nothing-found", SOTTO_TYPE_CONVERSATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
sotto_conversation_init (SottoConversation *self)
{
  self->title = g_strdup ("");
  self->snippet = g_strdup ("");
  self->draft = g_strdup ("");
  self->status_text = g_strdup ("");
  sotto_conversation_path_init (self);
  sotto_conversation_attachments_init (self);
}

void
sotto_conversation_notify (SottoConversation *self, guint property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
sotto_conversation_emit_nothing_found (SottoConversation *self)
{
  g_signal_emit (self, nothing_found, 0);
}

static void
set_last_used (SottoConversation *self, gint64 time)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc_usec (time);

  g_clear_pointer (&self->last_used, g_date_time_unref);
  self->last_used_us = time;
  self->last_used = utc != NULL ? g_date_time_to_local (utc) : g_date_time_new_now_local ();
}

/* A conversation without a model of its own has the default one, which is known only once the
 * files have been looked at. */
static void
on_default_model_changed (SottoConversation *self)
{
  if (self->model == NULL && self->model_path == NULL)
    g_object_notify_by_pspec (G_OBJECT (self), PROP (MODEL));
}

static SottoConversation *
conversation_new (SottoServices *services)
{
  SottoConversation *self = g_object_new (SOTTO_TYPE_CONVERSATION, NULL);

  self->services = sotto_services_ref (services);
  sotto_conversation_take_answer_form (self, SOTTO_ANSWER_FORMAT_TEXT, NULL);
  g_signal_connect_object (services->library, "notify::default-model",
                           G_CALLBACK (on_default_model_changed), self, G_CONNECT_SWAPPED);
  return self;
}

SottoConversation *
sotto_conversation_new (SottoServices *services)
{
  SottoConversation *self = conversation_new (services);

  self->id = sotto_history_new_id ();
  self->is_loaded = TRUE;
  set_last_used (self, g_get_real_time ());
  return self;
}

SottoConversation *
sotto_conversation_new_from_record (SottoServices *services, const SottoHistoryConversation *record)
{
  SottoConversation *self = conversation_new (services);

  self->id = g_strdup (record->id);
  g_set_str (&self->title, record->title);
  g_set_str (&self->snippet, record->snippet);
  g_set_str (&self->draft, record->draft != NULL ? record->draft : "");
  if (record->model != NULL)
    {
      self->model_path = g_strdup (record->model->path);
      self->model_name = g_strdup (record->model->name);
    }
  sotto_conversation_take_folders (self, (const char *const *) record->folders);
  sotto_conversation_take_group (self, record->group);
  self->tools = g_strdupv (record->tools);
  sotto_conversation_take_answer_form (self, (SottoAnswerFormat) record->answer_format, record->answer_schema);
  self->is_pinned = record->is_pinned;
  self->is_stored = TRUE;
  /* Of a time when the clock was wrong: otherwise it would stand above all others until that date. */
  set_last_used (self, MIN (record->updated, g_get_real_time ()));
  return self;
}

/* --- Small things --- */

char *
sotto_conversation_shorten (const char *text, guint n_characters, gboolean first_line)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean space = FALSE;
  gsize word_end = 0;
  guint n = 0;

  for (const char *p = stripped; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (c == '\n' && first_line)
        break;
      if (g_unichar_isspace (c) || g_unichar_iscntrl (c))
        {
          space = out->len > 0;
          word_end = out->len;
          continue;
        }
      if (n >= n_characters)
        {
          if (word_end >= out->len / 2)
            g_string_truncate (out, word_end);
          g_string_append (out, "…");
          break;
        }
      if (space)
        g_string_append_c (out, ' ');
      n += space ? 2 : 1;
      space = FALSE;
      g_string_append_unichar (out, c);
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

void
sotto_conversation_touch (SottoConversation *self)
{
  set_last_used (self, g_get_real_time ());
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_LAST_USED);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DATE_GROUP);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_GROUP_TITLE);
}

gint64
sotto_conversation_get_last_used_us (SottoConversation *self)
{
  return self->last_used_us;
}

void
sotto_conversation_set_stored (SottoConversation *self, const char *title)
{
  if (self->is_stored)
    return;

  if (self->title[0] == '\0' && g_set_str (&self->title, title))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_TITLE);
  self->is_stored = TRUE;
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_STORED);
}

void
sotto_conversation_move (SottoConversation *self, SottoServices *services)
{
  sotto_services_ref (services);
  sotto_services_unref (self->services);
  self->services = services;
  sotto_conversation_path_settle (self);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DATE_GROUP);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_GROUP_TITLE);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_TEMPORARY);
}

void
sotto_conversation_set_deleted (SottoConversation *self, gboolean is_deleted)
{
  self->is_deleted = is_deleted;
  if (is_deleted)
    g_clear_handle_id (&self->draft_source, g_source_remove);
}

void
sotto_conversation_set_snippet_from (SottoConversation *self, const char *text)
{
  g_autofree char *snippet = sotto_conversation_shorten (text, 120, FALSE);

  if (g_set_str (&self->snippet, snippet))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_SNIPPET);
}

void
sotto_conversation_set_error (SottoConversation *self, const GError *error)
{
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  if (g_set_object (&self->problem, problem))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_PROBLEM);
}

void
sotto_conversation_set_context (SottoConversation *self, guint used, guint limit)
{
  if (self->context_used != used)
    {
      self->context_used = used;
      sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_CONTEXT_USED);
    }
  if (self->context_limit != limit)
    {
      self->context_limit = limit;
      sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_CONTEXT_LIMIT);
    }
}

void
sotto_conversation_dismiss_problem (SottoConversation *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  sotto_conversation_set_error (self, NULL);
}

/* --- Getters --- */

const char *
sotto_conversation_get_id (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->id;
}

const char *
sotto_conversation_get_title (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->title;
}

gboolean
sotto_conversation_is_temporary (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  return self->services->is_temporary;
}

const char *
sotto_conversation_get_snippet (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->snippet;
}

const char *
sotto_conversation_get_draft (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->draft;
}

GDateTime *
sotto_conversation_get_last_used (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->last_used;
}

gboolean
sotto_conversation_is_loaded (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  return self->is_loaded;
}

gboolean
sotto_conversation_is_stored (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  return self->is_stored;
}

gboolean
sotto_conversation_is_busy (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  return self->reply_state != SOTTO_REPLY_STATE_IDLE;
}

SottoReplyState
sotto_conversation_get_reply_state (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), SOTTO_REPLY_STATE_IDLE);
  return self->reply_state;
}

double
sotto_conversation_get_fraction (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);
  return self->fraction;
}

const char *
sotto_conversation_get_status_text (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->status_text;
}

double
sotto_conversation_get_tokens_per_second (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);
  return self->tokens_per_second;
}

guint
sotto_conversation_get_context_used (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);
  return self->context_used;
}

guint
sotto_conversation_get_context_limit (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);
  return self->context_limit;
}

SottoMessage *
sotto_conversation_get_reply (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->reply;
}

SottoProblem *
sotto_conversation_get_problem (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->problem;
}
