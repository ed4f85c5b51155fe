/* What can only come next: by hand, of grammars whose texts one can read. */

#include "grammar/constraint.h"
#include "sotto-engine.h"

#include <string.h>

#define END 256

typedef struct {
  const char *name;
  const char *schema;      /* (nullable): else */
  const char *gbnf;
  const char *said;        /* a byte a token */
  const char *certain;     /* what can only follow */
  const char *usual;       /* and what would be usual behind that */
} Case;

static const char person[] =
  "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\"},"
  "\"kind\":{\"enum\":[\"person\",\"pet\"]}},\"required\":[\"name\",\"age\",\"kind\"]}";

static const Case cases[] = {
  { "beginning", person, NULL, "", "{\"name\":", " \"" },
  { "within-a-name", person, NULL, "{\"na", "me\":", " \"" },
  { "within-a-text", person, NULL, "{\"name\": \"A", "", "" },
  { "behind-a-text", person, NULL, "{\"name\": \"A\"", ",", " \"age\": " },
  { "narrow", person, NULL, "{\"name\":\"A\"", ",", " \"age\":" },
  { "narrow-behind-texts", person, NULL, "{\"name\":\"A\",\"age\": 3", "", "" },
  { "number", person, NULL, "{\"name\": \"A\", \"age\": 3,", "", " \"kind\": \"pe" },
  { "narrow-number", person, NULL, "{\"name\":\"A\",\"age\":3,", "", " \"kind\":\"pe" },
  { "enumeration", person, NULL, "{\"name\": \"A\", \"age\": 3, \"kind\": \"pe", "", "" },
  { "enumerated", person, NULL, "{\"name\": \"A\", \"age\": 3, \"kind\": \"per", "son\"}", "" },
  { "ended", person, NULL, "{\"name\": \"A\", \"age\": 3, \"kind\": \"pet\"}", "", "" },
  { "constant", "{\"const\":[1,2]}", NULL, "[", "1,", " 2]" },
  { "may-end", NULL, "root ::= \"ab\" \"c\"?", "a", "b", "" },
  { "text", NULL, "root ::= \"Dear Sirs,\\n\" [a-z]+", "D", "ear Sirs,\n", "" },
  { "spaces", NULL, "root ::= \"a\" [ \\t]* \"b\"", "a", "", "" },
  { "lines", NULL, "root ::= (\"x\" ws \"=\" ws)+ \".\"\nws ::= [ \\t\\n]?", "x\n=\tx\n=\t", "", "" },
  { "line", NULL, "root ::= (\"x\" ws \"=\" ws)+ \".\"\nws ::= [ \\t\\n]?", "x\n=\tx", "", "\n=\t" },
};

static void
append_byte (gpointer user_data, gint32 token, GString *out)
{
  if (token < END)
    g_string_append_c (out, (char) token);
}

static gboolean
is_end (gpointer user_data, gint32 token)
{
  return token == END;
}

static SottoConstraint *
new_constraint (const Case *test)
{
  const SottoTokenSource source = { END + 1, append_byte, is_end, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoTokenTrie) trie = sotto_token_trie_new (&source, NULL, &error);
  g_autoptr (SottoGrammar) grammar = NULL;
  SottoConstraint *constraint;

  g_assert_no_error (error);
  grammar = test->schema != NULL ? sotto_grammar_new_json_schema (test->schema, -1, NULL, &error)
                                 : sotto_grammar_new_gbnf (test->gbnf, -1, NULL, NULL, &error);
  g_assert_no_error (error);
  constraint = sotto_constraint_new (grammar, trie, END + 1, &error);
  g_assert_no_error (error);
  for (const char *c = test->said; *c != '\0'; c++)
    {
      sotto_constraint_accept (constraint, (guint8) *c, &error);
      g_assert_no_error (error);
    }

  return constraint;
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (SottoConstraint) constraint = new_constraint (test);
  g_autofree char *expected = g_strconcat (test->certain, test->usual, NULL);

  for (gsize most = strlen (expected) + 8; most > 0; most--)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gsize n_certain = sotto_constraint_foresee (constraint, most, text);

      expected[MIN (most, strlen (expected))] = '\0';
      g_assert_cmpstr (text->str, ==, expected);
      g_assert_cmpuint (n_certain, ==, MIN (strlen (test->certain), most));
    }
}

/* Of what is proposed, as much as fits. */
static void
test_possible (void)
{
  const Case *test = &cases[8];
  g_autoptr (SottoConstraint) constraint = new_constraint (test);
  const gint32 right[] = { 't', '"', '}' };
  const gint32 wrong[] = { 'r', 's', 't', 'o' };
  const gint32 ends[] = { END, END };

  g_assert_cmpuint (sotto_constraint_count_possible (constraint, right, 3), ==, 3);
  g_assert_cmpuint (sotto_constraint_count_possible (constraint, right, 2), ==, 2);
  g_assert_cmpuint (sotto_constraint_count_possible (constraint, wrong, 4), ==, 2);
  g_assert_cmpuint (sotto_constraint_count_possible (constraint, wrong + 1, 3), ==, 0);
  g_assert_cmpuint (sotto_constraint_count_possible (constraint, ends, 2), ==, 0);
  g_assert_cmpuint (sotto_constraint_count_possible (constraint, right, 0), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat ("/grammar-foresee/", cases[i].name, NULL);

      g_test_add_data_func (name, &cases[i], test_case);
    }
  g_test_add_func ("/grammar-foresee/possible", test_possible);

  return g_test_run ();
}
