#include "conversation/group-private.h"

#include "conversation/conversation-private.h"

/* A group by itself. Which there are, and keeping them, is group-list.c; who is in one, each conversation knows
 * (conversation-group.c). */

#define NAME_CHARACTERS 200

enum {
  PROP_0,
  PROP_ID,
  PROP_NAME,
  PROP_INSTRUCTIONS,
  PROP_N_FOLDERS,
  PROP_OPEN,
  PROP_N_CONVERSATIONS,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoGroup, sotto_group, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
sotto_group_finalize (GObject *object)
{
  SottoGroup *self = SOTTO_GROUP (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->instructions);
  g_ptr_array_unref (self->folders);
  G_OBJECT_CLASS (sotto_group_parent_class)->finalize (object);
}

static void
sotto_group_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoGroup *self = SOTTO_GROUP (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_INSTRUCTIONS:
      g_value_set_string (value, self->instructions);
      break;
    case PROP_N_FOLDERS:
      g_value_set_uint (value, self->folders->len);
      break;
    case PROP_OPEN:
      g_value_set_boolean (value, self->is_open);
      break;
    case PROP_N_CONVERSATIONS:
      g_value_set_uint (value, self->n_conversations);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_group_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SottoGroup *self = SOTTO_GROUP (object);

  switch (prop_id)
    {
    case PROP_NAME:
      sotto_group_set_name (self, g_value_get_string (value));
      break;
    case PROP_INSTRUCTIONS:
      sotto_group_set_instructions (self, g_value_get_string (value));
      break;
    case PROP_OPEN:
      sotto_group_set_open (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_group_class_init (SottoGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags shown = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags changed = shown | G_PARAM_WRITABLE;

  object_class->finalize = sotto_group_finalize;
  object_class->get_property = sotto_group_get_property;
  object_class->set_property = sotto_group_set_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, shown);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", changed);
  properties[PROP_INSTRUCTIONS] = g_param_spec_string ("instructions", NULL, NULL, "", changed);
  properties[PROP_N_FOLDERS] = g_param_spec_uint ("n-folders", NULL, NULL, 0, G_MAXUINT, 0, shown);
  properties[PROP_OPEN] = g_param_spec_boolean ("open", NULL, NULL, TRUE, changed);
  properties[PROP_N_CONVERSATIONS] = g_param_spec_uint ("n-conversations", NULL, NULL, 0, G_MAXUINT, 0, shown);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_group_init (SottoGroup *self)
{
  self->name = g_strdup ("");
  self->instructions = g_strdup ("");
  self->folders = g_ptr_array_new_null_terminated (1, g_free, TRUE);
  self->is_open = TRUE;
}

SottoGroup *
sotto_group_new (const char *name)
{
  SottoGroup *self = g_object_new (SOTTO_TYPE_GROUP, NULL);

  self->id = sotto_history_new_id ();
  sotto_group_set_name (self, name);
  return self;
}

SottoGroup *
sotto_group_new_from_record (const SottoHistoryGroup *record)
{
  SottoGroup *self = g_object_new (SOTTO_TYPE_GROUP, NULL);

  self->id = g_strdup (record->id);
  g_set_str (&self->name, record->name);
  g_set_str (&self->instructions, record->instructions);
  for (guint i = 0; record->folders != NULL && record->folders[i] != NULL; i++)
    g_ptr_array_add (self->folders, g_strdup (record->folders[i]));
  self->is_open = record->is_open;
  return self;
}

SottoHistoryGroup *
sotto_group_to_record (SottoGroup *self)
{
  SottoHistoryGroup *record = g_new0 (SottoHistoryGroup, 1);

  record->id = g_strdup (self->id);
  record->name = g_strdup (self->name);
  record->instructions = g_strdup (self->instructions);
  record->folders = g_strdupv ((char **) self->folders->pdata);
  record->is_open = self->is_open;
  return record;
}

const char *const *
sotto_group_get_folders (SottoGroup *self)
{
  return (const char *const *) self->folders->pdata;
}

void
sotto_group_set_n_conversations (SottoGroup *self, guint n)
{
  if (self->n_conversations == n)
    return;
  self->n_conversations = n;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_CONVERSATIONS]);
}

/* --- What others ask --- */

const char *
sotto_group_get_id (SottoGroup *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), NULL);
  return self->id;
}

const char *
sotto_group_get_name (SottoGroup *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), NULL);
  return self->name;
}

void
sotto_group_set_name (SottoGroup *self, const char *name)
{
  g_autofree char *line = NULL;

  g_return_if_fail (SOTTO_IS_GROUP (self));

  line = sotto_conversation_shorten (name != NULL ? name : "", NAME_CHARACTERS, FALSE);
  if (line[0] != '\0' && g_set_str (&self->name, line))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

const char *
sotto_group_get_instructions (SottoGroup *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), NULL);
  return self->instructions;
}

void
sotto_group_set_instructions (SottoGroup *self, const char *text)
{
  g_autofree char *valid = NULL;

  g_return_if_fail (SOTTO_IS_GROUP (self));

  valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  if (g_set_str (&self->instructions, valid))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INSTRUCTIONS]);
}

void
sotto_group_set_asks_folder (SottoGroup *self, SottoDocumentFolder *folder, gboolean asks)
{
  const char *id;
  guint position;

  g_return_if_fail (SOTTO_IS_GROUP (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));

  if (sotto_group_asks_folder (self, folder) == !!asks)
    return;

  id = sotto_document_folder_get_id (folder);
  if (asks)
    g_ptr_array_add (self->folders, g_strdup (id));
  else if (g_ptr_array_find_with_equal_func (self->folders, id, g_str_equal, &position))
    g_ptr_array_remove_index (self->folders, position);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FOLDERS]);
}

gboolean
sotto_group_asks_folder (SottoGroup *self, SottoDocumentFolder *folder)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), FALSE);
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder), FALSE);

  return g_ptr_array_find_with_equal_func (self->folders, sotto_document_folder_get_id (folder), g_str_equal, NULL);
}

gboolean
sotto_group_is_open (SottoGroup *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), FALSE);
  return self->is_open;
}

void
sotto_group_set_open (SottoGroup *self, gboolean is_open)
{
  g_return_if_fail (SOTTO_IS_GROUP (self));

  if (self->is_open == !!is_open)
    return;
  self->is_open = !!is_open;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OPEN]);
}

guint
sotto_group_get_n_conversations (SottoGroup *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP (self), 0);
  return self->n_conversations;
}
