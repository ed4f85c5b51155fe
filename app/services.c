#include "services.h"

#include "conversation/group-list-private.h"
#include "document/document-folders-private.h"
#include "document/meaning-private.h"

SottoServices *
sotto_services_new (SottoSettings *settings)
{
  SottoServices *self = g_rc_box_new0 (SottoServices);

  self->settings = g_object_ref (settings);
  self->instructions = g_strdup ("");
  self->unkept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->library = sotto_model_library_new (settings);
  self->inference = sotto_inference_new (settings, self->library);
  self->folders = sotto_document_folders_new ();
  self->meaning = sotto_meaning_new (settings, self->library, self->inference, self->folders);
  self->groups = sotto_group_list_new ();
  return self;
}

SottoServices *
sotto_services_new_temporary (SottoServices *self)
{
  SottoServices *temporary = g_rc_box_new0 (SottoServices);

  temporary->settings = g_object_ref (self->settings);
  temporary->instructions = g_strdup (self->instructions);
  temporary->tools = g_strdup (self->tools);
  temporary->library = g_object_ref (self->library);
  temporary->inference = g_object_ref (self->inference);
  temporary->folders = g_object_ref (self->folders);
  temporary->meaning = g_object_ref (self->meaning);
  temporary->groups = g_object_ref (self->groups);
  temporary->store = sotto_store_new_in_memory ();
  temporary->is_temporary = TRUE;
  return temporary;
}

SottoServices *
sotto_services_ref (SottoServices *self)
{
  return g_rc_box_acquire (self);
}

static void
services_clear (gpointer data)
{
  SottoServices *self = data;

  g_clear_object (&self->groups);
  g_clear_object (&self->meaning);
  g_clear_object (&self->folders);
  g_clear_object (&self->inference);
  g_clear_object (&self->library);
  g_clear_object (&self->store);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->instructions, g_free);
  g_clear_pointer (&self->tools, g_free);
  g_clear_pointer (&self->unkept, g_hash_table_unref);
}

void
sotto_services_unref (SottoServices *self)
{
  g_rc_box_release_full (self, services_clear);
}

gboolean
sotto_services_check_store (SottoServices *self, GError **error)
{
  if (self->store != NULL)
    return TRUE;

  g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY,
                       "The history is not open");
  return FALSE;
}
