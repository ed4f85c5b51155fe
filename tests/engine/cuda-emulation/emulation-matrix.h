#pragma once

/* Products of small matrices by a warp: gathered from the lanes by the tables of the PTX ISA (the
 * fragments of m16n8k16 and m16n8k32), multiplied by plain loops. Every lane leaves 10 words; the
 * last computes for all. */

template <typename T>
static inline EmulationSlots *
emulation_mma_arrive (const char *what, T *d, const guint32 *a, const guint32 *b, EmulationSite site)
{
  EmulationSlots *slots = emulation_arrive (what, site);
  guint32 *mine = slots->many[emulation_thread->lane];

  memcpy (mine, d, 4 * sizeof (guint32));
  memcpy (mine + 4, a, 4 * sizeof (guint32));
  memcpy (mine + 8, b, 2 * sizeof (guint32));
  return slots;
}

template <typename T, typename Product>
static inline void
emulation_mma (const char *what, T *d, const guint32 *a, const guint32 *b, EmulationSite site)
{
  emulation_need (Product::NEEDS, what, site);
  const int n_pack = Product::N_PACK;
  EmulationSlots *slots = emulation_mma_arrive (what, d, a, b, site);

  if (emulation_is_last ())
    {
      typename Product::Element left[16][32], right[8][32];
      T sums[16][8];

      for (int lane = 0; lane < N_LANES; lane++)
        {
          const guint32 *theirs = slots->many[lane];
          int group = lane / 4, i = lane % 4;

          for (int r = 0; r < 4; r++)
            {
              Product::unpack (theirs[4 + r], &left[group + 8 * (r % 2)][n_pack * i + 4 * n_pack * (r / 2)]);
              memcpy (&sums[group + 8 * (r / 2)][2 * i + r % 2], &theirs[r], sizeof (T));
            }
          for (int r = 0; r < 2; r++)
            Product::unpack (theirs[8 + r], &right[group][n_pack * i + 4 * n_pack * r]);
        }
      for (int row = 0; row < 16; row++)
        for (int column = 0; column < 8; column++)
          {
            T sum = 0;

            for (int k = 0; k < 8 * n_pack; k++)
              sum += (T) left[row][k] * (T) right[column][k];
            sums[row][column] += sum;
          }
      for (int lane = 0; lane < N_LANES; lane++)
        for (int r = 0; r < 4; r++)
          memcpy (&slots->many[lane][r], &sums[lane / 4 + 8 * (r / 2)][2 * (lane % 4) + r % 2], sizeof (T));
    }
  emulation_meet ();
  memcpy (d, slots->many[emulation_thread->lane], 4 * sizeof (T));
}

struct EmulationHalves {
  static const guint NEEDS = 75;
  typedef float Element;
  static const int N_PACK = 2;
  static void unpack (guint32 word, float *to) { to[0] = halves_low (word); to[1] = halves_high (word); }
};

struct EmulationBfloats {
  static const guint NEEDS = 80;
  typedef float Element;
  static const int N_PACK = 2;
  static void
  unpack (guint32 word, float *to)
  {
    to[0] = bfloat_to_float ((guint16) word);
    to[1] = bfloat_to_float ((guint16) (word >> 16));
  }
};

struct EmulationBytes {
  static const guint NEEDS = 75;
  typedef gint8 Element;
  static const int N_PACK = 4;
  static void unpack (guint32 word, gint8 *to) { memcpy (to, &word, 4); }
};

DEVICE void
mma_half (float *d, const guint32 *a, const guint32 *b, AT_SITE)
{
  emulation_mma<float, EmulationHalves> ("mma_half", d, a, b, site);
}

DEVICE void
mma_bfloat (float *d, const guint32 *a, const guint32 *b, AT_SITE)
{
  emulation_mma<float, EmulationBfloats> ("mma_bfloat", d, a, b, site);
}

DEVICE void
mma_int8 (int *d, const guint32 *a, const guint32 *b, AT_SITE)
{
  emulation_mma<int, EmulationBytes> ("mma_int8", d, a, b, site);
}

/* Lane l gives the address of row l % 8 of matrix l / 8; a row is 8 halves. */
DEVICE void
emulation_matrix_load (const char *what, guint32 *r, const void *row, int n, bool turned, EmulationSite site)
{
  emulation_need (75, what, site);
  EmulationSlots *slots = emulation_arrive (what, site);
  int lane = (int) emulation_thread->lane;

  /* Devices of 7.5 want addresses of all lanes, also where they don't count. */
  emulation_align (row, 16, site);
  if (!emulation_is_shared (row))
    emulation_fail (site, "%s of what is not shared memory", what);
  slots->pointers[lane] = row;
  emulation_is_last ();
  emulation_meet ();
  for (int m = 0; m < n; m++)
    {
      guint16 low, high;
      int along = lane / 4, across = 2 * (lane % 4);

      if (turned)
        {
          memcpy (&low, (const guint16 *) slots->pointers[8 * m + across] + along, sizeof low);
          memcpy (&high, (const guint16 *) slots->pointers[8 * m + across + 1] + along, sizeof high);
        }
      else
        {
          memcpy (&low, (const guint16 *) slots->pointers[8 * m + along] + across, sizeof low);
          memcpy (&high, (const guint16 *) slots->pointers[8 * m + along] + across + 1, sizeof high);
        }
      r[m] = low | (guint32) high << 16;
    }
  /* All read at once, which is no barrier. */
  emulation_arrive (what, site);
  emulation_is_last ();
  emulation_meet ();
}

DEVICE void
matrix_load_4 (guint32 *r, const void *row, AT_SITE)
{
  emulation_matrix_load ("matrix_load_4", r, row, 4, false, site);
}

DEVICE void
matrix_load_2 (guint32 *r, const void *row, AT_SITE)
{
  emulation_matrix_load ("matrix_load_2", r, row, 2, false, site);
}

DEVICE void
matrix_load_4_turned (guint32 *r, const void *row, AT_SITE)
{
  emulation_matrix_load ("matrix_load_4_turned", r, row, 4, true, site);
}
