#include "conversation/message-anchor.h"

/* How many pages away a place is far: the heights up to there are guesses, and to measure all rows between is slow. */
#define FAR_PAGES 4

void
sotto_message_anchor_normalise (SottoMessageAnchor *self,
                                SottoMessageRows   *rows)
{
  while (self->offset < 0 && self->row > 0)
    {
      self->row--;
      self->offset += sotto_message_rows_measure (rows, self->row);
    }
  while (self->row + 1 < sotto_message_rows_get_length (rows) &&
         self->offset >= sotto_message_rows_get_height (rows, self->row))
    {
      self->offset -= sotto_message_rows_measure (rows, self->row);
      self->row++;
    }
  if (self->row == 0)
    self->offset = MAX (self->offset, 0);
}

void
sotto_message_anchor_set_end (SottoMessageAnchor *self,
                              SottoMessageRows   *rows,
                              int                 height)
{
  double left = height;
  guint position = sotto_message_rows_get_length (rows);

  while (position > 0 && left > 0)
    left -= sotto_message_rows_measure (rows, --position);

  self->row = position;
  self->offset = MAX (-left, 0);
}

void
sotto_message_anchor_set_row (SottoMessageAnchor *self,
                              guint               row)
{
  self->row = row;
  self->offset = 0;
}

double
sotto_message_anchor_get_value (const SottoMessageAnchor *self,
                                SottoMessageRows         *rows)
{
  return sotto_message_rows_get_top (rows, self->row) + self->offset;
}

void
sotto_message_anchor_set_value (SottoMessageAnchor *self,
                                SottoMessageRows   *rows,
                                double              value,
                                double              page)
{
  double moved = value - sotto_message_anchor_get_value (self, rows);

  if (ABS (moved) <= FAR_PAGES * page)
    {
      self->offset += moved;
      return;
    }

  self->row = sotto_message_rows_find (rows, value);
  self->offset = CLAMP (value - sotto_message_rows_get_top (rows, self->row), 0,
                        sotto_message_rows_get_height (rows, self->row) - 1);
}

void
sotto_message_anchor_splice (SottoMessageAnchor *self,
                             guint               position,
                             guint               removed,
                             guint               added)
{
  if (self->row >= position + removed)
    self->row += added - removed;
  else if (self->row >= position)
    sotto_message_anchor_set_row (self, position);
}
