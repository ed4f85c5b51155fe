/* Memory that is given back is wiped.
 *
 * A text that was shown, stored or sent to the model has been in dozens of blocks that were freed since: by GTK, Pango, SQLite,
 * GLib, and by us. Nothing reads them any more, and nothing overwrites them either, so that whoever reads the memory of a locked
 * Sotto would find it all. This free() stands in the executable, where the dynamic linker finds it before any library's, for all
 * of them; it puts zeros where the text was and goes on to the C library's. A large block is a mapping of its own, which the
 * kernel takes back whole: it is left as it is, as is everything where somebody has another allocator loaded in front of ours.
 *
 * Only the executable is linked with this: neither the tests nor the tool of the engine are, but the one test that is about it. */

#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own, by the names that it has for whoever stands in front of it */
extern void __libc_free (void *block);
extern void *__libc_realloc (void *block, size_t size);

/* In the word before a block, where glibc has its size: this is a mapping of its own. */
#define IS_MAPPED 2

typedef enum {
  UNKNOWN,
  LOOKING,
  OURS,    /* glibc's */
  FOREIGN, /* another allocator stands in front */
} Allocator;

static Allocator allocator;
static void (*next_free) (void *block);
static void *(*next_realloc) (void *block, size_t size);

/* What is behind us is known only at the first call, which comes from a library's beginning, before there are threads. */
static void
look (void)
{
  allocator = LOOKING;
  *(void **) &next_free = dlsym (RTLD_NEXT, "free");
  *(void **) &next_realloc = dlsym (RTLD_NEXT, "realloc");
  allocator = next_free == __libc_free || next_free == NULL ? OURS : FOREIGN;
}

static int
is_mapped (const void *block)
{
  return (((const size_t *) block)[-1] & IS_MAPPED) != 0;
}

__attribute__ ((visibility ("default"))) void
free (void *block)
{
  if (block == NULL)
    return;

  if (allocator == UNKNOWN)
    look ();
  /* Looking takes a few bytes itself, of which nobody knows yet to whom they go back. */
  if (allocator == LOOKING)
    return;
  if (allocator == FOREIGN)
    {
      next_free (block);
      return;
    }

  if (!is_mapped (block))
    memset (block, 0, malloc_usable_size (block));
  __libc_free (block);
}

/* A block that moves leaves what it held. */
__attribute__ ((visibility ("default"))) void *
realloc (void *block, size_t size)
{
  size_t before;
  void *moved;

  if (allocator == UNKNOWN)
    look ();
  if (allocator == FOREIGN)
    return next_realloc (block, size);
  if (block != NULL && size == 0)
    {
      free (block);
      return NULL;
    }
  if (block == NULL || is_mapped (block))
    return __libc_realloc (block, size);

  before = malloc_usable_size (block);
  if (size <= before && size >= before / 2)
    return block;

  moved = malloc (size);
  if (moved == NULL)
    return NULL;
  memcpy (moved, block, size < before ? size : before);
  free (block);
  return moved;
}
