#include "saved-instructions.h"

#include <string.h>
#include <yyjson.h>

#include "app-private.h"
#include "conversation/conversation-private.h"

/* They are one setting of the history: a JSON array of objects with a name and a text, by name. Each change writes all of
 * them anew. Of an array that is not like that, what can be read is taken. What cannot be kept is kept later, with what else is no
 * conversation's, by the conversation that is not begun: these here are gone by then. */

#define SETTING "saved-instructions"

struct _SottoInstructions
{
  GObject parent_instance;

  char *name;
  char *text;
};

G_DEFINE_FINAL_TYPE (SottoInstructions, sotto_instructions, G_TYPE_OBJECT)

enum { INSTRUCTIONS_PROP_0, INSTRUCTIONS_PROP_NAME, INSTRUCTIONS_PROP_TEXT };

static void
sotto_instructions_finalize (GObject *object)
{
  SottoInstructions *self = SOTTO_INSTRUCTIONS (object);

  g_free (self->name);
  g_free (self->text);
  G_OBJECT_CLASS (sotto_instructions_parent_class)->finalize (object);
}

static void
sotto_instructions_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoInstructions *self = SOTTO_INSTRUCTIONS (object);

  switch (prop_id)
    {
    case INSTRUCTIONS_PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case INSTRUCTIONS_PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_instructions_class_init (SottoInstructionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sotto_instructions_finalize;
  object_class->get_property = sotto_instructions_get_property;
  g_object_class_install_property (object_class, INSTRUCTIONS_PROP_NAME,
                                   g_param_spec_string ("name", NULL, NULL, "", flags));
  g_object_class_install_property (object_class, INSTRUCTIONS_PROP_TEXT,
                                   g_param_spec_string ("text", NULL, NULL, "", flags));
}

static void
sotto_instructions_init (SottoInstructions *self)
{
}

const char *
sotto_instructions_get_name (SottoInstructions *self)
{
  g_return_val_if_fail (SOTTO_IS_INSTRUCTIONS (self), NULL);
  return self->name;
}

const char *
sotto_instructions_get_text (SottoInstructions *self)
{
  g_return_val_if_fail (SOTTO_IS_INSTRUCTIONS (self), NULL);
  return self->text;
}

/* --- All of them --- */

struct _SottoSavedInstructions
{
  GObject parent_instance;

  SottoConversation *keeper;
  GListStore *list;
  SottoProblem *problem;
  gboolean is_read;
};

G_DEFINE_FINAL_TYPE (SottoSavedInstructions, sotto_saved_instructions, G_TYPE_OBJECT)

enum { PROP_0, PROP_PROBLEM, N_PROPS };
static GParamSpec *properties[N_PROPS];

static void
sotto_saved_instructions_finalize (GObject *object)
{
  SottoSavedInstructions *self = SOTTO_SAVED_INSTRUCTIONS (object);

  g_clear_object (&self->keeper);
  g_clear_object (&self->list);
  g_clear_object (&self->problem);
  G_OBJECT_CLASS (sotto_saved_instructions_parent_class)->finalize (object);
}

static void
sotto_saved_instructions_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoSavedInstructions *self = SOTTO_SAVED_INSTRUCTIONS (object);

  switch (prop_id)
    {
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_saved_instructions_class_init (SottoSavedInstructionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sotto_saved_instructions_finalize;
  object_class->get_property = sotto_saved_instructions_get_property;
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_saved_instructions_init (SottoSavedInstructions *self)
{
  self->list = g_list_store_new (SOTTO_TYPE_INSTRUCTIONS);
}

static void
set_error (SottoSavedInstructions *self, const GError *error)
{
  g_clear_object (&self->problem);
  self->problem = sotto_problem_new (error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

/* --- The list --- */

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const SottoInstructions *one = a;
  const SottoInstructions *two = b;
  const int order = g_utf8_collate (one->name, two->name);

  return order != 0 ? order : strcmp (one->name, two->name);
}

static gboolean
find (GListStore *list, const char *name, guint *position)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    {
      g_autoptr (SottoInstructions) item = g_list_model_get_item (G_LIST_MODEL (list), i);

      if (g_str_equal (item->name, name))
        {
          *position = i;
          return TRUE;
        }
    }
  return FALSE;
}

/* Returns: (transfer full): on one line, and not too long */
static char *
tidy_name (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);

  g_strdelimit (valid, "\n\r\t", ' ');
  g_strstrip (valid);
  if (strlen (valid) > SOTTO_INSTRUCTIONS_NAME_BYTES)
    *g_utf8_find_prev_char (valid, valid + SOTTO_INSTRUCTIONS_NAME_BYTES + 1) = '\0';
  return g_steal_pointer (&valid);
}

static gboolean
put (GListStore *list, const char *name, const char *text)
{
  g_autoptr (SottoInstructions) item = g_object_new (SOTTO_TYPE_INSTRUCTIONS, NULL);
  guint position;

  item->name = tidy_name (name);
  item->text = g_utf8_make_valid (text, -1);
  if (item->name[0] == '\0' || item->text[0] == '\0')
    return FALSE;
  if (find (list, item->name, &position))
    g_list_store_remove (list, position);
  else if (g_list_model_get_n_items (G_LIST_MODEL (list)) >= SOTTO_INSTRUCTIONS_MOST)
    return FALSE;
  g_list_store_insert_sorted (list, item, compare, NULL);
  return TRUE;
}

/* --- In the history --- */

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoSavedInstructions) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_conversation_keep_setting_finish (SOTTO_CONVERSATION (source), result, &error))
    set_error (self, error);
}

static void
keep (SottoSavedInstructions *self)
{
  GListModel *list = G_LIST_MODEL (self->list);
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *array = yyjson_mut_arr (document);
  char *json;

  yyjson_mut_doc_set_root (document, array);
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SottoInstructions) item = g_list_model_get_item (list, i);
      yyjson_mut_val *object = yyjson_mut_arr_add_obj (document, array);

      yyjson_mut_obj_add_strcpy (document, object, "name", item->name);
      yyjson_mut_obj_add_strcpy (document, object, "text", item->text);
    }
  json = yyjson_mut_write (document, 0, NULL);
  yyjson_mut_doc_free (document);
  sotto_conversation_keep_setting_async (self->keeper, SETTING, json, on_kept, g_object_ref (self));
  free (json);
}

/* All of them appear at once: whoever shows the list makes its rows once. */
static void
take_json (SottoSavedInstructions *self, const char *json)
{
  g_autoptr (GListStore) read = g_list_store_new (SOTTO_TYPE_INSTRUCTIONS);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  yyjson_doc *document = yyjson_read (json, strlen (json), 0);
  yyjson_val *array = yyjson_doc_get_root (document);
  yyjson_val *object;
  gsize i, n;

  yyjson_arr_foreach (array, i, n, object)
    {
      const char *name = yyjson_get_str (yyjson_obj_get (object, "name"));
      const char *text = yyjson_get_str (yyjson_obj_get (object, "text"));

      if (name != NULL && text != NULL)
        put (read, name, text);
    }
  yyjson_doc_free (document);

  for (guint position = 0; position < g_list_model_get_n_items (G_LIST_MODEL (read)); position++)
    g_ptr_array_add (items, g_list_model_get_item (G_LIST_MODEL (read), position));
  g_list_store_splice (self->list, 0, 0, items->pdata, items->len);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoSavedInstructions) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = sotto_store_get_setting_finish (SOTTO_STORE (source), result, &error);

  if (json == NULL)
    {
      set_error (self, error);
      return;
    }
  take_json (self, json);
  self->is_read = TRUE;
}

SottoSavedInstructions *
sotto_saved_instructions_new (SottoApp *app)
{
  SottoSavedInstructions *self = g_object_new (SOTTO_TYPE_SAVED_INSTRUCTIONS, NULL);
  const char *unkept = g_hash_table_lookup (app->services->unkept, SETTING);

  self->keeper = g_object_ref (sotto_conversation_list_create (app->conversations));
  if (unkept != NULL)
    {
      take_json (self, unkept);
      self->is_read = TRUE;
    }
  else if (app->services->store != NULL)
    {
      sotto_store_get_setting_async (app->services->store, SETTING, NULL, on_read, g_object_ref (self));
    }
  return self;
}

GListModel *
sotto_saved_instructions_get_list (SottoSavedInstructions *self)
{
  g_return_val_if_fail (SOTTO_IS_SAVED_INSTRUCTIONS (self), NULL);
  return G_LIST_MODEL (self->list);
}

gboolean
sotto_saved_instructions_add (SottoSavedInstructions *self, const char *name, const char *text)
{
  g_return_val_if_fail (SOTTO_IS_SAVED_INSTRUCTIONS (self), FALSE);

  if (!self->is_read || !put (self->list, name, text))
    return FALSE;
  keep (self);
  return TRUE;
}

void
sotto_saved_instructions_remove (SottoSavedInstructions *self, const char *name)
{
  guint position;

  g_return_if_fail (SOTTO_IS_SAVED_INSTRUCTIONS (self));

  if (!find (self->list, name, &position))
    return;
  g_list_store_remove (self->list, position);
  keep (self);
}

SottoProblem *
sotto_saved_instructions_get_problem (SottoSavedInstructions *self)
{
  g_return_val_if_fail (SOTTO_IS_SAVED_INSTRUCTIONS (self), NULL);
  return self->problem;
}
