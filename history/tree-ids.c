/* Which ids a conversation from elsewhere gets
 *
 * Its own, as long as nothing else has them. Else the next ones of a chain: an id is BLAKE2b of the
 * id before and of all that the conversation says, as a UUID of version 8 (RFC 9562, section 5.8).
 * The same conversation walks the same chain, so that it finds itself when it comes again. What it
 * says is its messages; models and receipts tell of files, which lie elsewhere on another computer. */

#include "tree-ids.h"

#include "conversation-rows.h"

#include <sodium.h>
#include <string.h>

static void
add_number (crypto_generichash_state *state, gint64 number)
{
  gint64 bytes = GINT64_TO_LE (number);

  crypto_generichash_update (state, (const guint8 *) &bytes, sizeof bytes);
}

/* With its length before it, so that no two lists of texts are the same bytes. */
static void
add_bytes (crypto_generichash_state *state, gconstpointer data, gsize size)
{
  add_number (state, data != NULL ? (gint64) size : -1);
  if (size > 0)
    crypto_generichash_update (state, data, size);
}

static void
add_text (crypto_generichash_state *state, const char *text)
{
  add_bytes (state, text, text != NULL ? strlen (text) : 0);
}

static char *
take_id (crypto_generichash_state *state)
{
  guint8 b[16];

  crypto_generichash_final (state, b, sizeof b);
  b[6] = (guint8) ((b[6] & 0x0f) | 0x80);
  b[8] = (guint8) ((b[8] & 0x3f) | 0x80);
  return g_strdup_printf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                          b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                          b[12], b[13], b[14], b[15]);
}

/* A reply that is being written is kept as one that was interrupted. */
static gint64
kept_status (const SottoHistoryMessage *message)
{
  return message->status == SOTTO_HISTORY_STATUS_STREAMING ? SOTTO_HISTORY_STATUS_INTERRUPTED
                                                           : message->status;
}

static void
add_message (crypto_generichash_state *state, const SottoHistoryMessage *message)
{
  add_text (state, message->id);
  add_text (state, message->parent);
  add_number (state, message->role);
  add_number (state, kept_status (message));
  add_number (state, message->created);
  add_number (state, message->parts->len);
  for (guint i = 0; i < message->parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (message->parts, i);
      gsize size = 0;
      gconstpointer data = part->data != NULL ? g_bytes_get_data (part->data, &size) : NULL;

      add_number (state, part->kind);
      add_text (state, part->text);
      add_text (state, part->name);
      add_text (state, part->media_type);
      add_bytes (state, data, size);
    }
}

SottoTreeIds *
sotto_tree_ids_new (const SottoHistoryTree *tree, GError **error)
{
  const guint n = tree->messages->len;
  g_autoptr (SottoTreeIds) self = g_new0 (SottoTreeIds, 1);
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);

  if (!sotto_rows_check_id (tree->conversation->id, error))
    return NULL;

  self->conversation = g_strdup (tree->conversation->id);
  self->messages = g_new0 (char *, n + 1);
  self->parents = g_new0 (gint, n + 1);
  for (guint i = 0; i < n; i++)
    {
      const SottoHistoryMessage *message = g_ptr_array_index (tree->messages, i);
      gpointer place = GUINT_TO_POINTER (0);

      if (!sotto_rows_check_id (message->id, error))
        return NULL;
      if (message->parent != NULL &&
          !g_hash_table_lookup_extended (places, message->parent, NULL, &place))
        {
          sotto_rows_set_invalid (error, "parent: does not stand before its answer");
          return NULL;
        }
      if (!g_hash_table_insert (places, message->id, GUINT_TO_POINTER (i)))
        {
          sotto_rows_set_invalid (error, "id: of two messages");
          return NULL;
        }
      self->messages[i] = g_strdup (message->id);
      self->parents[i] = message->parent != NULL ? (gint) GPOINTER_TO_UINT (place) : -1;
    }
  return g_steal_pointer (&self);
}

void
sotto_tree_ids_free (SottoTreeIds *self)
{
  g_free (self->conversation);
  g_strfreev (self->messages);
  g_free (self->parents);
  g_free (self);
}

void
sotto_tree_ids_next (SottoTreeIds *self, const SottoHistoryTree *tree)
{
  crypto_generichash_state state;

  crypto_generichash_init (&state, NULL, 0, 16);
  add_text (&state, self->conversation);
  add_text (&state, tree->conversation->title);
  for (guint i = 0; i < tree->messages->len; i++)
    add_message (&state, g_ptr_array_index (tree->messages, i));
  g_free (self->conversation);
  self->conversation = take_id (&state);

  for (guint i = 0; i < tree->messages->len; i++)
    {
      crypto_generichash_init (&state, NULL, 0, 16);
      add_text (&state, self->conversation);
      add_text (&state, self->messages[i]);
      g_free (self->messages[i]);
      self->messages[i] = take_id (&state);
    }
}

/* --- Comparing --- */

static gboolean
same_data (GBytes *a, GBytes *b)
{
  return a == NULL || b == NULL ? a == b : g_bytes_equal (a, b);
}

static gboolean
same_part (const SottoHistoryPart *a, const SottoHistoryPart *b)
{
  return a->kind == b->kind && g_str_equal (a->text, b->text) &&
         g_strcmp0 (a->name, b->name) == 0 && g_strcmp0 (a->media_type, b->media_type) == 0 &&
         same_data (a->data, b->data);
}

static gboolean
same_message (const SottoHistoryMessage *a, const SottoHistoryMessage *b)
{
  if (a->role != b->role || kept_status (a) != kept_status (b) || a->created != b->created ||
      a->parts->len != b->parts->len)
    return FALSE;

  for (guint i = 0; i < a->parts->len; i++)
    if (!same_part (g_ptr_array_index (a->parts, i), g_ptr_array_index (b->parts, i)))
      return FALSE;
  return TRUE;
}

gboolean
sotto_tree_ids_covers (const SottoTreeIds     *self,
                       const SottoHistoryTree *tree,
                       const SottoHistoryTree *there)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < there->messages->len; i++)
    {
      SottoHistoryMessage *message = g_ptr_array_index (there->messages, i);

      g_hash_table_insert (known, message->id, message);
    }

  for (guint i = 0; i < tree->messages->len; i++)
    {
      const SottoHistoryMessage *found = g_hash_table_lookup (known, self->messages[i]);
      const char *parent = self->parents[i] >= 0 ? self->messages[self->parents[i]] : NULL;

      if (found == NULL || g_strcmp0 (found->parent, parent) != 0 ||
          !same_message (g_ptr_array_index (tree->messages, i), found))
        return FALSE;
    }
  return TRUE;
}
