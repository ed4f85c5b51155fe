/* How a recovery code is written.
 *
 *   7K3QX-…-40MZT      8 groups, each of 4 data characters and a check character
 *
 * The characters are Crockford's base 32: digits and capital letters without I, L, O and U. Each
 * data character carries 5 bits, the most significant first: 8 × 4 × 5 = 160 bits.
 *
 * The check character of group g (0…7) with data d1…d4 is, in the field GF(2⁵) with the polynomial
 * x⁵ + x² + 1,
 *
 *   c = a·d1 + a²·d2 + a³·d3 + a⁴·d4 + 3g,     a = x
 *
 * As all four weights differ, are not 0 and not 1, one wrong character and any two exchanged ones
 * in a group are always found; as 3g differs between groups, so are whole groups in the wrong place.
 * Reading forgives what people do: small letters, O for 0, I and L for 1, spaces and hyphens. */

#include "recovery-code.h"

#include "history-error.h"

#include <sodium.h>

#define GROUPS 8
#define DATA 4

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static guint
times_x (guint value)
{
  value <<= 1;
  return (value & 0x20) != 0 ? value ^ 0x25 : value;
}

static guint
check_of (const guint8 *data, guint group)
{
  guint sum = 0;

  /* Horner's rule from the last: ((d4·a + d3)·a + d2)·a + d1)·a */
  for (gint i = DATA - 1; i >= 0; i--)
    sum = times_x (sum ^ data[i]);
  return sum ^ ((3 * group) & 31);
}

static gint
value_of (char c)
{
  c = g_ascii_toupper (c);
  if (c == 'O')
    return 0;
  if (c == 'I' || c == 'L')
    return 1;
  for (gint i = 0; i < 32; i++)
    if (alphabet[i] == c)
      return i;
  return -1;
}

char *
sotto_recovery_code_encode (const guint8 *secret)
{
  char *code = g_malloc (GROUPS * (DATA + 2));
  char *p = code;

  for (guint group = 0; group < GROUPS; group++)
    {
      guint8 data[DATA];

      for (guint i = 0; i < DATA; i++)
        {
          guint bit = (group * DATA + i) * 5;
          guint pair = (guint) secret[bit / 8] << 8;

          if (bit / 8 + 1 < SOTTO_RECOVERY_BYTES)
            pair |= secret[bit / 8 + 1];
          data[i] = (guint8) ((pair >> (11 - bit % 8)) & 31);
          *p++ = alphabet[data[i]];
        }
      *p++ = alphabet[check_of (data, group)];
      *p++ = group + 1 < GROUPS ? '-' : '\0';
      sodium_memzero (data, sizeof data);
    }

  return code;
}

static void
set_malformed (GError **error, guint group)
{
  SottoHistoryErrorArguments arguments = { .wanted = group };

  if (group == 0)
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_MALFORMED_CODE, &arguments,
                             "a recovery code has %d characters", GROUPS * (DATA + 1));
  else
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_MALFORMED_CODE, &arguments,
                             "group %u of the recovery code is mistyped", group);
}

gboolean
sotto_recovery_code_decode (const char *code, guint8 *secret, GError **error)
{
  guint8 values[GROUPS * (DATA + 1)];
  guint n = 0;
  guint bad = 0;
  gboolean ok = FALSE;

  for (const char *p = code; *p != '\0'; p++)
    {
      gint value;

      if (g_ascii_isspace (*p) || *p == '-')
        continue;
      value = value_of (*p);
      if (value < 0 && bad == 0)
        bad = MIN (n / (DATA + 1), GROUPS - 1) + 1;
      if (n < sizeof values)
        values[n] = (guint8) MAX (value, 0);
      n++;
    }

  if (n == sizeof values)
    for (guint group = 0; group < GROUPS && bad == 0; group++)
      {
        const guint8 *data = values + group * (DATA + 1);

        if (check_of (data, group) != data[DATA])
          bad = group + 1;
      }

  if (bad != 0 || n != sizeof values)
    {
      set_malformed (error, bad);
    }
  else
    {
      memset (secret, 0, SOTTO_RECOVERY_BYTES);
      for (guint i = 0; i < GROUPS * DATA; i++)
        {
          guint pair = (guint) values[i / DATA * (DATA + 1) + i % DATA] << (11 - i * 5 % 8);

          secret[i * 5 / 8] |= (guint8) (pair >> 8);
          if (i * 5 / 8 + 1 < SOTTO_RECOVERY_BYTES)
            secret[i * 5 / 8 + 1] |= (guint8) pair;
        }
      ok = TRUE;
    }

  sodium_memzero (values, sizeof values);
  return ok;
}
