#include "config.h"

#include "document/document-folders.h"
#include "words.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <sotto-engine.h>
#include <sotto-history.h>
#include <string.h>

/* Sentences of the application itself, and which domain's words to take. The larger domains
 * have a file each: words-engine.c, words-history.c, words-folder.c. */

static char *
words_for_app (const GError *error, SottoRemedy *remedy)
{
  switch ((SottoAppError) error->code)
    {
    case SOTTO_APP_ERROR_NOT_READY:
      return g_strdup (_("The conversations are not open yet."));
    case SOTTO_APP_ERROR_BUSY:
      return g_strdup (_("The reply before this one is still being written. Stop it first, or "
                         "wait for its end."));
    case SOTTO_APP_ERROR_EMPTY:
      return g_strdup (_("There is nothing to send."));
    case SOTTO_APP_ERROR_TOO_MANY_ATTACHMENTS:
      return g_strdup (_("This message has as many files as one may have. Send it, or take one off first."));
    case SOTTO_APP_ERROR_TOO_MANY_PICTURES:
      return g_strdup (_("This message has as many pictures as one may have. Send it, or take one off first."));
    case SOTTO_APP_ERROR_NO_MODEL:
      *remedy = SOTTO_REMEDY_ADD_MODEL;
      return g_strdup (_("There is no language model on this computer yet. Add a model file "
                         "(GGUF) to get answers."));
    case SOTTO_APP_ERROR_MODEL_MISSING:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      return g_strdup (_("The model file is no longer there. Choose another "
                         "model, or put the file back."));
    case SOTTO_APP_ERROR_CONTEXT_FULL:
      *remedy = SOTTO_REMEDY_SETTINGS;
      return g_strdup (_("The model’s memory for this conversation is full, so the reply was cut "
                         "off. Start a new conversation, or allow a longer context in the "
                         "preferences."));
    case SOTTO_APP_ERROR_CONTEXT_AT_END:
      *remedy = SOTTO_REMEDY_NEW_CONVERSATION;
      return g_strdup (_("This conversation has become as long as the model can keep in mind. "
                         "Start a new one to go on."));
    case SOTTO_APP_ERROR_CONTEXT_TO_SUM_UP:
      *remedy = SOTTO_REMEDY_SUMMARISE;
      return g_strdup (_("This conversation has become as long as the model can keep in mind. It can go on in a new "
                         "one that begins with a summary."));
    case SOTTO_APP_ERROR_NO_SUMMARY:
      *remedy = SOTTO_REMEDY_NEW_CONVERSATION;
      return g_strdup (_("The model could not sum this conversation up. Start a new one to go on."));
    case SOTTO_APP_ERROR_NO_SCHEMA:
      *remedy = SOTTO_REMEDY_ANSWER_FORMAT;
      return g_strdup (_("There is no schema yet that answers could follow."));
    case SOTTO_APP_ERROR_SCHEMA_LARGE:
      *remedy = SOTTO_REMEDY_ANSWER_FORMAT;
      return g_strdup (_("This schema is longer than one may be. Leave out what answers can do without."));
    case SOTTO_APP_ERROR_PASSPHRASE:
      *remedy = SOTTO_REMEDY_PASSPHRASE;
      return g_strdup (_("The passphrase is empty."));
    case SOTTO_APP_ERROR_REPLY_FAILED:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("An error cut this reply off."));
    case SOTTO_APP_ERROR_NOT_FOUND:
      return g_strdup (_("That message cannot be shown now."));
    case SOTTO_APP_ERROR_TEMPORARY:
      return g_strdup (_("Nothing of these conversations is kept, so there is nothing to "
                         "protect."));
    case SOTTO_APP_ERROR_PROTECTING:
      return g_strdup (_("How your conversations are protected is being changed already. Wait a "
                         "moment."));
    case SOTTO_APP_ERROR_NO_KEYRING:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("There is no keyring that could hold the key. Your passphrase still "
                         "protects your conversations."));
    case SOTTO_APP_ERROR_KEYRING_REFUSED:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("The keyring was not unlocked. Your passphrase still protects your "
                         "conversations."));
    case SOTTO_APP_ERROR_EMBEDDING_MODEL:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      return g_strdup (_("This model finds texts by their meaning. It cannot write, so one cannot "
                         "chat with it."));
    case SOTTO_APP_ERROR_NO_MODEL_IN_FOLDER:
      return g_strdup (_("This folder holds no model files (GGUF)."));
    case SOTTO_APP_ERROR_ARCHIVE_FOREIGN:
      return g_strdup (_("Sotto found no conversations that it can read. Nothing was imported."));
    case SOTTO_APP_ERROR_ARCHIVE_PACKED:
      return g_strdup (_("This is a ZIP archive. Extract it in Files, then choose the folder that comes of it."));
    case SOTTO_APP_ERROR_ARCHIVE_NEWER:
      return g_strdup (_("A newer Sotto has exported this file. Update Sotto to import it."));
    case SOTTO_APP_ERROR_ARCHIVE_DAMAGED:
      return g_strdup (_("This file is damaged or not complete. Nothing was imported."));
    case SOTTO_APP_ERROR_ARCHIVE_LARGE:
      return g_strdup (_("These are more conversations than fit into one file."));
    case SOTTO_APP_ERROR_BACKUP_FOREIGN:
      return g_strdup (_("This is not a backup that Sotto has made. Nothing was changed."));
    case SOTTO_APP_ERROR_BACKUP_NEWER:
      return g_strdup (_("A newer Sotto has made this backup. Update Sotto to restore it."));
    case SOTTO_APP_ERROR_BACKUP_DAMAGED:
      return g_strdup (_("This backup is damaged or not complete. Nothing was changed."));
    case SOTTO_APP_ERROR_BACKUP_WRONG:
      *remedy = SOTTO_REMEDY_PASSPHRASE;
      return g_strdup (_("That does not open this backup. Check it and try again; nothing was "
                         "changed."));
    case SOTTO_APP_ERROR_NO_SPEECH_HELPER:
      return g_strdup (_("This Sotto cannot read aloud: the part of it that does is not installed."));
    case SOTTO_APP_ERROR_NO_SPEECH_SERVICE:
      /* Translators: the words in quotation marks are the name of a package, and stay as they are */
      return g_strdup (_("Nothing on this computer can read aloud yet. Install Speech Dispatcher (“speech-dispatcher”) to "
                         "hear replies."));
    case SOTTO_APP_ERROR_NO_VOICE:
      /* Translators: the words in quotation marks are the name of a package, and stay as they are */
      return g_strdup (_("This computer has no voice to read with yet. Install one, for instance eSpeak NG "
                         "(“speech-dispatcher-espeak-ng”), to hear replies."));
    case SOTTO_APP_ERROR_NO_SOUND:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("The voice of this computer makes no sound. Look at its sound settings, and try again."));
    case SOTTO_APP_ERROR_SPEECH_LOST:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("The voice of this computer broke off. Try again to hear the rest."));
    default:
      return NULL;
    }
}

/* What a file system says. Where GIO has no code for it, or that of something else, only the system's own words are left of it, which
 * stand in the error's. */
static const struct {
  GIOErrorEnum code; /* G_IO_ERROR_FAILED: any */
  int number;        /* 0: the code is enough */
  const char *words;
} io_words[] = {
  { G_IO_ERROR_FAILED, ENOMEM, N_("There is not enough free memory. Close something and try again.") },
  { G_IO_ERROR_FAILED, EFBIG, N_("This is more than a file may hold there. Choose a place on another disk.") },
  { G_IO_ERROR_FAILED, EDQUOT, N_("The disk is full. Free some space and try again.") },
  { G_IO_ERROR_NO_SPACE, 0, N_("The disk is full. Free some space and try again.") },
  { G_IO_ERROR_READ_ONLY, 0, N_("That disk can only be read. Choose a place on another one.") },
  { G_IO_ERROR_PERMISSION_DENIED, 0, N_("This computer does not allow Sotto to use that file or folder.") },
  { G_IO_ERROR_NOT_FOUND, 0, N_("The file is not there.") },
  { G_IO_ERROR_NOT_DIRECTORY, 0, N_("The folder is not there. Choose another one.") },
  { G_IO_ERROR_IS_DIRECTORY, 0, N_("There is a folder with that name. Choose another name.") },
  { G_IO_ERROR_FILENAME_TOO_LONG, 0, N_("That name is too long. Choose a shorter one.") },
};

static gboolean
says (const GError *error, int number)
{
  return strstr (error->message, g_strerror (number)) != NULL;
}

static gboolean
is_disk_gone (const GError *error)
{
  return says (error, EIO) || says (error, ENODEV) || says (error, ENXIO) || says (error, ESTALE) || says (error, ENOTCONN);
}

static char *
words_for_io (const GError *error, SottoRemedy *remedy)
{
  *remedy = SOTTO_REMEDY_RETRY;
  for (guint i = 0; i < G_N_ELEMENTS (io_words); i++)
    if ((io_words[i].code == G_IO_ERROR_FAILED || g_error_matches (error, G_IO_ERROR, io_words[i].code))
        && (io_words[i].number == 0 || says (error, io_words[i].number)))
      return g_strdup (_(io_words[i].words));
  if (is_disk_gone (error))
    return g_strdup (_("That disk cannot be read or written. See whether it is still connected, and try again."));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      *remedy = SOTTO_REMEDY_NONE;
      return g_strdup (_("Sotto opens files on this computer only."));
    }
  return NULL;
}

char *
sotto_words_for_error (const GError *error, SottoRemedy *remedy)
{
  char *words = NULL;

  g_return_val_if_fail (error != NULL, NULL);
  g_return_val_if_fail (remedy != NULL, NULL);

  *remedy = SOTTO_REMEDY_NONE;
  if (error->domain == SOTTO_ENGINE_ERROR)
    words = sotto_words_for_engine (error, remedy);
  else if (error->domain == SOTTO_HISTORY_ERROR)
    words = sotto_words_for_history (error, remedy);
  else if (error->domain == SOTTO_FOLDER_ERROR)
    words = sotto_words_for_folder (error, remedy);
  else if (error->domain == SOTTO_APP_ERROR)
    words = words_for_app (error, remedy);
  else if (error->domain == G_IO_ERROR)
    words = words_for_io (error, remedy);

  if (words != NULL)
    return words;

  *remedy = SOTTO_REMEDY_RETRY;
  /* Translators: %s is a technical description, often in English. */
  return g_strdup_printf (_("Something went wrong: %s"), error->message);
}

const char *
sotto_words_for_remedy (SottoRemedy remedy)
{
  switch (remedy)
    {
    case SOTTO_REMEDY_RETRY:
      return _("_Try Again");
    case SOTTO_REMEDY_CHOOSE_MODEL:
      return _("Choose a _Model…");
    case SOTTO_REMEDY_ADD_MODEL:
      return _("_Add a Model…");
    case SOTTO_REMEDY_NEW_CONVERSATION:
      return _("_New Conversation");
    case SOTTO_REMEDY_SETTINGS:
      return _("_Preferences");
    case SOTTO_REMEDY_PASSPHRASE:
      return _("Enter the _Passphrase…");
    case SOTTO_REMEDY_RECOVERY_CODE:
      return _("Use the _Recovery Code…");
    case SOTTO_REMEDY_QUIT:
      return _("_Quit");
    case SOTTO_REMEDY_SUMMARISE:
      return _("_Sum Up and Go On");
    case SOTTO_REMEDY_ANSWER_FORMAT:
      return _("_Answer Format…");
    case SOTTO_REMEDY_NONE:
    default:
      return NULL;
    }
}
