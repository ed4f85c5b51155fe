#include "markdown/text-language.h"

#include <string.h>

/* So much of a text is looked at, in bytes from its beginning. */
#define LOOK 4000

/* One who has this part of all words among a language's small ones writes in it. */
#define ENOUGH 0.08

/* --- Scripts that stand for one language, or nearly --- */

static const struct {
  GUnicodeScript script;
  const char *language;
} scripts[] = {
  { G_UNICODE_SCRIPT_ARABIC, "ar" },
  { G_UNICODE_SCRIPT_ARMENIAN, "hy" },
  { G_UNICODE_SCRIPT_BENGALI, "bn" },
  { G_UNICODE_SCRIPT_CYRILLIC, "ru" },
  { G_UNICODE_SCRIPT_DEVANAGARI, "hi" },
  { G_UNICODE_SCRIPT_ETHIOPIC, "am" },
  { G_UNICODE_SCRIPT_GEORGIAN, "ka" },
  { G_UNICODE_SCRIPT_GREEK, "el" },
  { G_UNICODE_SCRIPT_GUJARATI, "gu" },
  { G_UNICODE_SCRIPT_GURMUKHI, "pa" },
  { G_UNICODE_SCRIPT_HAN, "zh" },
  { G_UNICODE_SCRIPT_HANGUL, "ko" },
  { G_UNICODE_SCRIPT_HEBREW, "he" },
  { G_UNICODE_SCRIPT_HIRAGANA, "ja" },
  { G_UNICODE_SCRIPT_KANNADA, "kn" },
  { G_UNICODE_SCRIPT_KATAKANA, "ja" },
  { G_UNICODE_SCRIPT_KHMER, "km" },
  { G_UNICODE_SCRIPT_LATIN, NULL },
  { G_UNICODE_SCRIPT_MALAYALAM, "ml" },
  { G_UNICODE_SCRIPT_MYANMAR, "my" },
  { G_UNICODE_SCRIPT_SINHALA, "si" },
  { G_UNICODE_SCRIPT_TAMIL, "ta" },
  { G_UNICODE_SCRIPT_TELUGU, "te" },
  { G_UNICODE_SCRIPT_THAI, "th" },
};

/* Letters that only another language in the same script has */
static const struct {
  const char *of;
  const char *language;
  const char *letters;
} others[] = {
  { "ru", "uk", "ґєії" },
  { "ru", "be", "ў" },
  { "ru", "sr", "ђјљњћџ" },
  { "ar", "fa", "پچژگ" },
  { "ar", "ur", "ٹڈڑے" },
};

/* --- Small words of languages in Latin script: such as no other of these has too many of --- */

static const struct {
  const char *language;
  const char *words;
} small_words[] = {
  { "cs", " je se na že to jsou jako pro ale nebo by při také který které než až ve není " },
  { "da", " og er det ikke af på med til som har også jeg du den kan blev efter hvor eller fra " },
  { "de", " der die das und ist nicht ein eine mit auf für von sich auch dem den zu es wird sind oder wie bei " },
  { "en", " the and is of to in that it with for are this be as not you can or from was on by " },
  { "es", " el la los las de que y en es un una por con para se no del como más pero su está " },
  { "fi", " ja on ei se että joka mutta kun niin ovat oli myös tai jos kuin voi hän sen " },
  { "fr", " le la les de des et est un une en que pour dans avec sur qui ne pas plus au du ce vous " },
  { "hr", " je i u se na da su za što nije kao ali ili od koji koja biti ako može " },
  { "hu", " a az és hogy nem egy is van ez de vagy meg mint csak már lehet volt " },
  { "it", " il lo la gli le di che e è un una per con non del della in si come sono più anche " },
  { "nl", " de het een en van is niet dat op te in voor met zijn aan er ook als bij wordt " },
  { "no", " og er det ikke av på med til som har også jeg du den kan ble etter hvor eller fra " },
  { "pl", " i w na z się nie jest to że do jak ale lub od po przez które który są dla " },
  { "pt", " o a os as de que e em um uma para com não do da por mais como se é são no na " },
  { "ro", " și este în la cu nu pe de o un că din sau mai pentru care sunt ce " },
  { "sv", " och är det inte av på med till som har också jag du den kan blev efter var eller från att ett " },
  { "tr", " ve bir bu için ile da de çok ne gibi daha olarak olan değil var ama veya " },
};

static const char *
find_by_letters (const char *language,
                 const char *text,
                 gsize       length)
{
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_strcmp0 (others[i].of, language) == 0)
      for (const char *p = others[i].letters; *p != '\0'; p = g_utf8_next_char (p))
        {
          g_autofree char *letter = g_strndup (p, g_utf8_next_char (p) - p);

          if (g_strstr_len (text, length, letter) != NULL)
            return others[i].language;
        }

  return language;
}

/* @words: folded, with one space before and behind each. Returns: (nullable) */
static const char *
find_by_words (const char *words)
{
  g_auto (GStrv) parts = g_strsplit (words, " ", -1);
  guint n_words = 0, n_best = 0, n_same = 0;
  const char *best = NULL;

  for (guint i = 0; parts[i] != NULL; i++)
    n_words += *parts[i] != '\0';
  for (guint i = 0; i < G_N_ELEMENTS (small_words); i++)
    {
      guint n = 0;

      for (guint j = 0; parts[j] != NULL; j++)
        {
          g_autofree char *whole = g_strconcat (" ", parts[j], " ", NULL);

          n += *parts[j] != '\0' && strstr (small_words[i].words, whole) != NULL;
        }
      n_same = n == n_best ? n_same + 1 : n > n_best ? 0 : n_same;
      if (n > n_best)
        {
          n_best = n;
          best = small_words[i].language;
        }
    }

  return n_words > 0 && n_same == 0 && n_best >= n_words * ENOUGH ? best : NULL;
}

static char *
fold_words (const char *text,
            gsize       length)
{
  g_autofree char *lower = g_utf8_strdown (text, (gssize) length);
  GString *words = g_string_new (" ");

  for (const char *p = lower; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalpha (g_utf8_get_char (p)))
      g_string_append_unichar (words, g_utf8_get_char (p));
    else if (words->str[words->len - 1] != ' ')
      g_string_append_c (words, ' ');

  return g_string_free (words, FALSE);
}

const char *
sotto_text_language (const char *text,
                     gsize       length)
{
  guint counts[G_N_ELEMENTS (scripts)] = { 0 };
  guint best = 0;
  guint n_kana = 0;
  g_autofree char *part = g_utf8_make_valid (text, (gssize) MIN (length, LOOK));
  g_autofree char *words = NULL;

  for (const char *p = part; *p != '\0'; p = g_utf8_next_char (p))
    {
      GUnicodeScript script = g_unichar_get_script (g_utf8_get_char (p));

      for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
        counts[i] += scripts[i].script == script;
      n_kana += script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA;
    }
  for (guint i = 1; i < G_N_ELEMENTS (scripts); i++)
    if (counts[i] > counts[best])
      best = i;
  if (counts[best] == 0)
    return NULL;

  /* Half of what is written in Japanese is written in Chinese characters. */
  if (scripts[best].script == G_UNICODE_SCRIPT_HAN && n_kana > counts[best] / 10)
    return "ja";
  if (scripts[best].language != NULL)
    return find_by_letters (scripts[best].language, part, strlen (part));

  words = fold_words (part, strlen (part));
  return find_by_words (words);
}
