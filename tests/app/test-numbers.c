/* Numbers, sizes and months as locales write them: what Sotto shows goes through these, and the C library knows the rules. */
#include "numbers.h"

#include <locale.h>

static const char *const grouped[][3] = {
  /* locale, 1234567, 0: as the Common Locale Data Repository has them */
  { "C.UTF-8", "1234567", "0" },
  { "en_US.UTF-8", "1,234,567", "0" },
  { "de_DE.UTF-8", "1.234.567", "0" },
  { "pl_PL.UTF-8", "1\u202f234\u202f567", "0" },
};

static void
assert_number (guint64 number, const char *expected)
{
  g_autofree char *text = sotto_number_describe (number);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_groups (gconstpointer data)
{
  const char *const *expected = data;

  if (setlocale (LC_ALL, expected[0]) == NULL)
    {
      g_autofree char *reason = g_strdup_printf ("there is no locale %s", expected[0]);

      g_test_skip (reason);
      return;
    }
  assert_number (1234567, expected[1]);
  assert_number (0, expected[2]);
  setlocale (LC_ALL, "C");
}

/* A month stands alone in a heading: Polish and Russian have another form for it than within a date. */
static void
test_month (void)
{
  g_autoptr (GDateTime) march = g_date_time_new_utc (2026, 3, 14, 0, 0, 0);
  g_autofree char *heading = NULL;
  g_autofree char *within = NULL;

  if (setlocale (LC_ALL, "pl_PL.UTF-8") == NULL)
    {
      g_test_skip ("there is no locale pl_PL.UTF-8");
      return;
    }
  heading = g_date_time_format (march, "%OB %Y");
  within = g_date_time_format (march, "%-d %B %Y");
  setlocale (LC_ALL, "C");

  g_assert_cmpstr (heading, ==, "marzec 2026");
  g_assert_cmpstr (within, ==, "14 marca 2026");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (grouped); i++)
    {
      g_autofree char *path = g_strdup_printf ("/numbers/%s", grouped[i][0]);

      g_test_add_data_func (path, grouped[i], test_groups);
    }
  g_test_add_func ("/numbers/month", test_month);

  return g_test_run ();
}
