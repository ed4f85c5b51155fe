#include "cpu/kernels.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bits of XCR0: the registers that the system saves when it switches threads. */
#define XCR0_AVX 0x06
#define XCR0_AVX512 0xe6
#define XCR0_AMX 0x60000

#define XFEATURE_TILES 18

/* Of leaf 7: gcc's names for them are younger than the bits. */
#define BIT_AMX_BF16 (1u << 22)
#define BIT_AMX_TILE (1u << 24)
#define BIT_AMX_INT8 (1u << 25)

/* Of its second part. */
#define BIT_AVX_VNNI (1u << 4)
#define BIT_AVX512_BF16 (1u << 5)

static guint64
read_xcr0 (void)
{
  guint32 low;
  guint32 high;

  __asm__ volatile ("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
  return (guint64) high << 32 | low;
}

/* Tiles are 8 KB of registers for every thread that uses them: Linux wants to be asked, once for the whole
 * process, and asking again does no harm. */
static gboolean
may_use_tiles (void)
{
  return syscall (SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILES) == 0;
}

gboolean
sotto_cpu_has (const char *tier)
{
  guint a, b, c, d;
  guint b7, c7, d7;
  guint second = 0; /* of the second part of leaf 7 */
  guint64 saved;

  if (g_str_equal (tier, "reference"))
    return TRUE;
  if (__get_cpuid_count (7, 1, &a, &b, &c, &d))
    second = a;
  if (!__get_cpuid (1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0)
    return FALSE;
  if (!__get_cpuid_count (7, 0, &a, &b7, &c7, &d7))
    return FALSE;
  saved = read_xcr0 ();
  if ((saved & XCR0_AVX) != XCR0_AVX || (c & bit_AVX) == 0 || (c & bit_FMA) == 0
      || (c & bit_F16C) == 0 || (b7 & bit_AVX2) == 0)
    return FALSE;
  if (g_str_equal (tier, "avx2"))
    return TRUE;
  if (g_str_equal (tier, "avxvnni"))
    return (second & BIT_AVX_VNNI) != 0 && (c7 & bit_GFNI) != 0;
  if ((saved & XCR0_AVX512) != XCR0_AVX512 || (b7 & bit_AVX512F) == 0 || (b7 & bit_AVX512BW) == 0
      || (b7 & bit_AVX512VL) == 0 || (b7 & bit_AVX512DQ) == 0 || (c7 & bit_AVX512VNNI) == 0
      || (c7 & bit_AVX512VBMI) == 0 || (c7 & bit_GFNI) == 0)
    return FALSE;
  if (g_str_equal (tier, "avx512"))
    return TRUE;
  return g_str_equal (tier, "amx") && (saved & XCR0_AMX) == XCR0_AMX && (d7 & BIT_AMX_TILE) != 0
         && (d7 & BIT_AMX_INT8) != 0 && (d7 & BIT_AMX_BF16) != 0
         && (second & BIT_AVX512_BF16) != 0 && may_use_tiles ();
}

#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

gboolean
sotto_cpu_has (const char *tier)
{
  if (g_str_equal (tier, "reference"))
    return TRUE;
  if ((getauxval (AT_HWCAP) & HWCAP_ASIMDDP) == 0)
    return FALSE;
  return g_str_equal (tier, "neon")
         || (g_str_equal (tier, "i8mm") && (getauxval (AT_HWCAP2) & HWCAP2_I8MM) != 0);
}

#else

gboolean
sotto_cpu_has (const char *tier)
{
  return g_str_equal (tier, "reference");
}

#endif
