#include "conversation/found-file.h"

#include <string.h>

#include "conversation/find-marks.h"

static gboolean
has (const char *folded,
     const char *words)
{
  g_autofree char *needle = sotto_find_fold (words, NULL);

  return strstr (folded, needle) != NULL;
}

/* How much of what was looked for stands in @text; all of it together counts for more than each of it.
 * @found: (out) (transfer none): the longest of what does */
static guint
rate (const char        *text,
      const char *const *needles,
      const char       **found)
{
  g_autofree char *folded = sotto_find_fold (text != NULL ? text : "", NULL);
  const guint n = g_strv_length ((char **) needles);
  guint n_found = 0;

  *found = NULL;
  if (has (folded, needles[0]))
    {
      *found = needles[0];
      return n;
    }
  for (guint i = 1; i < n; i++)
    if (has (folded, needles[i]))
      {
        n_found++;
        if (*found == NULL || strlen (needles[i]) > strlen (*found))
          *found = needles[i];
      }

  return n_found;
}

/* Takes the file if it is better than what there was. */
static void
consider (SottoFoundFile    *best,
          guint             *best_rate,
          SottoAttachment   *attachment,
          guint              source,
          const char        *text,
          const char *const *needles)
{
  const char *words;
  guint rating = rate (text, needles, &words);

  if (rating <= *best_rate)
    return;

  *best_rate = rating;
  g_set_object (&best->attachment, attachment);
  best->source = source;
  g_set_str (&best->words, words);
}

gboolean
sotto_found_file_look (GListModel     *messages,
                       guint           position,
                       const char     *words,
                       gboolean        is_in_sight,
                       SottoFoundFile *found)
{
  g_autoptr (SottoMessage) message = g_list_model_get_item (messages, position);
  g_autoptr (SottoMessage) reply = g_list_model_get_item (messages, position + 1);
  g_auto (GStrv) needles = sotto_find_list_needles (words);
  const char *const *wanted = (const char *const *) needles;
  const char *in_message;
  guint best;

  *found = (SottoFoundFile) { NULL };
  if (message == NULL || needles[0] == NULL)
    return FALSE;

  best = is_in_sight ? MAX (rate (sotto_message_get_text (message), wanted, &in_message), 1) : 0;
  for (guint i = 0; i < sotto_message_get_n_attachments (message); i++)
    {
      SottoAttachment *attachment = sotto_message_get_attachment (message, i);

      consider (found, &best, attachment, 0, sotto_attachment_get_text (attachment), wanted);
    }
  for (guint i = 0; reply != NULL && i < sotto_message_get_n_sources (reply); i++)
    consider (found, &best, NULL, i, sotto_message_get_source (reply, i)->text, wanted);

  return found->words != NULL;
}

void
sotto_found_file_clear (SottoFoundFile *found)
{
  g_clear_object (&found->attachment);
  g_clear_pointer (&found->words, g_free);
}
