#include "config.h"

#include "words.h"

#include <glib/gi18n-lib.h>
#include <sotto-history.h>

/* History's codes and arguments as sentences. None, locked, denied, wrong and corrupt are different
 * states with different words: what a person reads here decides whether they give up on their
 * conversations, so each says what is still safe. */

static char *
words_for_key (SottoHistoryError                 code,
               const SottoHistoryErrorArguments *arguments,
               SottoRemedy                      *remedy)
{
  *remedy = SOTTO_REMEDY_RECOVERY_CODE;
  switch (code)
    {
    case SOTTO_HISTORY_ERROR_LOCKED:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("The keyring that protects your conversations is locked. Unlock it to "
                         "open them."));
    case SOTTO_HISTORY_ERROR_DENIED:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("The keyring was not unlocked, so your conversations stay closed. "
                         "Nothing is lost."));
    case SOTTO_HISTORY_ERROR_NO_KEYRING:
      return g_strdup (_("The keyring that protects your conversations is not running. Start it "
                         "and try again, or use the recovery code."));
    case SOTTO_HISTORY_ERROR_NO_SECRET:
      return g_strdup (_("The keyring no longer holds the key to your conversations. The recovery "
                         "code opens them."));
    case SOTTO_HISTORY_ERROR_NO_SLOT:
      return g_strdup (_("Your conversations are not protected in that way. Use the passphrase, "
                         "the keyring or the recovery code that you set up."));
    case SOTTO_HISTORY_ERROR_WRONG_SECRET:
      *remedy = SOTTO_REMEDY_PASSPHRASE;
      return g_strdup (_("That does not open your conversations. Check it and try again; nothing "
                         "was changed."));
    case SOTTO_HISTORY_ERROR_MALFORMED_CODE:
      if (arguments->wanted == 0)
        return g_strdup (_("The recovery code is too short or too long."));
      return g_strdup_printf (_("The recovery code has a typing mistake in group %d."),
                              (int) arguments->wanted);
    case SOTTO_HISTORY_ERROR_LAST_SLOT:
      *remedy = SOTTO_REMEDY_NONE;
      return g_strdup (_("This is the only way to open your conversations, so it stays. Add "
                         "another one first."));
    default:
      return NULL;
    }
}

static char *
words_for_file (SottoHistoryError                 code,
                const SottoHistoryErrorArguments *arguments,
                SottoRemedy                      *remedy)
{
  const char *subject = arguments->subject != NULL ? arguments->subject : "?";

  *remedy = SOTTO_REMEDY_RETRY;
  switch (code)
    {
    case SOTTO_HISTORY_ERROR_NONE:
      return g_strdup (_("There are no conversations yet."));
    case SOTTO_HISTORY_ERROR_EXISTS:
      return g_strdup (_("There are conversations already, so no new history was begun. Try again "
                         "to open them."));
    case SOTTO_HISTORY_ERROR_IN_USE:
      *remedy = SOTTO_REMEDY_QUIT;
      return g_strdup (_("Sotto is running already, and your conversations are open there. Use "
                         "that window, or close it first."));
    case SOTTO_HISTORY_ERROR_MISSING_DATABASE:
      return g_strdup (_("The file with your conversations is gone; its key is still there. Put "
                         "the file back from a backup."));
    case SOTTO_HISTORY_ERROR_MISSING_ENVELOPE:
      return g_strdup (_("The key file of your conversations is gone. Put it back from a backup; "
                         "nothing was changed."));
    case SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE:
      return g_strdup (_("The key file of your conversations is damaged. Put it back from a "
                         "backup; nothing was changed."));
    case SOTTO_HISTORY_ERROR_CORRUPT_DATABASE:
      return g_strdup (_("The file with your conversations is damaged. Put it back from a backup; "
                         "nothing was changed."));
    case SOTTO_HISTORY_ERROR_NEWER:
      *remedy = SOTTO_REMEDY_QUIT;
      return g_strdup (_("Your conversations were written by a newer Sotto. Update Sotto to open "
                         "them; nothing was changed."));
    case SOTTO_HISTORY_ERROR_NOT_A_BACKUP:
      *remedy = SOTTO_REMEDY_NONE;
      return g_strdup (_("This is not a backup that Sotto has made. Nothing was changed."));
    case SOTTO_HISTORY_ERROR_IO:
      /* Translators: %s is what the system says */
      return g_strdup_printf (_("Your conversations cannot be read or written: %s"), subject);
    case SOTTO_HISTORY_ERROR_DISK_FULL:
      return g_strdup (_("The disk is full, so this could not be saved. Free some space and try "
                         "again."));
    case SOTTO_HISTORY_ERROR_TOO_LARGE:
      return g_strdup (_("The file with your conversations cannot grow any larger here. Delete some to save this."));
    case SOTTO_HISTORY_ERROR_READ_ONLY:
      return g_strdup (_("The disk with your conversations can only be read. Make it writable and try again."));
    case SOTTO_HISTORY_ERROR_GONE:
      return g_strdup (_("The file with your conversations is gone. Put it back, or export them before closing."));
    default:
      return NULL;
    }
}

static char *
words_for_call (SottoHistoryError                 code,
                const SottoHistoryErrorArguments *arguments,
                SottoRemedy                      *remedy)
{
  g_autofree char *size = g_format_size (arguments->wanted);

  *remedy = SOTTO_REMEDY_NONE;
  switch (code)
    {
    case SOTTO_HISTORY_ERROR_MEMORY:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup_printf (_("There is not enough free memory: %s are needed."), size);
    case SOTTO_HISTORY_ERROR_NOT_FOUND:
      return g_strdup (_("That is no longer there."));
    case SOTTO_HISTORY_ERROR_INVALID:
      return g_strdup_printf (_("That cannot be saved: %s"),
                              arguments->subject != NULL ? arguments->subject : "?");
    case SOTTO_HISTORY_ERROR_CLOSED:
      return g_strdup (_("Your conversations are closed."));
    default:
      return NULL;
    }
}

char *
sotto_words_for_history (const GError *error, SottoRemedy *remedy)
{
  const SottoHistoryErrorArguments *arguments = sotto_history_error_get_arguments (error);
  char *words = words_for_key (error->code, arguments, remedy);

  if (words == NULL)
    words = words_for_file (error->code, arguments, remedy);
  if (words == NULL)
    words = words_for_call (error->code, arguments, remedy);
  return words;
}
