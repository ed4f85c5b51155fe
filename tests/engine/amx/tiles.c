#include "cpu/kernels.h"
#include "jump.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#endif

/* A matrix unit (AMX) for processors that have none. Where one says that an instruction is illegal, and it is one of tiles,
 * this carries it out as Intel's manual says (Software Developer's Manual, volume 2: LDTILECFG to TILEZERO), so that the
 * engine's own machine code is what is tested; the second time without a signal (jump.c). What a real unit would refuse stays illegal and ends the program.
 *
 * A program is linked with this before the engine, whose sotto_cpu_has() it takes the place of. It wants a processor
 * that has all the rest of that tier. */

/* The engine's, by another name (meson.build). */
gboolean processor_has (const char *tier);

#ifdef __x86_64__

enum { N_TILES = 8, N_ROWS = 16, ROW_BYTES = 64 };

typedef struct {
  guint n_rows;
  guint row_bytes;
  union {
    guint8 rows[N_ROWS][ROW_BYTES];
    guint32 words[N_ROWS][ROW_BYTES / 4];
  };
} Tile;

/* What LDTILECFG reads. */
typedef struct {
  guint8 palette;
  guint8 start_row;
  guint8 reserved[14];
  guint16 row_bytes[16];
  guint8 n_rows[16];
} Shapes;

G_STATIC_ASSERT (sizeof (Shapes) == 64);

static __thread Tile tiles[N_TILES];
static __thread gboolean is_shaped;

/* --- Machine code --- */

/* pp of a VEX prefix. */
typedef enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 } Prefix;

typedef struct {
  guint opcode;
  Prefix prefix;
  guint reg;
  guint rm;
  guint vvvv;
  gboolean has_memory;
  guint8 *memory;
  gsize stride;     /* the index of the address, which is not added to it */
  gsize length;
} Instruction;

static gssize
read_displacement (const guint8 *code)
{
  gint32 displacement;

  memcpy (&displacement, code, sizeof displacement);
  return displacement;
}

/* The operand in memory that the byte ModRM at code says; moved: how far from here it stood when it was carried out; b, x:
 * upper bits of base and index */
static void
decode_memory (const gsize *registers, const guint8 *code, gsize moved, guint b, guint x, Instruction *instruction)
{
  const guint8 *p = code;
  guint mod = *p >> 6;
  guint rm = *p++ & 7;
  gsize base = 0;
  gboolean is_relative = mod == 0 && rm == 5;
  gboolean has_base = !is_relative;

  if (rm == 4)
    {
      guint sib = *p++;
      guint index = (sib >> 3 & 7) | x << 3;

      has_base = mod != 0 || (sib & 7) != 5;
      rm = sib & 7;
      if (index != 4)
        instruction->stride = registers[index] << (sib >> 6);
    }
  if (has_base)
    base = registers[rm | b << 3];
  if (mod == 1)
    base += (gsize) (gssize) (gint8) *p++;
  else if (mod == 2 || !has_base)
    {
      base += (gsize) read_displacement (p);
      p += 4;
    }
  if (is_relative)
    base += (gsize) p + moved;
  instruction->has_memory = TRUE;
  instruction->memory = (guint8 *) base;
  instruction->length += (gsize) (p - code);
}

/* %FALSE: not one of those of tiles, which all are VEX.128.0F38.W0 */
static gboolean
decode (const gsize *registers, const guint8 *code, gsize moved, Instruction *instruction)
{
  guint upper = ~code[1] >> 5 & 7;

  if (code[0] != 0xc4 || (code[1] & 31) != 2 || (code[2] & 0x84) != 0)
    return FALSE;
  *instruction = (Instruction) {
    .opcode = code[3],
    .prefix = code[2] & 3,
    .reg = code[4] >> 3 & 7,
    .rm = code[4] & 7,
    .vvvv = ~code[2] >> 3 & 15,
    .length = 4,
  };
  if (code[4] >> 6 == 3)
    instruction->length++;
  else
    decode_memory (registers, code + 4, moved, upper & 1, upper >> 1 & 1, instruction);
  return TRUE;
}

/* --- What they do --- */

static gboolean
shape (const Shapes *shapes)
{
  if (shapes->palette > 1 || shapes->start_row != 0)
    return FALSE;
  for (guint i = 0; i < N_TILES; i++)
    if (shapes->n_rows[i] > N_ROWS || shapes->row_bytes[i] > ROW_BYTES)
      return FALSE;
  memset (tiles, 0, sizeof tiles);
  is_shaped = shapes->palette == 1;
  for (guint i = 0; i < N_TILES && is_shaped; i++)
    {
      tiles[i].n_rows = shapes->n_rows[i];
      tiles[i].row_bytes = shapes->row_bytes[i];
    }
  return TRUE;
}

static gboolean
shape_or_release (const Instruction *instruction)
{
  if (instruction->prefix == PREFIX_F2 && !instruction->has_memory && is_shaped)
    {
      memset (tiles[instruction->reg].rows, 0, sizeof tiles->rows);
      return TRUE;
    }
  if (instruction->prefix != PREFIX_NONE)
    return FALSE;
  return shape (instruction->has_memory ? (const Shapes *) (gconstpointer) instruction->memory : &(Shapes) { 0 });
}

static gboolean
move (const Instruction *instruction)
{
  Tile *tile = &tiles[instruction->reg];

  if (!instruction->has_memory || !is_shaped || tile->n_rows == 0 || instruction->prefix == PREFIX_NONE)
    return FALSE;
  if (instruction->prefix != PREFIX_F3)
    memset (tile->rows, 0, sizeof tile->rows);
  for (guint row = 0; row < tile->n_rows; row++)
    {
      guint8 *memory = instruction->memory + row * instruction->stride;

      if (instruction->prefix == PREFIX_F3)
        memcpy (memory, tile->rows[row], tile->row_bytes);
      else
        memcpy (tile->rows[row], memory, tile->row_bytes);
    }
  return TRUE;
}

/* The numbers that bytes first and first + 1 of a word stand for, side by side in 16 bits each */
static inline gint32
pair_of_bytes (guint32 word, guint first, gboolean is_signed)
{
  guint8 low = (guint8) (word >> 8 * first);
  guint8 high = (guint8) (word >> (8 * first + 8));
  gint16 numbers[2] = { is_signed ? (gint8) low : low, is_signed ? (gint8) high : high };

  return (gint32) ((guint32) (guint16) numbers[1] << 16 | (guint16) numbers[0]);
}

/* sum += a times b, four bytes of a row of a at a time, with the sign that the instruction says */
__attribute__ ((target ("avx512bw"), optimize ("O3"))) static void
multiply_bytes (Tile *sum, const Tile *a, const Tile *b, Prefix prefix)
{
  gboolean is_left_signed = prefix == PREFIX_F2 || prefix == PREFIX_F3;
  gboolean is_right_signed = prefix == PREFIX_F2 || prefix == PREFIX_66;
  gint32 right[2 * N_ROWS][ROW_BYTES / 4];

  for (guint k = 0; k < 2 * b->n_rows; k++)
    for (guint n = 0; n < ROW_BYTES / 4; n++)
      right[k][n] = pair_of_bytes (b->words[k / 2][n], k % 2 * 2, is_right_signed);
  for (guint m = 0; m < sum->n_rows; m++)
    {
      __m512i own = _mm512_loadu_si512 (sum->rows[m]);

      for (guint k = 0; k < a->row_bytes / 2; k++)
        {
          __m512i left = _mm512_set1_epi32 (pair_of_bytes (a->words[m][k / 2], k % 2 * 2, is_left_signed));

          own = _mm512_add_epi32 (own, _mm512_madd_epi16 (left, _mm512_loadu_si512 (right[k])));
        }
      _mm512_mask_storeu_epi32 (sum->rows[m], (__mmask16) ((1u << sum->row_bytes / 4) - 1), own);
    }
}

/* The first or second of the two bfloat16 that a word holds */
static inline float
float_of_pair (guint32 word, guint which)
{
  guint32 bits = which == 0 ? word << 16 : word & 0xffff0000u;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* sum += a times b, two bfloat16 of a row of a at a time. First and second ones have a sum each, from nothing. */
__attribute__ ((target ("avx512bw"), optimize ("O3"), noinline)) static void
multiply_bfloats (Tile *sum, const Tile *a, const Tile *b)
{
  float right[2][N_ROWS][ROW_BYTES / 4];

  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < b->n_rows; k++)
      for (guint n = 0; n < ROW_BYTES / 4; n++)
        right[i][k][n] = float_of_pair (b->words[k][n], i);
  for (guint m = 0; m < sum->n_rows; m++)
    {
      __m512 own = _mm512_loadu_ps (sum->rows[m]);
      __m512 sums[2] = { _mm512_setzero_ps (), _mm512_setzero_ps () };

      for (guint k = 0; k < a->row_bytes / 4; k++)
        for (guint i = 0; i < 2; i++)
          sums[i] = _mm512_fmadd_ps (_mm512_set1_ps (float_of_pair (a->words[m][k], i)),
                                     _mm512_loadu_ps (right[i][k]), sums[i]);
      own = _mm512_add_ps (own, _mm512_add_ps (sums[0], sums[1]));
      _mm512_mask_storeu_ps (sum->rows[m], (__mmask16) ((1u << sum->row_bytes / 4) - 1), own);
    }
}

/* The unit has a way of its own to round: to the nearest, numbers near zero being zero before and after. */
static void
multiply_bfloats_flushed (Tile *sum, const Tile *a, const Tile *b)
{
  guint before = _mm_getcsr ();

  _mm_setcsr (_MM_MASK_MASK | _MM_ROUND_NEAREST | _MM_FLUSH_ZERO_ON | 0x0040 /* denormals are zeros */);
  multiply_bfloats (sum, a, b);
  _mm_setcsr (before);
}

static gboolean
multiply (const Instruction *instruction)
{
  guint right = instruction->vvvv % N_TILES;
  Tile *sum = &tiles[instruction->reg];
  const Tile *a = &tiles[instruction->rm];
  const Tile *b = &tiles[right];

  if (instruction->has_memory || !is_shaped || sum == a || sum == b || a == b || instruction->vvvv != right)
    return FALSE;
  if (sum->n_rows == 0 || a->n_rows != sum->n_rows || a->row_bytes != 4 * b->n_rows || b->row_bytes != sum->row_bytes)
    return FALSE;
  if (instruction->opcode == 0x5e)
    multiply_bytes (sum, a, b, instruction->prefix);
  else if (instruction->prefix == PREFIX_F3)
    multiply_bfloats_flushed (sum, a, b);
  else
    return FALSE;
  return TRUE;
}

static gboolean
carry_out (const Instruction *instruction)
{
  switch (instruction->opcode)
    {
    case 0x49:
      return shape_or_release (instruction);
    case 0x4b:
      return move (instruction);
    case 0x5c:
    case 0x5e:
      return multiply (instruction);
    default:
      return FALSE;
    }
}

void
tiles_carry_out (const gsize registers[N_REGISTERS], const Stretch *stretch)
{
  gsize moved = (gsize) stretch->place - (gsize) stretch->code;
  Instruction instruction;

  for (gsize at = 0; at < stretch->length; at += instruction.length)
    if (!decode (registers, stretch->code + at, moved, &instruction) || !carry_out (&instruction))
      {
        signal (SIGILL, SIG_DFL);
        raise (SIGILL);
      }
}

/* As many of them as follow each other. Returns: how many bytes these are */
static gsize
carry_out_all (const gsize *registers, const guint8 *code)
{
  Instruction instruction;
  gsize length = 0;

  while (decode (registers, code + length, 0, &instruction) && carry_out (&instruction))
    length += instruction.length;
  return length;
}

static void
catch_illegal (int number, siginfo_t *info G_GNUC_UNUSED, void *data)
{
  static const int names[N_REGISTERS] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                          REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
  static gint is_taken;
  greg_t *state = ((ucontext_t *) data)->uc_mcontext.gregs;
  guint8 *code = (guint8 *) state[REG_RIP];
  gsize registers[N_REGISTERS];
  gsize length;

  for (guint i = 0; i < N_REGISTERS; i++)
    registers[i] = (gsize) state[names[i]];
  while (!g_atomic_int_compare_and_exchange (&is_taken, 0, 1))
    _mm_pause ();
  if (!tiles_jumps (code)) /* else another thread has been here */
    {
      length = carry_out_all (registers, code);
      state[REG_RIP] += (greg_t) length;
      if (length > 0)
        tiles_jump (code, length);
      else
        signal (number, SIG_DFL); /* comes again, for good */
    }
  g_atomic_int_set (&is_taken, 0);
}

#endif

gboolean
sotto_cpu_has (const char *tier)
{
#ifdef __x86_64__
  if (g_str_equal (tier, "amx") && !processor_has (tier) && processor_has ("avx512")
      && __builtin_cpu_supports ("avx512bf16"))
    {
      struct sigaction action = { .sa_sigaction = catch_illegal, .sa_flags = SA_SIGINFO };

      return sigaction (SIGILL, &action, NULL) == 0;
    }
#endif
  return processor_has (tier);
}
