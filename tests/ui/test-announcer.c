/* What a screen reader is told of a reply while it comes: each sentence once, and none that a voice reads aloud. */
#include "conversation/announcer.h"

#include "conversation/message-private.h"

static GString *announced;

/* In the place of GTK's, which tells nobody where there is no display */
void
gtk_accessible_announce (GtkAccessible                     *accessible,
                         const char                        *words,
                         GtkAccessibleAnnouncementPriority  priority)
{
  g_string_append_printf (announced, "%s|", words);
}

static SottoMessage *
create_reply (const char *text)
{
  const char *siblings[] = { "reply", NULL };

  return sotto_message_new ("reply", NULL, SOTTO_ROLE_ASSISTANT, SOTTO_MESSAGE_STATUS_STREAMING, text, siblings);
}

static void
assert_announced (const char *expected)
{
  g_assert_cmpstr (announced->str, ==, expected);
  g_string_truncate (announced, 0);
}

static void
test_sentences (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("");
  SottoAnnouncer *announcer = sotto_announcer_new (NULL, reader);

  sotto_announcer_set_reply (announcer, reply);
  sotto_message_append (reply, "The first sen");
  assert_announced ("");
  sotto_message_append (reply, "tence. The *second* one. The la");
  assert_announced ("The first sentence. The second one.|");
  sotto_message_append (reply, "st");
  sotto_announcer_set_reply (announcer, NULL);
  assert_announced ("The last|");
  sotto_announcer_free (announcer);
}

/* What is said meanwhile is not said again afterwards; another reply than the one that is read is announced. */
static void
test_read_aloud (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("");
  g_autoptr (SottoMessage) other = create_reply ("");
  SottoAnnouncer *announcer = sotto_announcer_new (NULL, reader);

  sotto_announcer_set_reply (announcer, reply);
  sotto_message_append (reply, "One. Two");
  assert_announced ("One.|");
  sotto_read_aloud_begin (reader, reply);
  sotto_message_append (reply, ". Three. Four");
  sotto_read_aloud_set_paused (reader, TRUE);
  sotto_message_append (reply, ". Fi");
  assert_announced ("");
  sotto_read_aloud_stop (reader);
  sotto_message_append (reply, "ve. Six");
  assert_announced ("Five.|");
  sotto_read_aloud_begin (reader, reply);
  sotto_announcer_set_reply (announcer, other);
  assert_announced ("");
  sotto_message_append (other, "Seven. ");
  assert_announced ("Seven.|");
  sotto_read_aloud_stop (reader);
  sotto_announcer_free (announcer);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  announced = g_string_new (NULL);

  g_test_add_func ("/announcer/sentences", test_sentences);
  g_test_add_func ("/announcer/read-aloud", test_read_aloud);

  return g_test_run ();
}
