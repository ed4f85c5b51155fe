#include "harness-speech.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MODULES "/usr/lib/speech-dispatcher-modules"

static char *place;
static char *said;

static void
write_file (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (place, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* The voice says a sentence for a fifth of a second; one that begins with "Cut" for longer, so that it can be cut off however busy the
 * machine is. */
static void
write_configuration (const char *voice)
{
  g_autofree char *sound = g_strdup_printf (
    "pcm.!default { type file slave.pcm null file \"%s/sound.raw\" format raw }\n"
    "pcm.null { type null }\nctl.!default { type null }\n", place);
  g_autofree char *daemon = g_strdup_printf (
    "LogLevel 3\nLogDir \"default\"\nDefaultLanguage \"en\"\nAudioOutputMethod \"alsa\"\n"
    "AddModule \"paper\" \"sd_generic\" \"paper.conf\"\nAddModule \"espeak-ng\" \"sd_espeak-ng\" \"espeak-ng.conf\"\n"
    "DefaultModule \"%s\"\n", voice);
  g_autofree char *paper = g_strdup_printf (
    "GenericExecuteSynth \"sh %s/say '$VOICE' \\'$DATA\\'\"\n"
    "GenericCmdDependency \"sh\"\nGenericMaxChunkLength 5000\nGenericDelimiters \"|\"\n"
    "GenericLanguage \"en\" \"en\" \"utf-8\"\nGenericLanguage \"de\" \"de\" \"utf-8\"\n"
    "AddVoice \"en\" \"MALE1\" \"en\"\nAddVoice \"de\" \"MALE1\" \"de\"\nDefaultVoice \"en\"\n", place);
  g_autofree char *script = g_strdup_printf (
    "printf '%%s|%%s|' \"$1\" \"$2\" >> %s\ncase $2 in Cut*) sleep 1.5 ;; *) sleep 0.2 ;; esac\n", said);

  write_file ("say", script);
  write_file ("asound.conf", sound);
  write_file ("speech-dispatcher/speechd.conf", daemon);
  write_file ("speech-dispatcher/modules/paper.conf", paper);
  write_file ("speech-dispatcher/modules/espeak-ng.conf", "\n");
}

gboolean
harness_speech_prepare (const char *voice)
{
  g_autofree char *daemon = g_find_program_in_path ("speech-dispatcher");
  g_autofree char *sound = NULL;

  if (daemon == NULL || g_getenv ("SOTTO_SPEAK") == NULL || !g_file_test (g_getenv ("SOTTO_SPEAK"), G_FILE_TEST_IS_EXECUTABLE)
      || !g_file_test (MODULES "/sd_generic", G_FILE_TEST_EXISTS) || !g_file_test (MODULES "/sd_espeak-ng", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no Speech Dispatcher with eSpeak NG, or what asks it is not built");
      return FALSE;
    }

  g_assert_null (place);
  place = g_dir_make_tmp ("sotto-speech-XXXXXX", NULL);
  said = g_build_filename (place, "said", NULL);
  sound = g_build_filename (place, "asound.conf", NULL);
  write_configuration (voice);
  /* For what is started; the test itself has folders of its own already. */
  g_setenv ("XDG_RUNTIME_DIR", place, TRUE);
  g_setenv ("XDG_CONFIG_HOME", place, TRUE);
  g_setenv ("HOME", place, TRUE);
  g_setenv ("ALSA_CONFIG_PATH", sound, TRUE);
  g_unsetenv ("SPEECHD_ADDRESS");
  return TRUE;
}

char *
harness_speech_get_said (void)
{
  char *text = NULL;

  return g_file_get_contents (said, &text, NULL, NULL) ? text : g_strdup ("");
}

void
harness_speech_clear (void)
{
  g_unlink (said);
}

gboolean
harness_speech_has_said (gpointer words)
{
  g_autofree char *text = harness_speech_get_said ();

  return g_str_has_suffix (text, words) || g_str_has_prefix (text, words);
}

gsize
harness_speech_get_sound (void)
{
  g_autofree char *path = g_build_filename (place, "sound.raw", NULL);
  GStatBuf info;

  return g_stat (path, &info) == 0 ? (gsize) info.st_size : 0;
}

/* --- What is left of it --- */

typedef gboolean (*FileFunc) (const char *path, gpointer data);

static gboolean
any_file (const char *folder, FileFunc func, gpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  gboolean found = FALSE;

  while (dir != NULL && !found && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      found = g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK)
              ? any_file (path, func, data) : func (path, data);
    }
  return found;
}

static gboolean
file_has (const char *path, gpointer text)
{
  g_autofree char *contents = NULL;
  gsize length;

  return g_file_test (path, G_FILE_TEST_IS_REGULAR) && g_file_get_contents (path, &contents, &length, NULL)
         && g_strstr_len (contents, (gssize) length, text) != NULL;
}

gboolean
harness_speech_keeps (const char *text)
{
  g_autofree char *folder = g_build_filename (place, "speech-dispatcher", NULL);

  return any_file (folder, file_has, (gpointer) text);
}

static gboolean
remove_file (const char *path, gpointer data)
{
  g_unlink (path);
  return FALSE;
}

static void
remove_folders (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      remove_folders (path);
    }
  g_rmdir (folder);
}

/* One that has ended may wait for whoever has to be told. */
static gboolean
is_running (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/cmdline", pid);
  g_autofree char *command = NULL;
  gsize length = 0;

  return g_file_get_contents (path, &command, &length, NULL) && length > 0;
}

static void
signal_daemon (int number)
{
  g_autofree char *path = g_build_filename (place, "speech-dispatcher", "pid", "speech-dispatcher.pid", NULL);
  g_autofree char *text = NULL;
  int pid;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (pid = atoi (text)) <= 1)
    return;
  kill (pid, number);
  for (guint i = 0; i < 300 && is_running (pid); i++)
    g_usleep (10 * 1000);
}

void
harness_speech_kill (void)
{
  signal_daemon (SIGKILL);
}

void
harness_speech_end (void)
{
  signal_daemon (SIGTERM);
  any_file (place, remove_file, NULL);
  remove_folders (place);
  g_clear_pointer (&place, g_free);
  g_clear_pointer (&said, g_free);
}
