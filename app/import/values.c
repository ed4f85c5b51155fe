#include "values.h"

#include <math.h>
#include <string.h>

char *
sotto_value_dup_text (yyjson_val *value)
{
  if (!yyjson_is_str (value) || yyjson_get_len (value) == 0)
    return NULL;
  return g_utf8_make_valid (yyjson_get_str (value), (gssize) yyjson_get_len (value));
}

char *
sotto_value_dup_member (yyjson_val *object, const char *key)
{
  return sotto_value_dup_text (yyjson_obj_get (object, key));
}

const char *
sotto_value_peek_member (yyjson_val *object, const char *key)
{
  return yyjson_get_str (yyjson_obj_get (object, key));
}

char *
sotto_value_dup_id (yyjson_val *object, const char *key)
{
  yyjson_val *value = yyjson_obj_get (object, key);

  if (yyjson_is_int (value))
    return g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) yyjson_get_sint (value));
  return sotto_value_dup_text (value);
}

/* Each unit begins where the one before would be thousands of years away. */
static gint64
time_of_number (double number)
{
  if (!isfinite (number) || number <= 0 || number >= 1e19)
    return 0;
  if (number >= 1e17)
    return (gint64) (number / 1000);
  if (number >= 1e14)
    return (gint64) number;
  if (number >= 1e11)
    return (gint64) (number * 1000);
  return (gint64) round (number * G_USEC_PER_SEC);
}

gint64
sotto_value_parse_time (const char *text, gboolean is_local)
{
  g_autoptr (GTimeZone) zone = is_local ? g_time_zone_new_local () : g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (text, zone);

  return date != NULL ? MAX (g_date_time_to_unix_usec (date), 0) : 0;
}

gint64
sotto_value_get_time (yyjson_val *value)
{
  /* Whole numbers of microseconds stay as they are: a double would round them. */
  if (yyjson_is_uint (value) && yyjson_get_uint (value) >= G_GUINT64_CONSTANT (100000000000000)
      && yyjson_get_uint (value) < G_GUINT64_CONSTANT (100000000000000000))
    return (gint64) yyjson_get_uint (value);
  if (yyjson_is_num (value))
    return time_of_number (yyjson_get_num (value));
  if (yyjson_is_str (value))
    return sotto_value_parse_time (yyjson_get_str (value), FALSE);
  return 0;
}

gint64
sotto_value_get_member_time (yyjson_val *object, const char *const *keys)
{
  for (guint i = 0; keys[i] != NULL; i++)
    {
      const gint64 time = sotto_value_get_time (yyjson_obj_get (object, keys[i]));

      if (time > 0)
        return time;
    }
  return 0;
}
