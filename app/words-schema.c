#include "config.h"

#include "numbers.h"
#include "words.h"

#include <glib/gi18n-lib.h>
#include <sotto-engine.h>
#include <string.h>

/* Why answers cannot be held to a JSON Schema. The engine says "KEYWORD at PLACE: WHAT", in English, for whoever writes programs; who
 * writes a schema gets the line, the word that stands there, and what is the matter with it. What has no words here is quoted. */

static const struct {
  const char *what;
  const char *words;
} reasons[] = {
  { "this keyword is not supported", N_("answers cannot be held to this, or it is misspelled") },
  { "this format is not supported", N_("answers cannot be held to this format") },
  { "there is no such type", N_("there is no such type") },
  { "it is not a number", N_("a number is missing behind it") },
  { "it is not a count", N_("a whole number is missing behind it") },
  { "it is not a text", N_("a text in quotation marks is missing behind it") },
  { "it is not a list", N_("a list in square brackets is missing behind it") },
  { "it is not an object", N_("something in curly brackets is missing behind it") },
  { "it is not a schema", N_("a schema in curly brackets is missing behind it") },
  { "a part of it is not a schema", N_("a part of it is no schema in curly brackets") },
  { "a part of it is not a name", N_("a part of it is no name in quotation marks") },
  { "it is neither true nor false", N_("true or false is missing behind it") },
  { "a list of schemas is called prefixItems", N_("a list of schemas is called “prefixItems”") },
  { "a grammar cannot divide", N_("answers can only be held to multiples of 1") },
  { "a grammar cannot compare items", N_("answers cannot be held to items that differ") },
  { "only places within the schema can be referred to", N_("it leads out of this schema, which it may not") },
  { "there is no schema at that place", N_("there is no schema where it leads") },
};

static const char *
translate (const char *what)
{
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (g_str_equal (reasons[i].what, what))
      return _(reasons[i].words);
  return what;
}

/* @line: (nullable) */
static char *
describe (const char *line, const char *subject)
{
  const char *place = strstr (subject, " at #");
  const char *what = place != NULL ? strstr (place, ": ") : NULL;
  g_autofree char *keyword = NULL;

  if (g_str_has_prefix (subject, "it is no JSON"))
    /* Translators: %s is the number of a line */
    return line != NULL ? g_strdup_printf (_("Up to line %s this is not JSON: something is missing there, or there is something too "
                                             "much, such as a comma, a bracket or a quotation mark."), line)
                        : g_strdup (_("This is not JSON."));
  if (what == NULL)
    /* Translators: the first %s is the number of a line, the second says what is wrong there, in English */
    return line != NULL ? g_strdup_printf (_("Line %s: %s"), line, subject)
                        /* Translators: %s says what is wrong with a JSON Schema, in English */
                        : g_strdup_printf (_("Answers cannot follow this schema: %s"), subject);
  keyword = g_strndup (subject, (gsize) (place - subject));
  /* Translators: “Line 3: “pattern”: there is no such type”: the number of a line, a word that stands there, what is wrong with it */
  return line != NULL ? g_strdup_printf (_("Line %s: “%s”: %s"), line, keyword, translate (what + 2))
                      /* Translators: a word of a JSON Schema, and what is wrong with it */
                      : g_strdup_printf (_("“%s”: %s"), keyword, translate (what + 2));
}

char *
sotto_words_for_schema (const GError *error)
{
  const SottoErrorArguments *arguments = sotto_engine_error_get_arguments (error);
  g_autofree char *line = arguments->wanted > 0 ? sotto_number_describe (arguments->wanted) : NULL;

  return describe (line, arguments->subject != NULL ? arguments->subject : "?");
}
