/* Bytes to whole characters: the standard's own examples of maximal subparts (The Unicode
 * Standard 15, section 3.9, tables 3-8 to 3-11), and the same characters however the bytes are
 * cut. */

#include <string.h>

#include "text/tokenizer.h"
#include "text/unicode.h"

#define R "\xef\xbf\xbd"

static const struct {
  const char *bytes;
  const char *characters;
} cases[] = {
  { "plain", "plain" },
  { "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", "zażółć" },
  { "\xf0\x9f\x9a\x80\xe2\x9c\x85", "🚀✅" },
  { "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82" "A", R R R R R R R R "A" },             /* table 3-8 */
  { "\xed\xa0\x80\xed\xbf\xbf\xed\xaf" "A", R R R R R R R R "A" },             /* table 3-9 */
  { "\xf4\x91\x92\x93\xff" "A\x80\xbf" "B", R R R R R "A" R R "B" },           /* table 3-10 */
  { "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf" "A", R R R R "A" },                     /* table 3-11 */
  { "\xe2\x82", R },
  { "\xf0\x9f\x9a", R },
  { "a\xc3", "a" R },
  { "\xc3\xc3\xa9", R "é" },
  { "\xf0\x9f\xe2\x82\xac", R "€" },
};

static void
test_examples (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = strlen (cases[i].bytes);

      /* Each bit of cuts says whether there is a cut behind that byte. */
      for (guint cuts = 0; cuts < 1u << (length - 1); cuts++)
        {
          SottoUtf8Stream stream = { 0 };
          g_autoptr (GString) out = g_string_new (NULL);
          gsize from = 0;

          for (gsize j = 0; j < length; j++)
            if ((cuts >> j & 1) != 0 || j + 1 == length)
              {
                sotto_utf8_stream_push (&stream, cases[i].bytes + from, j + 1 - from, out);
                g_assert_true (g_utf8_validate (out->str, out->len, NULL));
                from = j + 1;
              }
          sotto_utf8_stream_finish (&stream, out);
          g_assert_cmpstr (out->str, ==, cases[i].characters);
          g_assert_cmpuint (stream.n_pending, ==, 0);
        }
    }
}

/* What is complete does not wait. */
static void
test_at_once (void)
{
  SottoUtf8Stream stream = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);

  sotto_utf8_stream_push (&stream, "a\xe2\x82", 3, out);
  g_assert_cmpstr (out->str, ==, "a");
  sotto_utf8_stream_push (&stream, "", 0, out);
  g_assert_cmpstr (out->str, ==, "a");
  sotto_utf8_stream_push (&stream, "\xac", 1, out);
  g_assert_cmpstr (out->str, ==, "a€");
  sotto_utf8_stream_push (&stream, "\xf0\x9f", 2, out);
  sotto_utf8_stream_push (&stream, "x", 1, out);
  g_assert_cmpstr (out->str, ==, "a€" R "x");
}

static void
test_random (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (11);

  for (guint i = 0; i < 20000; i++)
    {
      static const char common[] = "a\x80\xbf\xc3\xe2\x82\xf0\x9f\xed\xf4";
      char bytes[24];
      gsize length = g_rand_int_range (random, 1, sizeof bytes + 1);
      SottoUtf8Stream whole = { 0 };
      SottoUtf8Stream pieces = { 0 };
      g_autoptr (GString) whole_out = g_string_new (NULL);
      g_autoptr (GString) pieces_out = g_string_new (NULL);

      for (gsize j = 0; j < length; j++)
        bytes[j] = common[g_rand_int_range (random, 0, sizeof common - 1)];

      sotto_utf8_stream_push (&whole, bytes, length, whole_out);
      sotto_utf8_stream_finish (&whole, whole_out);
      for (gsize j = 0; j < length;)
        {
          gsize n = g_rand_int_range (random, 1, 6);

          n = MIN (n, length - j);
          sotto_utf8_stream_push (&pieces, bytes + j, n, pieces_out);
          j += n;
        }
      sotto_utf8_stream_finish (&pieces, pieces_out);

      g_assert_true (g_utf8_validate (whole_out->str, whole_out->len, NULL));
      g_assert_cmpstr (whole_out->str, ==, pieces_out->str);
    }
}

/* --- Classes of characters --- */

/* GLib's tables are made from the same standard; versions differ in what they have assigned. */
static void
test_unicode (void)
{
  guint n_different = 0;
  guint n_spaces = 0;

  for (gunichar c = 0; c < 0x110000; c++)
    {
      guint32 mask = sotto_unicode_mask (c);
      GUnicodeType type = g_unichar_type (c);
      gboolean letter = type == G_UNICODE_LOWERCASE_LETTER || type == G_UNICODE_UPPERCASE_LETTER ||
                        type == G_UNICODE_TITLECASE_LETTER || type == G_UNICODE_MODIFIER_LETTER ||
                        type == G_UNICODE_OTHER_LETTER;
      gboolean number = type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER ||
                        type == G_UNICODE_OTHER_NUMBER;
      gboolean mark = type == G_UNICODE_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK ||
                      type == G_UNICODE_NON_SPACING_MARK;

      if (mask & SOTTO_UNICODE_SPACE)
        n_spaces++;
      if (type == G_UNICODE_UNASSIGNED || (mask & SOTTO_UNICODE_BIT (CN)) != 0)
        continue;
      if (letter != ((mask & SOTTO_UNICODE_LETTER) != 0) ||
          number != ((mask & SOTTO_UNICODE_NUMBER) != 0) ||
          mark != ((mask & SOTTO_UNICODE_MARK) != 0) ||
          g_unichar_ispunct (c) !=
            ((mask & (SOTTO_UNICODE_PUNCTUATION | SOTTO_UNICODE_SYMBOL)) != 0))
        n_different++;
    }

  g_assert_cmpuint (n_different, <, 20);
  /* White_Space has 25 characters since Unicode 6.3. */
  g_assert_cmpuint (n_spaces, ==, 25);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/utf8-stream/examples", test_examples);
  g_test_add_func ("/utf8-stream/at-once", test_at_once);
  g_test_add_func ("/utf8-stream/random", test_random);
  g_test_add_func ("/unicode/classes", test_unicode);

  return g_test_run ();
}
