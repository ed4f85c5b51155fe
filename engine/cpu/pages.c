#include "cpu/pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *
sotto_pages_take (gsize n_bytes)
{
  void *pages = mmap (NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  return pages != MAP_FAILED ? pages : NULL;
}

void *
sotto_pages_take_large (gsize n_bytes)
{
  void *pages = sotto_pages_take (n_bytes);

  if (pages != NULL)
    (void) madvise (pages, n_bytes, MADV_HUGEPAGE);
  return pages;
}

void
sotto_pages_give_back (void *pages, gsize n_bytes)
{
  if (pages != NULL)
    munmap (pages, n_bytes);
}

void
sotto_pages_wipe (void *start, gsize n_bytes)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize before = MIN (n_bytes, (page - (gsize) start % page) % page);
  gsize whole = (n_bytes - before) / page * page;
  guint8 *first = (guint8 *) start + before;

  if (whole > 0 && madvise (first, whole, MADV_DONTNEED) != 0)
    memset (first, 0, whole);
  memset (start, 0, before);
  memset (first + whole, 0, n_bytes - before - whole);
}
