#include "history-error.h"

#include <string.h>

char *
sotto_history_new_id (void)
{
  return g_uuid_string_random ();
}

/* --- Model --- */

SottoHistoryModel *
sotto_history_model_new (const char *path, const char *name, const char *hash)
{
  SottoHistoryModel *model;

  g_return_val_if_fail (path != NULL && *path != '\0', NULL);

  model = g_new0 (SottoHistoryModel, 1);
  model->path = g_strdup (path);
  model->name = g_strdup (name);
  model->hash = g_strdup (hash);
  return model;
}

SottoHistoryModel *
sotto_history_model_copy (const SottoHistoryModel *model)
{
  return model != NULL ? sotto_history_model_new (model->path, model->name, model->hash) : NULL;
}

void
sotto_history_model_free (SottoHistoryModel *model)
{
  if (model == NULL)
    return;

  g_free (model->path);
  g_free (model->name);
  g_free (model->hash);
  g_free (model);
}

/* --- Conversation --- */

void
sotto_history_conversation_free (SottoHistoryConversation *conversation)
{
  if (conversation == NULL)
    return;

  g_free (conversation->id);
  g_free (conversation->title);
  g_free (conversation->snippet);
  g_free (conversation->draft);
  sotto_history_model_free (conversation->model);
  g_strfreev (conversation->folders);
  g_free (conversation->group);
  g_free (conversation->group_name);
  g_strfreev (conversation->tools);
  g_free (conversation->answer_schema);
  g_free (conversation);
}

/* --- Group --- */

SottoHistoryGroup *
sotto_history_group_copy (const SottoHistoryGroup *group)
{
  SottoHistoryGroup *copy;

  g_return_val_if_fail (group != NULL, NULL);

  copy = g_new0 (SottoHistoryGroup, 1);
  copy->id = g_strdup (group->id);
  copy->name = g_utf8_make_valid (group->name != NULL ? group->name : "", -1);
  copy->instructions = g_utf8_make_valid (group->instructions != NULL ? group->instructions : "", -1);
  copy->folders = g_strdupv (group->folders);
  copy->is_open = group->is_open;
  copy->created = group->created;
  return copy;
}

void
sotto_history_group_free (SottoHistoryGroup *group)
{
  if (group == NULL)
    return;

  g_free (group->id);
  g_free (group->name);
  g_free (group->instructions);
  g_strfreev (group->folders);
  g_free (group);
}

/* --- Part --- */

SottoHistoryPart *
sotto_history_part_new (SottoHistoryPartKind kind, const char *text)
{
  SottoHistoryPart *part = g_new0 (SottoHistoryPart, 1);

  part->kind = kind;
  part->text = g_utf8_make_valid (text != NULL ? text : "", -1);
  return part;
}

SottoHistoryPart *
sotto_history_part_copy (const SottoHistoryPart *part)
{
  SottoHistoryPart *copy = sotto_history_part_new (part->kind, part->text);

  copy->name = g_strdup (part->name);
  copy->media_type = g_strdup (part->media_type);
  copy->data = part->data != NULL ? g_bytes_ref (part->data) : NULL;
  copy->hash = part->hash != NULL ? g_bytes_ref (part->hash) : NULL;
  copy->size = part->size;
  copy->uri = g_strdup (part->uri);
  copy->first_page = part->first_page;
  copy->last_page = part->last_page;
  copy->found = part->found;
  return copy;
}

void
sotto_history_part_free (SottoHistoryPart *part)
{
  if (part == NULL)
    return;

  g_free (part->text);
  g_free (part->name);
  g_free (part->media_type);
  g_clear_pointer (&part->data, g_bytes_unref);
  g_clear_pointer (&part->hash, g_bytes_unref);
  g_free (part->uri);
  g_free (part);
}

GPtrArray *
sotto_history_parts_new_text (const char *text)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);

  g_ptr_array_add (parts, sotto_history_part_new (SOTTO_HISTORY_PART_TEXT, text));
  return parts;
}

/* --- Message --- */

char *
sotto_history_message_dup_text (const SottoHistoryMessage *message)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (message != NULL, NULL);

  for (guint i = 0; message->parts != NULL && i < message->parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (message->parts, i);

      if (part->kind == SOTTO_HISTORY_PART_TEXT)
        g_string_append (text, part->text);
    }
  return g_string_free_and_steal (text);
}

void
sotto_history_message_free (SottoHistoryMessage *message)
{
  if (message == NULL)
    return;

  g_free (message->id);
  g_free (message->conversation);
  g_free (message->parent);
  g_clear_pointer (&message->parts, g_ptr_array_unref);
  sotto_history_model_free (message->model);
  g_free (message->receipt);
  g_strfreev (message->siblings);
  g_free (message);
}

/* --- Tree --- */

SottoHistoryTree *
sotto_history_tree_new (void)
{
  SottoHistoryTree *tree = g_new0 (SottoHistoryTree, 1);

  tree->conversation = g_new0 (SottoHistoryConversation, 1);
  tree->conversation->folders = g_new0 (char *, 1);
  tree->conversation->tools = g_new0 (char *, 1);
  tree->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_message_free);
  return tree;
}

void
sotto_history_tree_free (SottoHistoryTree *tree)
{
  if (tree == NULL)
    return;

  sotto_history_conversation_free (tree->conversation);
  g_ptr_array_unref (tree->messages);
  g_free (tree);
}

/* --- Hit --- */

void
sotto_history_hit_free (SottoHistoryHit *hit)
{
  if (hit == NULL)
    return;

  g_free (hit->conversation);
  g_free (hit->title);
  g_free (hit->message);
  g_free (hit->snippet);
  g_free (hit->ranges);
  g_free (hit->piece);
  g_free (hit);
}

/* --- Folders --- */

void
sotto_history_folder_free (SottoHistoryFolder *folder)
{
  if (folder == NULL)
    return;

  g_free (folder->id);
  g_free (folder->uri);
  g_free (folder);
}

SottoHistoryDocument *
sotto_history_document_new (const char *path, guint64 size, gint64 modified, const char *problem)
{
  SottoHistoryDocument *document;

  g_return_val_if_fail (path != NULL, NULL);

  document = g_new0 (SottoHistoryDocument, 1);
  document->path = g_strdup (path);
  document->size = size;
  document->modified = modified;
  document->problem = g_strdup (problem);
  return document;
}

SottoHistoryDocument *
sotto_history_document_copy (const SottoHistoryDocument *document)
{
  return sotto_history_document_new (document->path, document->size, document->modified,
                                     document->problem);
}

void
sotto_history_document_free (SottoHistoryDocument *document)
{
  if (document == NULL)
    return;

  g_free (document->path);
  g_free (document->problem);
  g_free (document);
}

SottoHistoryPassage *
sotto_history_passage_new (const char *text, guint first_page, guint last_page)
{
  SottoHistoryPassage *passage;

  g_return_val_if_fail (text != NULL, NULL);

  passage = g_new0 (SottoHistoryPassage, 1);
  passage->text = g_utf8_make_valid (text, -1);
  passage->first_page = first_page;
  passage->last_page = last_page;
  return passage;
}

void
sotto_history_passage_free (SottoHistoryPassage *passage)
{
  if (passage == NULL)
    return;

  g_free (passage->text);
  g_free (passage->folder);
  g_free (passage->path);
  g_free (passage);
}

void
sotto_history_said_free (SottoHistorySaid *said)
{
  if (said == NULL)
    return;

  g_free (said->text);
  g_free (said);
}
