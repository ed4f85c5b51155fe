#include "config.h"

#include "tool-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What day it is, which no model knows, and how days are counted, which few can. All in English, and without the locale's names:
 * what a model is told is the same in any language. */

/* From the first day of the year 1 to the last of 9999, beyond which dates are no dates here */
#define MAX_DAYS 3652058

static const char *const weekdays[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
                                      "October", "November", "December" };

/* The system's names of zones are paths in a folder of its own, which no name is to lead out of. */
static GTimeZone *
find_zone (const char *name)
{
  if (name == NULL)
    return g_time_zone_new_local ();
  if (!g_ascii_isalpha (*name) || strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_+-/") != strlen (name))
    return NULL;
  return g_time_zone_new_identifier (name);
}

static char *
describe_day (int year, int month, int day, int weekday)
{
  return g_strdup_printf ("%s, %d %s %d (%04d-%02d-%02d)", weekdays[weekday - 1], day, months[month - 1], year, year, month, day);
}

static char *
describe_date (const GDate *date)
{
  return describe_day (g_date_get_year (date), g_date_get_month (date), g_date_get_day (date), g_date_get_weekday (date));
}

/* @date: today. Returns: whether @text is a day, as 2026-11-23; it is @date then */
static gboolean
parse_date (const char *text, GDate *date)
{
  guint64 year, month, day;
  g_auto (GStrv) parts = g_strsplit (text, "-", 4);

  if (g_ascii_strcasecmp (text, "today") == 0)
    return TRUE;
  if (g_strv_length (parts) != 3 || !g_ascii_string_to_unsigned (parts[0], 10, 1, 9999, &year, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, 12, &month, NULL)
      || !g_ascii_string_to_unsigned (parts[2], 10, 1, 31, &day, NULL)
      || !g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
    return FALSE;
  g_date_clear (date, 1);
  g_date_set_dmy (date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  return TRUE;
}

static void
append_now (GString *out, GDateTime *now)
{
  g_autofree char *day = describe_day (g_date_time_get_year (now), g_date_time_get_month (now),
                                       g_date_time_get_day_of_month (now), g_date_time_get_day_of_week (now));
  const char *zone = g_time_zone_get_identifier (g_date_time_get_timezone (now));
  const gint64 minutes = g_date_time_get_utc_offset (now) / G_TIME_SPAN_MINUTE;

  g_string_append_printf (out, "Date: %s\nTime: %02d:%02d:%02d\n", day, g_date_time_get_hour (now), g_date_time_get_minute (now),
                          g_date_time_get_second (now));
  g_string_append_printf (out, "Time zone: %s (%s, UTC%c%02d:%02d)\n", zone, g_date_time_get_timezone_abbreviation (now),
                          minutes < 0 ? '-' : '+', (int) (ABS (minutes) / 60), (int) (ABS (minutes) % 60));
  g_string_append_printf (out, "Week: %d, day of the year: %d\n", g_date_time_get_week_of_year (now),
                          g_date_time_get_day_of_year (now));
}

/* Returns: (transfer full) (nullable): what is wrong */
static char *
append_days (GString *out, const GDate *today, const GDate *from, yyjson_val *arguments)
{
  const char *until = sotto_argument_get_text (arguments, "until");
  g_autofree char *begin = describe_date (from);
  gint64 days = 0;
  GDate to = *today;

  if (sotto_argument_get_whole (arguments, "add_days", &days) && days != 0)
    {
      const gint64 julian = (gint64) g_date_get_julian (from) + days;
      g_autofree char *end = NULL;

      /* Until 9999-12-31 */
      if (julian < 1 || julian > 3652059)
        return g_strdup ("That day is not in the years 1 to 9999.");
      g_date_clear (&to, 1);
      g_date_set_julian (&to, (guint32) julian);
      end = describe_date (&to);
      g_string_append_printf (out, "%" G_GINT64_FORMAT " days %s %s: %s\n", ABS (days), days < 0 ? "before" : "after", begin, end);
    }
  if (until != NULL)
    {
      g_autofree char *end = NULL;

      to = *today;
      if (!parse_date (until, &to))
        return g_strdup ("“until” must be a day that there is, like 2026-12-31.");
      end = describe_date (&to);
      days = g_date_days_between (from, &to);
      g_string_append_printf (out, "From %s to %s: %" G_GINT64_FORMAT " days\n", begin, end, days);
    }
  return NULL;
}

/* Returns: (transfer full) (nullable): %NULL: @out is the answer */
static char *
answer (GString *out, yyjson_val *arguments)
{
  const char *day = sotto_argument_get_text (arguments, "date");
  g_autoptr (GTimeZone) zone = find_zone (sotto_argument_get_text (arguments, "time_zone"));
  g_autoptr (GDateTime) now = zone != NULL ? g_date_time_new_now (zone) : NULL;
  GDate today, date;

  if (now == NULL)
    return g_strdup ("“time_zone” must be the name of a time zone, like Europe/Berlin, America/New_York or UTC.");
  g_date_clear (&today, 1);
  g_date_set_dmy (&today, (GDateDay) g_date_time_get_day_of_month (now), (GDateMonth) g_date_time_get_month (now),
                  (GDateYear) g_date_time_get_year (now));
  date = today;
  append_now (out, now);
  if (day != NULL)
    {
      g_autofree char *text = NULL;

      if (!parse_date (day, &date))
        return g_strdup ("“date” must be a day that there is, like 2026-12-31.");
      text = describe_date (&date);
      g_string_append_printf (out, "The day asked for: %s\n", text);
    }
  return append_days (out, &today, &date, arguments);
}

static void
run (GTask *task, const SottoToolPlace *place, yyjson_val *arguments)
{
  g_autoptr (GTask) owned = task;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *problem = answer (out, arguments);

  if (problem != NULL)
    g_task_return_pointer (task, g_strconcat ("Error: ", problem, NULL), g_free);
  else
    g_task_return_pointer (task, g_strchomp (g_string_free_and_steal (g_steal_pointer (&out))), g_free);
}

const SottoTool sotto_tool_current_time = {
  .name = "current_time",
  .title = NC_("tool", "Date and Time"),
  .words = N_("Knows today’s date and the time, anywhere, and counts days."),
  .purpose = "Tells the current date, weekday and time, and counts days between dates.",
  .arguments = {
    { "time_zone", SOTTO_ARGUMENT_TEXT, FALSE, 100, "Name of a time zone, like Europe/Berlin or UTC; without it, the person's own" },
    { "date", SOTTO_ARGUMENT_TEXT, FALSE, 20, "A day as YYYY-MM-DD, to be told its weekday and to count from; without it, today" },
    { "add_days", SOTTO_ARGUMENT_WHOLE, FALSE, MAX_DAYS, "How many days after the date; negative: before it" },
    { "until", SOTTO_ARGUMENT_TEXT, FALSE, 20, "Another day as YYYY-MM-DD, to count the days to it" },
  },
  .run = run,
};
