#include "conversation/message-private.h"

#include "conversation/attachment-private.h"

/* What goes to a model with a prompt beside its words: files that are attached to it, passages that were found for it. */

guint
sotto_message_get_n_attachments (SottoMessage *self)
{
  const GPtrArray *attachments;

  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 0);

  attachments = sotto_message_get_attachments (self);
  return attachments != NULL ? attachments->len : 0;
}

SottoAttachment *
sotto_message_get_attachment (SottoMessage *self, guint position)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  g_return_val_if_fail (position < sotto_message_get_n_attachments (self), NULL);
  return g_ptr_array_index (sotto_message_get_attachments (self), position);
}

guint
sotto_message_get_n_sources (SottoMessage *self)
{
  const SottoSources *sources;

  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), 0);

  sources = sotto_message_get_sources (self);
  return sources != NULL ? sotto_sources_get_n (sources) : 0;
}

const SottoSource *
sotto_message_get_source (SottoMessage *self, guint position)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  g_return_val_if_fail (position < sotto_message_get_n_sources (self), NULL);
  return sotto_sources_get (sotto_message_get_sources (self), position);
}

/* What the person wrote, behind what they attached; a picture that is shown is no part of the text. */
static void
write_own (SottoMessage *self, gboolean sees, GString *out)
{
  for (guint i = 0; i < sotto_message_get_n_attachments (self); i++)
    {
      SottoAttachment *attachment = g_ptr_array_index (sotto_message_get_attachments (self), i);

      if (sees && sotto_attachment_peek_image (attachment) != NULL)
        continue;
      sotto_attachment_write (attachment, out);
      g_string_append_c (out, '\n');
    }
  g_string_append (out, sotto_message_get_text (self));
}

void
sotto_message_write_prompt (SottoMessage *self, gboolean sees, GString *out)
{
  const SottoSources *sources = sotto_message_get_sources (self);
  g_autoptr (GString) own = NULL;

  if (sources == NULL)
    {
      write_own (self, sees, out);
      return;
    }
  own = g_string_new (NULL);
  write_own (self, sees, own);
  sotto_sources_write (sources, own->str, out);
}
