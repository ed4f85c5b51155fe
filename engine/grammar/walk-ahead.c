/* What can only come next.
 *
 * Between what a model is free to write a grammar often leaves it nothing to choose: of an object in JSON the names of
 * the properties and the marks around them. Where there is a choice of white space a writer does the same each time. */

#include "walk.h"

static gboolean
is_space (guint8 byte)
{
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* The byte that comes at @place, or -1: several may. @habit: what came in such a place the last time; 0: it is not known
 * @is_certain: (out): no other can come */
static int
foresee_byte (SottoGrammarWalk *self,
              guint32           place,
              guint8            habit,
              gboolean         *is_certain)
{
  guint n_spaces = 0;
  guint n_others = 0;
  int space = -1;
  int other = -1;

  *is_certain = FALSE;
  if (place == SOTTO_PLACE_DEAD || self->places[place].run > 0 || self->places[place].accepts)
    return -1;

  for (guint byte = 0; byte < 256; byte++)
    {
      if (sotto_walk_step (self, place, (guint8) byte) == SOTTO_PLACE_DEAD)
        continue;
      if (!is_space ((guint8) byte))
        {
          other = (int) byte;
          n_others++;
        }
      else if (n_spaces++ == 0 || byte == habit)
        {
          space = (int) byte;
        }
      if (n_others > 1 && !is_space (habit))
        return -1;
    }

  *is_certain = n_spaces + n_others == 1;
  if (*is_certain)
    return n_spaces == 1 ? space : other;
  if (is_space (habit))
    return space == habit ? space : -1;

  return habit != 0 && n_others == 1 ? other : -1;
}

gsize
sotto_walk_foresee (SottoGrammarWalk *self,
                    guint32           place,
                    guint             behind,
                    const guint8     *habits,
                    gsize             most,
                    GString          *text)
{
  gsize n_certain = 0;
  gboolean all_certain = TRUE;

  while (text->len < most && !self->is_overfull)
    {
      gboolean is_certain;
      int byte = foresee_byte (self, place, habits[behind], &is_certain);

      if (byte < 0)
        break;
      all_certain &= is_certain;
      behind = sotto_walk_behind (behind, (guint8) byte);
      place = sotto_walk_step (self, place, (guint8) byte);
      g_string_append_c (text, (char) byte);
      if (all_certain)
        n_certain = text->len;
    }

  return n_certain;
}
