#include "conversation/message-private.h"

#include "conversation/message-calls.h"

struct _SottoMessage
{
  GObject parent_instance;

  char *id;
  char *parent; /* NULL: it begins the conversation */
  SottoRole role;
  SottoMessageStatus status;
  GString *text;
  GString *reasoning;
  gboolean is_mixed;
  gboolean is_json;
  gboolean thinking;
  GTimeSpan thinking_time;
  GPtrArray *calls; /* of SottoToolCall */
  char *model_name;
  char *receipt;
  GDateTime *created;
  char **siblings;
  guint version; /* from 1 */
  guint n_versions;
  SottoProblem *problem;
  SottoSources *sources; /* NULL: none */
  GPtrArray *attachments; /* of SottoAttachment; NULL: none */
};

enum {
  PROP_0,
  PROP_ID,
  PROP_ROLE,
  PROP_TEXT,
  PROP_REASONING,
  PROP_THINKING,
  PROP_THINKING_TIME,
  PROP_N_CALLS,
  PROP_STATUS,
  PROP_MODEL_NAME,
  PROP_CREATED,
  PROP_RECEIPT,
  PROP_VERSION,
  PROP_N_VERSIONS,
  PROP_PROBLEM,
  PROP_N_SOURCES,
  PROP_N_ATTACHMENTS,
  N_PROPS
};

enum {
  APPENDED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (SottoMessage, sotto_message, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void
sotto_message_finalize (GObject *object)
{
  SottoMessage *self = SOTTO_MESSAGE (object);

  g_free (self->id);
  g_free (self->parent);
  g_string_free (self->text, TRUE);
  g_string_free (self->reasoning, TRUE);
  g_ptr_array_unref (self->calls);
  g_free (self->model_name);
  g_free (self->receipt);
  g_clear_pointer (&self->created, g_date_time_unref);
  g_strfreev (self->siblings);
  g_clear_object (&self->problem);
  g_clear_pointer (&self->sources, sotto_sources_unref);
  g_clear_pointer (&self->attachments, g_ptr_array_unref);
  G_OBJECT_CLASS (sotto_message_parent_class)->finalize (object);
}

static void
sotto_message_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoMessage *self = SOTTO_MESSAGE (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_ROLE:
      g_value_set_enum (value, self->role);
      break;
    case PROP_TEXT:
      g_value_set_string (value, self->text->str);
      break;
    case PROP_REASONING:
      g_value_set_string (value, self->reasoning->str);
      break;
    case PROP_THINKING:
      g_value_set_boolean (value, self->thinking);
      break;
    case PROP_THINKING_TIME:
      g_value_set_int64 (value, self->thinking_time);
      break;
    case PROP_N_CALLS:
      g_value_set_uint (value, self->calls->len);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, self->status);
      break;
    case PROP_MODEL_NAME:
      g_value_set_string (value, self->model_name);
      break;
    case PROP_CREATED:
      g_value_set_boxed (value, self->created);
      break;
    case PROP_RECEIPT:
      g_value_set_string (value, self->receipt);
      break;
    case PROP_VERSION:
      g_value_set_uint (value, self->version);
      break;
    case PROP_N_VERSIONS:
      g_value_set_uint (value, self->n_versions);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    case PROP_N_SOURCES:
      g_value_set_uint (value, sotto_message_get_n_sources (self));
      break;
    case PROP_N_ATTACHMENTS:
      g_value_set_uint (value, sotto_message_get_n_attachments (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_message_class_init (SottoMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_message_finalize;
  object_class->get_property = sotto_message_get_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_ROLE] = g_param_spec_enum ("role", NULL, NULL, SOTTO_TYPE_ROLE, SOTTO_ROLE_USER,
                                             flags);
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  properties[PROP_REASONING] = g_param_spec_string ("reasoning", NULL, NULL, NULL, flags);
  properties[PROP_THINKING] = g_param_spec_boolean ("thinking", NULL, NULL, FALSE, flags);
  properties[PROP_THINKING_TIME] = g_param_spec_int64 ("thinking-time", NULL, NULL, 0, G_MAXINT64,
                                                       0, flags);
  properties[PROP_N_CALLS] = g_param_spec_uint ("n-calls", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_STATUS] = g_param_spec_enum ("status", NULL, NULL, SOTTO_TYPE_MESSAGE_STATUS,
                                               SOTTO_MESSAGE_STATUS_COMPLETE, flags);
  properties[PROP_MODEL_NAME] = g_param_spec_string ("model-name", NULL, NULL, NULL, flags);
  properties[PROP_CREATED] = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, flags);
  properties[PROP_RECEIPT] = g_param_spec_string ("receipt", NULL, NULL, NULL, flags);
  properties[PROP_VERSION] = g_param_spec_uint ("version", NULL, NULL, 1, G_MAXUINT, 1, flags);
  properties[PROP_N_VERSIONS] = g_param_spec_uint ("n-versions", NULL, NULL, 1, G_MAXUINT, 1,
                                                   flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  properties[PROP_N_SOURCES] = g_param_spec_uint ("n-sources", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_ATTACHMENTS] = g_param_spec_uint ("n-attachments", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[APPENDED] = g_signal_new ("appended", SOTTO_TYPE_MESSAGE, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
sotto_message_init (SottoMessage *self)
{
  self->reasoning = g_string_new (NULL);
  self->calls = sotto_calls_new ();
  self->version = 1;
  self->n_versions = 1;
}

SottoMessage *
sotto_message_new (const char         *id,
                   const char         *parent,
                   SottoRole           role,
                   SottoMessageStatus  status,
                   const char         *text,
                   const char *const  *siblings)
{
  SottoMessage *self = g_object_new (SOTTO_TYPE_MESSAGE, NULL);

  self->id = g_strdup (id);
  self->parent = g_strdup (parent);
  self->role = role;
  self->status = status;
  self->text = g_string_new (text);
  self->created = g_date_time_new_now_local ();
  sotto_message_set_siblings (self, siblings);
  return self;
}

void
sotto_message_set_created (SottoMessage *self, GDateTime *created)
{
  g_date_time_unref (self->created);
  self->created = g_date_time_ref (created);
}

const char *
sotto_message_get_parent (SottoMessage *self)
{
  return self->parent;
}

void
sotto_message_set_parent (SottoMessage *self, const char *parent)
{
  g_set_str (&self->parent, parent);
}

const char *const *
sotto_message_get_siblings (SottoMessage *self)
{
  return (const char *const *) self->siblings;
}

void
sotto_message_append (SottoMessage *self, const char *text)
{
  const guint offset = (guint) self->text->len;

  if (text[0] == '\0')
    return;

  g_string_append (self->text, text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
  g_signal_emit (self, signals[APPENDED], 0, offset);
}

static void
notify_calls (SottoMessage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_CALLS]);
}

void
sotto_message_truncate (SottoMessage *self, gsize length, gsize reasoning_length)
{
  self->is_mixed = FALSE;
  if (self->calls->len > 0)
    {
      g_ptr_array_set_size (self->calls, 0);
      notify_calls (self);
    }
  if (length < self->text->len)
    {
      g_string_truncate (self->text, length);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
    }
  if (reasoning_length < self->reasoning->len)
    {
      g_string_truncate (self->reasoning, reasoning_length);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASONING]);
    }
}

gboolean
sotto_message_is_mixed (SottoMessage *self)
{
  return self->is_mixed;
}

void
sotto_message_append_reasoning (SottoMessage *self, const char *text)
{
  self->is_mixed |= self->text->len > 0;
  g_string_append (self->reasoning, text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASONING]);
}

void
sotto_message_set_thinking (SottoMessage *self, gboolean thinking)
{
  if (self->thinking == thinking)
    return;

  self->thinking = thinking;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_THINKING]);
}

void
sotto_message_set_thinking_time (SottoMessage *self, GTimeSpan time)
{
  if (self->thinking_time == time)
    return;

  self->thinking_time = time;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_THINKING_TIME]);
}

void
sotto_message_begin_call (SottoMessage *self, const char *name)
{
  sotto_calls_begin (self->calls, name, self->text->len);
  notify_calls (self);
}

void
sotto_message_append_arguments (SottoMessage *self, const char *text)
{
  sotto_calls_append_arguments (self->calls, text);
  notify_calls (self);
}

void
sotto_message_end_call (SottoMessage *self)
{
  SottoToolCall *call = g_ptr_array_index (self->calls, self->calls->len - 1);

  call->is_complete = TRUE;
  notify_calls (self);
}

void
sotto_message_take_back_call (SottoMessage *self)
{
  g_ptr_array_set_size (self->calls, (int) self->calls->len - 1);
  notify_calls (self);
}

guint
sotto_message_find_open_call (SottoMessage *self)
{
  return sotto_calls_find_open (self->calls);
}

void
sotto_message_begin_run (SottoMessage *self, guint position)
{
  SottoToolCall *call = g_ptr_array_index (self->calls, position);

  call->is_running = TRUE;
  notify_calls (self);
}

void
sotto_message_set_result (SottoMessage *self, guint position, const char *text)
{
  sotto_calls_set_result (self->calls, position, text, self->text->len, self->reasoning->len);
  notify_calls (self);
}

void
sotto_message_end_runs (SottoMessage *self)
{
  const guint position = sotto_calls_find_open (self->calls);
  SottoToolCall *call = position < self->calls->len ? g_ptr_array_index (self->calls, position) : NULL;

  if (call == NULL || !call->is_running)
    return;
  call->is_running = FALSE;
  notify_calls (self);
}

void
sotto_message_set_status (SottoMessage *self, SottoMessageStatus status)
{
  if (self->status == status)
    return;

  self->status = status;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

void
sotto_message_set_model_name (SottoMessage *self, const char *name)
{
  if (g_set_str (&self->model_name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL_NAME]);
}

void
sotto_message_set_receipt (SottoMessage *self, const char *receipt)
{
  if (g_set_str (&self->receipt, receipt))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECEIPT]);
}

void
sotto_message_set_json (SottoMessage *self, gboolean is_json)
{
  if (self->is_json == is_json)
    return;
  self->is_json = is_json;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

gboolean
sotto_message_will_be_json (SottoMessage *self)
{
  return self->is_json;
}

void
sotto_message_set_problem (SottoMessage *self, SottoProblem *problem)
{
  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

void
sotto_message_set_sources (SottoMessage *self, SottoSources *sources)
{
  SottoSources *before = self->sources;

  if (before == sources)
    return;

  self->sources = sources != NULL ? sotto_sources_ref (sources) : NULL;
  g_clear_pointer (&before, sotto_sources_unref);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_SOURCES]);
}

SottoSources *
sotto_message_get_sources (SottoMessage *self)
{
  return self->sources;
}

void
sotto_message_set_attachments (SottoMessage *self, GPtrArray *attachments)
{
  g_return_if_fail (self->attachments == NULL);
  self->attachments = attachments != NULL ? g_ptr_array_ref (attachments) : NULL;
}

GPtrArray *
sotto_message_get_attachments (SottoMessage *self)
{
  return self->attachments;
}

void
sotto_message_set_siblings (SottoMessage *self, const char *const *siblings)
{
  guint version = 1;
  guint n_versions = 0;

  g_object_freeze_notify (G_OBJECT (self));
  g_strfreev (self->siblings);
  self->siblings = g_strdupv ((char **) siblings);
  for (guint i = 0; self->siblings != NULL && self->siblings[i] != NULL; i++)
    {
      n_versions++;
      if (g_str_equal (self->siblings[i], self->id))
        version = i + 1;
    }

  if (self->version != version)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VERSION]);
  if (self->n_versions != MAX (n_versions, 1))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_VERSIONS]);
  self->version = version;
  self->n_versions = MAX (n_versions, 1);
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
sotto_message_get_id (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->id;
}

SottoRole
sotto_message_get_role (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), SOTTO_ROLE_USER);
  return self->role;
}

const char *
sotto_message_get_text (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->text->str;
}

gsize
sotto_message_get_length (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 0);
  return self->text->len;
}

const char *
sotto_message_get_reasoning (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->reasoning->str;
}

gboolean
sotto_message_get_thinking (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), FALSE);
  return self->thinking;
}

GTimeSpan
sotto_message_get_thinking_time (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 0);
  return self->thinking_time;
}

guint
sotto_message_get_n_calls (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 0);
  return self->calls->len;
}

const SottoToolCall *
sotto_message_get_call (SottoMessage *self, guint position)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  g_return_val_if_fail (position < self->calls->len, NULL);
  return g_ptr_array_index (self->calls, position);
}

SottoMessageStatus
sotto_message_get_status (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), SOTTO_MESSAGE_STATUS_COMPLETE);
  return self->status;
}

const char *
sotto_message_get_model_name (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->model_name;
}

GDateTime *
sotto_message_get_created (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->created;
}

const char *
sotto_message_get_receipt (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->receipt;
}

guint
sotto_message_get_version (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 1);
  return self->version;
}

guint
sotto_message_get_n_versions (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 1);
  return self->n_versions;
}

SottoProblem *
sotto_message_get_problem (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return self->problem;
}
