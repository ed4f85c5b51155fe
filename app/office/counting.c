#include "counting.h"

/* a … z, aa, bb, … */
static void
append_letters (GString *text, char first, int number)
{
  const int times = MIN ((number - 1) / 26 + 1, 8);

  for (int i = 0; i < times; i++)
    g_string_append_c (text, (char) (first + (number - 1) % 26));
}

static void
append_roman (GString *text, gboolean is_small, int number)
{
  static const struct { int value; const char *small; const char *large; } digits[] = {
    { 1000, "m", "M" }, { 900, "cm", "CM" }, { 500, "d", "D" }, { 400, "cd", "CD" }, { 100, "c", "C" }, { 90, "xc", "XC" },
    { 50, "l", "L" }, { 40, "xl", "XL" }, { 10, "x", "X" }, { 9, "ix", "IX" }, { 5, "v", "V" }, { 4, "iv", "IV" }, { 1, "i", "I" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (digits); i++)
    for (; number >= digits[i].value; number -= digits[i].value)
      g_string_append (text, is_small ? digits[i].small : digits[i].large);
}

void
sotto_counting_append (GString *text, char how, int number)
{
  if ((how == 'a' || how == 'A') && number > 0)
    append_letters (text, how, number);
  else if ((how == 'i' || how == 'I') && number > 0 && number < 4000)
    append_roman (text, how == 'i', number);
  else
    g_string_append_printf (text, "%d", number);
}
