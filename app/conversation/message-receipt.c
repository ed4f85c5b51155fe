#include "config.h"

#include "conversation/message-private.h"

#include <glib/gi18n-lib.h>

#include "conversation/kept-receipt.h"
#include "numbers.h"

/* What a message's receipt says of it. */

char *
sotto_message_dup_receipt_for_others (SottoMessage *self)
{
  char *receipt;

  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);

  receipt = sotto_kept_receipt_dup_for_others (sotto_message_get_receipt (self));
  return receipt != NULL ? receipt : g_strdup (sotto_message_get_receipt (self));
}

char **
sotto_message_describe_receipt (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return sotto_kept_receipt_describe (sotto_message_get_receipt (self));
}

char *
sotto_message_dup_n_tokens (SottoMessage *self)
{
  const guint64 n = sotto_kept_receipt_add_up (sotto_message_get_receipt (self), "generated_tokens", NULL);
  g_autofree char *number = sotto_number_describe (n);

  /* Translators: a token is a piece of a word */
  return n > 0 ? g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s token", "%s tokens", (gulong) n), number) : NULL;
}

/* As the details of a model count it: the first token of each part belongs to reading what was asked. */
char *
sotto_message_dup_speed (SottoMessage *self)
{
  guint n_parts;
  const guint64 n = sotto_kept_receipt_add_up (sotto_message_get_receipt (self), "generated_tokens", &n_parts);
  const guint64 time = sotto_kept_receipt_add_up (sotto_message_get_receipt (self), "decode_us", NULL);

  return n > n_parts && time > 0
         ? g_strdup_printf (_("%.0f tokens/s"), (double) (n - n_parts) * G_USEC_PER_SEC / (double) time) : NULL;
}

gboolean
sotto_message_is_json (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), FALSE);
  return sotto_message_will_be_json (self) || sotto_kept_receipt_is_held (sotto_message_get_receipt (self));
}

gboolean
sotto_message_is_at_length (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), FALSE);
  return sotto_kept_receipt_ended_by (sotto_message_get_receipt (self), "max-tokens");
}
