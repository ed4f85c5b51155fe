/* Reading aloud by a real Speech Dispatcher, which the helper starts: what it is given to say, and in which voice; silence; and a
 * daemon that goes. */
#include "sotto-app.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "harness-speech.h"
#include "harness-wait.h"

typedef struct {
  SottoSpeaker *speaker;
  guint n_ended;
  guint n_interrupted;
  char *problem;
} Fixture;

static void
on_ended (Fixture *f)
{
  f->n_ended++;
}

static void
on_interrupted (Fixture *f)
{
  f->n_interrupted++;
}

static void
on_failed (Fixture *f, SottoProblem *problem)
{
  g_set_str (&f->problem, sotto_problem_get_text (problem));
}

static void
set_up (Fixture *f)
{
  *f = (Fixture) { sotto_speaker_new (), 0, 0, NULL };
  g_signal_connect_swapped (f->speaker, "ended", G_CALLBACK (on_ended), f);
  g_signal_connect_swapped (f->speaker, "interrupted", G_CALLBACK (on_interrupted), f);
  g_signal_connect_swapped (f->speaker, "failed", G_CALLBACK (on_failed), f);
}

/* What it holds until its helper has ended goes with the main context turned. */
static void
tear_down (Fixture *f)
{
  gpointer gone = f->speaker;

  g_object_add_weak_pointer (gone, &gone);
  sotto_speaker_close (f->speaker);
  g_object_unref (f->speaker);
  harness_run (0.1);
  g_assert_null (gone);
  g_free (f->problem);
}

static gboolean
has_ended (gpointer f)
{
  return ((Fixture *) f)->n_ended > 0;
}

static gboolean
has_problem (gpointer f)
{
  return ((Fixture *) f)->problem != NULL;
}

static void
say (Fixture *f, const char *text, const char *language)
{
  f->n_ended = 0;
  sotto_speaker_say (f->speaker, text, language);
  harness_wait_for (has_ended, f, 30);
}

/* What is said, in whose voice, and what could be taken for something else on the way */
static void
test_words (void)
{
  static const char expected[] =
    "en|Hello there, it's \"me\" & $HOME.|"
    "de|Grüße aus Köln.|"
    "en|No voice is French.|"
    "en|.hidden files begin so|"
    "en|two lines|";
  g_autofree char *said = NULL;
  Fixture f;

  if (!harness_speech_prepare ("paper"))
    return;

  set_up (&f);
  say (&f, "Hello there, it's \"me\" & $HOME.", NULL);
  say (&f, "Grüße aus Köln.", "de");
  say (&f, "No voice is French.", "fr");
  say (&f, ".hidden files begin so", NULL);
  say (&f, "two\nlines", "en");
  said = harness_speech_get_said ();
  g_assert_cmpstr (said, ==, expected);
  g_assert_cmpuint (f.n_interrupted, ==, 0);
  g_assert_null (f.problem);
  g_assert_false (harness_speech_keeps ("Hello there"));

  tear_down (&f);
  harness_speech_end ();
}

/* Who has changed their mind before there was a voice hears nothing, and the next is heard though the first start is under way. */
static void
test_early (void)
{
  g_autofree char *said = NULL;
  Fixture f;

  if (!harness_speech_prepare ("paper"))
    return;

  set_up (&f);
  sotto_speaker_say (f.speaker, "Not this.", NULL);
  sotto_speaker_close (f.speaker);
  sotto_speaker_say (f.speaker, "Nor this.", NULL);
  sotto_speaker_hush (f.speaker);
  say (&f, "But this.", NULL);
  said = harness_speech_get_said ();
  g_assert_cmpstr (said, ==, "en|But this.|");
  g_assert_null (f.problem);
  tear_down (&f);
  harness_speech_end ();
}

/* What was cut off is not told to have been said, nor is anything said behind it; another sentence takes the place of the first. */
static void
test_silence (void)
{
  g_autofree char *said = NULL;
  Fixture f;

  if (!harness_speech_prepare ("paper"))
    return;

  set_up (&f);
  say (&f, "First.", NULL);
  harness_speech_clear ();
  f.n_ended = 0;
  sotto_speaker_say (f.speaker, "Cut off.", NULL);
  harness_run (0.1);
  sotto_speaker_hush (f.speaker);
  harness_run (2);
  g_assert_cmpuint (f.n_ended + f.n_interrupted, ==, 0);

  sotto_speaker_say (f.speaker, "Cut off as well.", NULL);
  harness_run (0.1);
  say (&f, "Fourth.", NULL);
  g_assert_cmpuint (f.n_ended, ==, 1);
  g_assert_cmpuint (f.n_interrupted, ==, 0);
  said = harness_speech_get_said ();
  g_assert_true (g_str_has_suffix (said, "en|Fourth.|"));

  /* Closed, and opened again by what is said next */
  sotto_speaker_close (f.speaker);
  say (&f, "Fifth.", NULL);
  tear_down (&f);
  harness_speech_end ();
}

static void
test_lost (void)
{
  Fixture f;

  if (!harness_speech_prepare ("paper"))
    return;

  set_up (&f);
  say (&f, "Here I am.", NULL);
  sotto_speaker_say (f.speaker, "And here I was.", NULL);
  harness_speech_kill ();
  harness_wait_for (has_problem, &f, 15);
  g_assert_nonnull (strstr (f.problem, "broke off"));

  /* Another is started. */
  g_clear_pointer (&f.problem, g_free);
  say (&f, "And here again.", NULL);
  g_assert_null (f.problem);
  tear_down (&f);
  harness_speech_end ();
}

/* Where there is none it is said what to install, and what has no helper at all says that. */
static void
test_none (void)
{
  g_autofree char *helper = g_strdup (g_getenv ("SOTTO_SPEAK"));
  Fixture f;

  set_up (&f);
  g_setenv ("SOTTO_SPEAK", "/nonexistent", TRUE);
  sotto_speaker_say (f.speaker, "Nobody hears this.", NULL);
  g_assert_nonnull (strstr (f.problem, "not installed"));
  tear_down (&f);

  if (helper == NULL || !g_file_test (helper, G_FILE_TEST_IS_EXECUTABLE))
    return;

  set_up (&f);
  g_setenv ("SOTTO_SPEAK", helper, TRUE);
  g_setenv ("SPEECHD_ADDRESS", "unix_socket:/nonexistent/socket", TRUE);
  sotto_speaker_say (f.speaker, "Nobody hears this.", NULL);
  harness_wait_for (has_problem, &f, 30);
  g_assert_nonnull (strstr (f.problem, "“speech-dispatcher”"));
  g_unsetenv ("SPEECHD_ADDRESS");
  tear_down (&f);
}

/* A helper that tells what it should, in the order in which things may happen, and nonsense. */
static void
test_helper (void)
{
  static const struct { const char *script; const char *words; } cases[] = {
    { "echo X voice", "“speech-dispatcher-espeak-ng”" },
    { "read line; echo X sound", "no sound" },
    { "read line; echo E 99; echo nonsense; echo; echo X lost", "broke off" },
    { "exit 0", "broke off" },
  };
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_SPEAK"));
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "sotto-test-speak", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *script = g_strdup_printf ("#!/bin/sh\n%s\n", cases[i].script);
      Fixture f;

      g_assert_true (g_file_set_contents_full (path, script, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0700, NULL));
      g_setenv ("SOTTO_SPEAK", path, TRUE);
      set_up (&f);
      sotto_speaker_say (f.speaker, "Hello.", NULL);
      harness_wait_for (has_problem, &f, 10);
      g_assert_nonnull (strstr (f.problem, cases[i].words));
      g_assert_cmpuint (f.n_ended, ==, 0);
      tear_down (&f);
    }
  g_unlink (path);
  if (before != NULL)
    g_setenv ("SOTTO_SPEAK", before, TRUE);
}

/* Sound comes out of it, as far as a computer without a sound card can tell. */
static void
test_sound (void)
{
  Fixture f;

  if (!harness_speech_prepare ("espeak-ng"))
    return;

  set_up (&f);
  say (&f, "The sea is blue, and so is the sky.", "en");
  /* Two seconds or so of 22,050 samples of 16 bits */
  g_assert_cmpuint (harness_speech_get_sound (), >, 40000);
  g_assert_false (harness_speech_keeps ("The sea is blue"));
  tear_down (&f);
  harness_speech_end ();
}

int
main (int argc, char **argv)
{
  /* As the executable does: a helper may be gone. */
  signal (SIGPIPE, SIG_IGN);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speaker/words", test_words);
  g_test_add_func ("/speaker/early", test_early);
  g_test_add_func ("/speaker/silence", test_silence);
  g_test_add_func ("/speaker/lost", test_lost);
  g_test_add_func ("/speaker/none", test_none);
  g_test_add_func ("/speaker/helper", test_helper);
  g_test_add_func ("/speaker/sound", test_sound);
  return g_test_run ();
}
