#include "conversation/group-list-private.h"

#include <string.h>

#include "conversation/group-private.h"

/* How long a change may be followed by others before it is saved */
#define SAVE_DELAY_MS 500

/* How long after that was in vain it is tried again */
#define SAVE_AGAIN_MS 2000

struct _SottoGroupList
{
  GObject parent_instance;

  SottoStore *store;  /* NULL: the history is not open */
  GPtrArray *groups;  /* of SottoGroup, by name */
  GHashTable *unkept; /* of SottoGroup: those that wait to be written */
  guint save_source;
  guint n_saving; /* results that are waited for */
  SottoProblem *problem;
};

enum {
  PROP_0,
  PROP_N_ITEMS,
  PROP_PROBLEM,
  N_PROPS
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoGroupList, sotto_group_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GParamSpec *properties[N_PROPS];

static GType
groups_get_item_type (GListModel *model)
{
  return SOTTO_TYPE_GROUP;
}

static guint
groups_get_n_items (GListModel *model)
{
  return SOTTO_GROUP_LIST (model)->groups->len;
}

static gpointer
groups_get_item (GListModel *model, guint position)
{
  SottoGroupList *self = SOTTO_GROUP_LIST (model);

  return position < self->groups->len ? g_object_ref (g_ptr_array_index (self->groups, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = groups_get_item_type;
  iface->get_n_items = groups_get_n_items;
  iface->get_item = groups_get_item;
}

static void
sotto_group_list_finalize (GObject *object)
{
  SottoGroupList *self = SOTTO_GROUP_LIST (object);

  g_clear_handle_id (&self->save_source, g_source_remove);
  g_hash_table_unref (self->unkept);
  g_ptr_array_unref (self->groups);
  g_clear_object (&self->store);
  g_clear_object (&self->problem);
  G_OBJECT_CLASS (sotto_group_list_parent_class)->finalize (object);
}

static void
sotto_group_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoGroupList *self = SOTTO_GROUP_LIST (object);

  if (prop_id == PROP_N_ITEMS)
    g_value_set_uint (value, self->groups->len);
  else if (prop_id == PROP_PROBLEM)
    g_value_set_object (value, self->problem);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_group_list_class_init (SottoGroupListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_group_list_finalize;
  object_class->get_property = sotto_group_list_get_property;

  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_group_list_init (SottoGroupList *self)
{
  self->groups = g_ptr_array_new_with_free_func (g_object_unref);
  self->unkept = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
}

SottoGroupList *
sotto_group_list_new (void)
{
  return g_object_new (SOTTO_TYPE_GROUP_LIST, NULL);
}

static void
changed (SottoGroupList *self, guint position, guint removed, guint added)
{
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
  if (removed != added)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/* --- Keeping --- */

static void
set_error (SottoGroupList *self, const GError *error)
{
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

static void save_after (SottoGroupList *self, SottoGroup *group, SottoGroupParts what, guint delay_ms);

/* One on its way into the history */
typedef struct {
  SottoGroupList *list;
  SottoGroup *group;
  SottoGroupParts what;
} Saving;

static Saving *
saving_new (SottoGroupList *self, SottoGroup *group, SottoGroupParts what)
{
  Saving *saving = g_new0 (Saving, 1);

  saving->list = g_object_ref (self);
  saving->group = g_object_ref (group);
  saving->what = what;
  self->n_saving++;
  group->n_saving++;
  return saving;
}

static void
saving_free (Saving *saving)
{
  g_object_unref (saving->list);
  g_object_unref (saving->group);
  g_free (saving);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Saving, saving_free)

/* What could not be saved is said once, and saved again some time later: there may be room by then.
 * @saving: (transfer full); @error: (transfer full) (nullable) */
static void
end_save (Saving *saving, gpointer store, GError *error)
{
  g_autoptr (Saving) ended = saving;
  g_autoptr (GError) given = error;
  SottoGroupList *self = saving->list;

  self->n_saving--;
  saving->group->n_saving--;
  /* One that was deleted before there was room for it at all */
  if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND))
    error = NULL;
  if (error == NULL || self->problem == NULL)
    set_error (self, error);
  if (error != NULL && self->store == store)
    save_after (self, saving->group, saving->what, SAVE_AGAIN_MS);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  sotto_store_put_group_finish (SOTTO_STORE (source), result, &error);
  end_save (user_data, source, error);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  sotto_store_delete_group_finish (SOTTO_STORE (source), result, &error);
  end_save (user_data, source, error);
}

static void
on_undeleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  sotto_store_undelete_group_finish (SOTTO_STORE (source), result, &error);
  end_save (user_data, source, error);
}

/* What was changed last is there again when a deleted one comes back: it is written then. */
static void
save (SottoGroupList *self, SottoGroup *group)
{
  const SottoGroupParts what = group->is_deleted ? group->unkept & ~SOTTO_GROUP_RECORD : group->unkept;

  group->unkept &= ~what;
  if ((what & SOTTO_GROUP_RECORD) != 0)
    {
      g_autoptr (SottoHistoryGroup) record = sotto_group_to_record (group);

      sotto_store_put_group_async (self->store, record, NULL, on_put, saving_new (self, group, SOTTO_GROUP_RECORD));
    }
  if ((what & SOTTO_GROUP_DELETION) == 0)
    return;
  if (group->is_deleted)
    sotto_store_delete_group_async (self->store, group->id, NULL, on_deleted, saving_new (self, group, SOTTO_GROUP_DELETION));
  else
    sotto_store_undelete_group_async (self->store, group->id, NULL, on_undeleted,
                                      saving_new (self, group, SOTTO_GROUP_DELETION));
}

void
sotto_group_list_flush (SottoGroupList *self)
{
  GHashTableIter iter;
  gpointer group;

  g_clear_handle_id (&self->save_source, g_source_remove);
  g_hash_table_iter_init (&iter, self->unkept);
  while (self->store != NULL && g_hash_table_iter_next (&iter, &group, NULL))
    save (self, group);
  g_hash_table_remove_all (self->unkept);
}

gboolean
sotto_group_list_is_unsaved (SottoGroupList *self)
{
  return self->n_saving > 0 || g_hash_table_size (self->unkept) > 0;
}

void
sotto_group_list_add_unsaved (SottoGroupList *self, GStrvBuilder *ids)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      const SottoGroup *group = g_ptr_array_index (self->groups, i);

      if (group->unkept != 0 || group->n_saving > 0)
        g_strv_builder_add (ids, group->id);
    }
}

static void
on_due (gpointer user_data)
{
  SottoGroupList *self = user_data;

  self->save_source = 0;
  sotto_group_list_flush (self);
}

static void
note_unkept (SottoGroupList *self, SottoGroup *group, SottoGroupParts what)
{
  group->unkept |= what;
  g_hash_table_add (self->unkept, g_object_ref (group));
}

static void
save_after (SottoGroupList *self, SottoGroup *group, SottoGroupParts what, guint delay_ms)
{
  note_unkept (self, group, what);
  if (self->save_source == 0)
    self->save_source = g_timeout_add_once (delay_ms, on_due, self);
}

static void
on_group_changed (SottoGroupList *self, GParamSpec *pspec, SottoGroup *group)
{
  if (g_str_equal (pspec->name, "n-conversations") || self->store == NULL)
    return;
  save_after (self, group, SOTTO_GROUP_RECORD, SAVE_DELAY_MS);
}

/* --- The order --- */

static int
compare (gconstpointer a, gconstpointer b)
{
  const SottoGroup *first = a;
  const SottoGroup *second = b;
  const int by_name = g_utf8_collate (first->name, second->name);

  return by_name != 0 ? by_name : strcmp (first->id, second->id);
}

static guint
find_place (SottoGroupList *self, SottoGroup *group)
{
  guint position = 0;

  while (position < self->groups->len && compare (g_ptr_array_index (self->groups, position), group) < 0)
    position++;
  return position;
}

/* One change: between two of them its conversations would be in no group. */
static void
on_renamed (SottoGroupList *self, GParamSpec *pspec, SottoGroup *group)
{
  guint before;
  guint after;

  if (!g_ptr_array_find (self->groups, group, &before))
    return;

  g_object_ref (group);
  g_ptr_array_remove_index (self->groups, before);
  after = find_place (self, group);
  g_ptr_array_insert (self->groups, (int) after, group);
  if (after != before)
    changed (self, MIN (before, after), MAX (before, after) - MIN (before, after) + 1,
             MAX (before, after) - MIN (before, after) + 1);
}

/* @group: (transfer full) */
static void
insert (SottoGroupList *self, SottoGroup *group)
{
  const guint position = find_place (self, group);

  g_signal_connect_object (group, "notify", G_CALLBACK (on_group_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (group, "notify::name", G_CALLBACK (on_renamed), self, G_CONNECT_SWAPPED);
  g_ptr_array_insert (self->groups, (int) position, group);
  changed (self, position, 0, 1);
}

static void
take_out (SottoGroupList *self, SottoGroup *group)
{
  guint position;

  g_signal_handlers_disconnect_by_data (group, self);
  if (g_ptr_array_find (self->groups, group, &position))
    {
      g_ptr_array_remove_index (self->groups, position);
      changed (self, position, 1, 0);
    }
}

/* --- As the history is --- */

void
sotto_group_list_open (SottoGroupList *self, SottoStore *store, GPtrArray *records)
{
  g_autoptr (GPtrArray) groups = NULL;

  sotto_group_list_clear (self);
  g_set_object (&self->store, store);
  groups = sotto_group_list_take_records (self, records);
}

void
sotto_group_list_close (SottoGroupList *self)
{
  sotto_group_list_flush (self);
  g_clear_object (&self->store);
}

void
sotto_group_list_clear (SottoGroupList *self)
{
  sotto_group_list_close (self);
  while (self->groups->len > 0)
    {
      g_autoptr (SottoGroup) group = g_object_ref (g_ptr_array_index (self->groups, self->groups->len - 1));

      take_out (self, group);
    }
  set_error (self, NULL);
}

GPtrArray *
sotto_group_list_take_records (SottoGroupList *self, GPtrArray *records)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < records->len; i++)
    {
      const SottoHistoryGroup *record = g_ptr_array_index (records, i);
      SottoGroup *group;

      if (sotto_group_list_lookup (self, record->id) != NULL)
        continue;
      group = sotto_group_new_from_record (record);
      g_ptr_array_add (groups, g_object_ref (group));
      insert (self, group);
    }
  return groups;
}

/* --- Deleting --- */

void
sotto_group_list_delete (SottoGroupList *self, SottoGroup *group)
{
  g_autoptr (SottoGroup) kept = g_object_ref (group);

  /* What was changed last is there again when it comes back. */
  sotto_group_list_flush (self);
  group->is_deleted = TRUE;
  take_out (self, group);
  note_unkept (self, group, SOTTO_GROUP_DELETION);
  sotto_group_list_flush (self);
}

void
sotto_group_list_undo_delete (SottoGroupList *self, SottoGroup *group)
{
  if (!group->is_deleted)
    return;

  group->is_deleted = FALSE;
  insert (self, g_object_ref (group));
  note_unkept (self, group, SOTTO_GROUP_DELETION);
  sotto_group_list_flush (self);
}

/* --- What others ask --- */

SottoGroup *
sotto_group_list_create (SottoGroupList *self, const char *name)
{
  g_autoptr (SottoGroup) group = NULL;

  g_return_val_if_fail (SOTTO_IS_GROUP_LIST (self), NULL);

  group = sotto_group_new (name);
  if (self->store == NULL || group->name[0] == '\0')
    return NULL;

  /* At once: a conversation may join it next. */
  insert (self, g_object_ref (group));
  note_unkept (self, group, SOTTO_GROUP_RECORD);
  sotto_group_list_flush (self);
  return group;
}

SottoGroup *
sotto_group_list_lookup (SottoGroupList *self, const char *id)
{
  g_return_val_if_fail (SOTTO_IS_GROUP_LIST (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < self->groups->len; i++)
    {
      SottoGroup *group = g_ptr_array_index (self->groups, i);

      if (g_str_equal (group->id, id))
        return group;
    }
  return NULL;
}

SottoProblem *
sotto_group_list_get_problem (SottoGroupList *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP_LIST (self), NULL);
  return self->problem;
}
