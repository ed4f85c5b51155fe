#include "conversation/conversation-private.h"

#include "conversation/kept-receipt.h"

/* The hash of a model's file is taken beside its first replies, and may be known only after they have ended. Their receipts are
 * completed then, here and in the history. What ends before that (Sotto, the model) leaves them without. */

typedef struct {
  char *id;
  char *path;    /* of the model */
  char *receipt;
} Unhashed;

static void
unhashed_free (gpointer data)
{
  Unhashed *self = data;

  g_free (self->id);
  g_free (self->path);
  g_free (self->receipt);
  g_free (self);
}

static void
on_receipt_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* It may have been deleted since; and a receipt without a hash is one. */
  if (!sotto_store_set_receipt_finish (SOTTO_STORE (source), result, &error))
    g_debug ("A receipt stays without its model's hash: %s", error->message);
}

static void
complete (SottoConversation *self, const Unhashed *unhashed, const char *hash)
{
  g_autofree char *receipt = sotto_kept_receipt_add_hash (unhashed->receipt, hash);
  int position;

  if (receipt == NULL)
    return;

  position = sotto_conversation_path_find (self, unhashed->id);
  if (position >= 0)
    sotto_message_set_receipt (sotto_conversation_path_get (self, (guint) position), receipt);
  if (self->services->store != NULL)
    sotto_store_set_receipt_async (self->services->store, unhashed->id, receipt, NULL, on_receipt_set, NULL);
}

static void
on_hashed (SottoConversation *self, const char *path, const char *hash)
{
  for (guint i = self->unhashed->len; i > 0; i--)
    {
      const Unhashed *unhashed = g_ptr_array_index (self->unhashed, i - 1);

      if (!g_str_equal (unhashed->path, path))
        continue;
      complete (self, unhashed, hash);
      g_ptr_array_remove_index (self->unhashed, i - 1);
    }
}

void
sotto_conversation_forget_hash (SottoConversation *self, const char *id)
{
  for (guint i = self->unhashed != NULL ? self->unhashed->len : 0; i > 0; i--)
    {
      const Unhashed *unhashed = g_ptr_array_index (self->unhashed, i - 1);

      if (g_str_equal (unhashed->id, id))
        g_ptr_array_remove_index (self->unhashed, i - 1);
    }
}

void
sotto_conversation_await_hash (SottoConversation *self, const SottoReceipt *receipt, const char *json)
{
  Unhashed *unhashed;

  if (receipt == NULL || receipt->model_hash != NULL || receipt->model_path == NULL)
    return;

  if (self->unhashed == NULL)
    {
      self->unhashed = g_ptr_array_new_with_free_func (unhashed_free);
      g_signal_connect_object (self->services->inference, "hashed", G_CALLBACK (on_hashed), self, G_CONNECT_SWAPPED);
    }
  unhashed = g_new0 (Unhashed, 1);
  unhashed->id = g_strdup (sotto_message_get_id (self->reply));
  unhashed->path = g_strdup (receipt->model_path);
  unhashed->receipt = g_strdup (json);
  g_ptr_array_add (self->unhashed, unhashed);
}
