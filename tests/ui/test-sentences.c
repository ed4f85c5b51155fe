/* A reply in sentences to be read aloud, whole or as it grows; and the language that it is guessed to be in. */
#include <glib.h>
#include <string.h>

#include "markdown/markdown-sentences.h"
#include "markdown/text-language.h"

/* Returns: (transfer full): the sentences with "|" behind each */
static char *
list (const char *text,
      gsize       length,
      gboolean    is_whole)
{
  g_autoptr (GPtrArray) sentences = sotto_sentences_list (text, length, is_whole);
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < sentences->len; i++)
    {
      const SottoSentence *sentence = g_ptr_array_index (sentences, i);

      g_assert_cmpuint (sentence->shown, <=, strlen (sentence->text));
      g_assert_null (strchr (sentence->text, '\n'));
      g_string_append_printf (all, "%s|", sentence->text);
    }

  return g_string_free (all, FALSE);
}

static void
check (const char *text,
       const char *expected)
{
  g_autofree char *all = list (text, strlen (text), TRUE);

  g_assert_cmpstr (all, ==, expected);
}

static void
test_sentences (void)
{
  check ("", "");
  check ("Hello", "Hello|");
  check ("It is **fine** in `June`. Is it?  Yes!\n", "It is fine in June.|Is it?|Yes!|");
  check ("She said: “So it is.” He (who knew.) left.", "She said: “So it is.”|He (who knew.) left.|");
  check ("It has 3.5 m, e.g. here, as Dr. Who and J. Conrad say. Version 1.2.3 is out.",
         "It has 3.5 m, e.g. here, as Dr. Who and J. Conrad say.|Version 1.2.3 is out.|");
  check ("Wait... and see. Then go.", "Wait... and see.|Then go.|");
  check ("She left in 1999. Then came he.", "She left in 1999.|Then came he.|");
  check ("第一句。第二句！", "第一句。|第二句！|");
  check ("one line\nand its end.", "one line and its end.|");
  check ("***\n\n* * *\n\n!!! ???", "");
}

static void
test_blocks (void)
{
  check ("# Sailing\n\nTake *care*.\n\n1. A chart. And a pen.\n2. A coat\n\n- one\n- two\n",
         "Sailing|Take care.|1. A chart.|And a pen.|2. A coat|one|two|");
  check ("Like this:\n\n```c\nint x = 0;\nint y;\n```\n\nSo.", "Like this:|Code.|So.|");
  check ("| port | berths |\n|---|---|\n| Gdynia | 38 |\n", "port, berths|Gdynia, 38|");
  check ("> said once.\n> And twice.\n", "said once.|And twice.|");
  check ("Then $x = \\frac{1}{2}$ holds. Says [Jan](https://example.org/).", "Then x = 1/2 holds.|Says Jan.|");
  check ("\\[\\sqrt{x} \\le y\\]\n", "√x ≤ y|");
}

/* What begins with a number is shown behind it. */
static void
test_number (void)
{
  static const char text[] = "7. Take a chart.\n";
  g_autoptr (GPtrArray) sentences = sotto_sentences_list (text, strlen (text), TRUE);
  const SottoSentence *sentence = g_ptr_array_index (sentences, 0);

  g_assert_cmpstr (sentence->text, ==, "7. Take a chart.");
  g_assert_cmpstr (sentence->text + sentence->shown, ==, "Take a chart.");
}

/* Whatever is there at a time is the beginning of what is there later: nothing is said twice, or otherwise. */
static void
test_growing (void)
{
  static const char text[] =
    "# A heading\n\nOne. Two, e.g. this. And three\nends here.\n\n1. Take a chart. Or two.\n2. A coat.\n\n"
    "```python\nprint ('x. Y')\n```\n\nThen $x = 1$ holds. See:\n\n| a | b |\n|---|---|\n| c. D | e |\n\n- *last* one. Yes";
  const gsize length = strlen (text);
  g_autofree char *whole = list (text, length, TRUE);
  gsize before = 0;

  for (gsize n = 0; n <= length; n++)
    {
      g_autofree char *part = list (text, n, FALSE);

      g_assert_true (g_str_has_prefix (whole, part));
      g_assert_cmpuint (strlen (part), >=, before);
      before = strlen (part);
    }
  g_assert_cmpstr (whole, ==, "A heading|One.|Two, e.g. this.|And three ends here.|1. Take a chart.|Or two.|2. A coat.|Code.|"
                              "Then x = 1 holds.|See:|a, b|c. D, e|last one.|Yes|");
}

/* Nothing takes longer than a breath, and nothing of it is lost; what has no blank is cut between characters. */
static void
test_long (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) sentences = NULL;
  g_autoptr (GString) again = g_string_new (NULL);
  g_autofree char *word = NULL;

  for (guint i = 0; i < 500; i++)
    g_string_append_printf (text, "%sword%u%s", i > 0 ? " " : "", i, i % 9 == 8 ? "," : "");
  sentences = sotto_sentences_list (text->str, text->len, TRUE);
  g_assert_cmpuint (sentences->len, >, 5);
  for (guint i = 0; i < sentences->len; i++)
    {
      const SottoSentence *sentence = g_ptr_array_index (sentences, i);

      g_assert_cmpuint (strlen (sentence->text), <=, 600);
      g_string_append_printf (again, "%s%s", i > 0 ? " " : "", sentence->text);
    }
  g_assert_cmpstr (again->str, ==, text->str);

  g_string_truncate (text, 0);
  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "ß字");
  word = list (text->str, text->len, TRUE);
  g_assert_true (g_utf8_validate (word, -1, NULL));
  g_assert_cmpuint (strlen (word), >, text->len);
}

/* Sentences by native speakers of the languages: article 1 of the Universal Declaration of Human Rights (OHCHR) */
static void
test_languages (void)
{
  static const struct { const char *language; const char *text; } cases[] = {
    { "en", "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and "
            "should act towards one another in a spirit of brotherhood." },
    { "de", "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und "
            "sollen einander im Geist der Brüderlichkeit begegnen." },
    { "fr", "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience "
            "et doivent agir les uns envers les autres dans un esprit de fraternité." },
    { "es", "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, "
            "deben comportarse fraternalmente los unos con los otros." },
    { "pl", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
            "sumieniem i powinni postępować wobec innych w duchu braterstwa." },
    { "it", "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e "
            "devono agire gli uni verso gli altri in spirito di fratellanza." },
    { "pt", "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de consciência, devem "
            "agir uns para com os outros em espírito de fraternidade." },
    { "nl", "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en "
            "behoren zich jegens elkander in een geest van broederschap te gedragen." },
    { "sv", "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och bör "
            "handla gentemot varandra i en anda av broderskap." },
    { "ru", "Все люди рождаются свободными и равными в своем достоинстве и правах." },
    { "uk", "Всі люди народжуються вільними і рівними у своїй гідності та правах." },
    { "sr", "Сва људска бића рађају се слободна и једнака у достојанству и правима." },
    { "el", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα." },
    { "zh", "人人生而自由,在尊严和权利上一律平等。" },
    { "ja", "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" },
    { "ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다." },
    { "ar", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق." },
    { "fa", "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. گفت" },
    { "he", "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם." },
    { "hi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।" },
    { NULL, "" },
    { NULL, "1 + 1 = 2" },
    { NULL, "Xyzzy plugh" },
    { NULL, "\xff\xfe" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (sotto_text_language (cases[i].text, strlen (cases[i].text)), ==, cases[i].language);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sentences/sentences", test_sentences);
  g_test_add_func ("/sentences/blocks", test_blocks);
  g_test_add_func ("/sentences/number", test_number);
  g_test_add_func ("/sentences/growing", test_growing);
  g_test_add_func ("/sentences/long", test_long);
  g_test_add_func ("/sentences/languages", test_languages);

  return g_test_run ();
}
