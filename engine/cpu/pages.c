#include "cpu/pages.h"

#include <sys/mman.h>

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
