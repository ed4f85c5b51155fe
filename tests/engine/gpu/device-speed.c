/* device-speed [MIB]: what a device moves and how long single kernels take, as JSON; or
 * device-speed --leave MIB: takes the device's memory but for so much, says so, and gives it back when its input ends.
 *
 * Through the module that $SOTTO_CUDA_MODULE names, so that the figures stand beside those of whole models, from the
 * same run. Kernels are recorded and repeated, as a token's walk is, over as many copies of a weight as @MIB have room
 * for: what lies in a cache would not be memory's speed. Of all rounds the fastest counts. MIB (1,024): memory used. */

#include "cuda/layout.h"
#include "cuda/loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_ROUNDS = 7, N_LAUNCHES = 200, N_CACHED = 32768, MOST_REHEARSED = 1 << 23 };

typedef struct {
  const SottoCudaModule *module;
  SottoCudaDevice *device;
  guint8 *memory;          /* random bytes, used as weights and as caches */
  gsize n_memory;
  guint8 *scratch;         /* rows in and out */
  gsize n_scratch, taken;
  gboolean is_first;       /* of the list of kernels */
  gboolean is_rehearsal;   /* on no device: a little of everything, once */
  guint n_rounds;
} Speed;

typedef gboolean (*Work) (Speed *self, gconstpointer data);

typedef struct {
  const char *name;        /* of the type */
  SottoBlockType type;
  guint n_columns, n_rows;
  guint n_tokens;
} Product;

/* Of the models that go measures: what they read most of. */
static const Product products[] = {
  { "Q4_K", SOTTO_BLOCK_Q4_K, 2048, 512, 1 },     { "Q4_K", SOTTO_BLOCK_Q4_K, 2048, 2048, 1 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 2048, 8192, 1 },    { "Q6_K", SOTTO_BLOCK_Q6_K, 8192, 2048, 1 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 1024, 1 },    { "Q6_K", SOTTO_BLOCK_Q6_K, 4096, 1024, 1 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 4096, 1 },    { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 14336, 1 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 14336, 4096, 1 },   { "Q6_K", SOTTO_BLOCK_Q6_K, 14336, 4096, 1 },
  { "Q6_K", SOTTO_BLOCK_Q6_K, 4096, 128256, 1 },  { "Q8_0", SOTTO_BLOCK_Q8_0, 4096, 14336, 1 },
  { "F16", SOTTO_BLOCK_F16, 4096, 14336, 1 },     { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 14336, 8 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 14336, 64 },  { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 14336, 512 },
  { "Q6_K", SOTTO_BLOCK_Q6_K, 14336, 4096, 512 }, { "Q8_0", SOTTO_BLOCK_Q8_0, 4096, 14336, 512 },
  { "F16", SOTTO_BLOCK_F16, 4096, 14336, 512 },    { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 14336, 2048 },
  { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 4096, 512 },   { "Q4_K", SOTTO_BLOCK_Q4_K, 4096, 1024, 512 },
};

typedef struct {
  guint n_heads, n_kv_heads, n_head;
  guint n_rows;
  guint position;
} Attention;

static const Attention attentions[] = {
  { 32, 8, 64, 1, N_CACHED - 1 },  { 32, 8, 128, 1, 127 },          { 32, 8, 128, 1, 4095 },
  { 32, 8, 128, 1, N_CACHED - 1 }, { 32, 4, 128, 1, N_CACHED - 1 }, { 32, 8, 128, 512, 0 },
  { 32, 8, 128, 512, 4096 },
};

/* --- Time --- */

static void
fail (Speed *self, const char *what)
{
  const char *problem = self->device != NULL ? self->module->problem (self->device) : NULL;

  fprintf (stderr, "device-speed: %s: %s\n", what, problem != NULL ? problem : "it failed");
  exit (1);
}

/* Seconds of @work, the least of all rounds; recorded where the device can. */
static double
measure (Speed *self, const char *what, Work work, gconstpointer data)
{
  const SottoCudaModule *m = self->module;
  gboolean is_recorded;
  gpointer recording = NULL;
  double best = G_MAXDOUBLE;

  if (!work (self, data) || !m->wait (self->device))
    fail (self, what);
  is_recorded = m->record (self->device);
  if (is_recorded && (!work (self, data) || (recording = m->recorded (self->device)) == NULL))
    fail (self, what);
  for (guint round = 0; round < self->n_rounds; round++)
    {
      gint64 began = g_get_monotonic_time ();

      if (!(is_recorded ? m->repeat (self->device, recording) : work (self, data)) || !m->wait (self->device))
        fail (self, what);
      best = MIN (best, (double) (g_get_monotonic_time () - began) / 1e6);
    }
  if (is_recorded)
    m->forget (self->device, recording);
  return MAX (best, 1e-9);
}

/* --- Moving --- */

/* Seconds of the fastest of some moves of @n bytes; they wait by themselves or are waited for. */
static double
time_move (Speed *self, gboolean (*move) (Speed *self, guint8 *host, gsize n), guint8 *host, gsize n)
{
  double best = G_MAXDOUBLE;

  for (guint round = 0; round < self->n_rounds; round++)
    {
      gint64 began = g_get_monotonic_time ();

      if (!move (self, host, n) || !self->module->wait (self->device))
        fail (self, "moving");
      best = MIN (best, (double) (g_get_monotonic_time () - began) / 1e6);
    }
  return MAX (best, 1e-9);
}

static gboolean
copy (Speed *self, guint8 *host, gsize n)
{
  return self->module->copy (self->device, self->memory + n, self->memory, n);
}

static gboolean
upload (Speed *self, guint8 *host, gsize n)
{
  return self->module->upload (self->device, self->memory, host, n);
}

static gboolean
download (Speed *self, guint8 *host, gsize n)
{
  return self->module->download (self->device, host, self->memory, n);
}

/* What the bus gives: out of memory that the device reads by itself, without our module's copies into such memory. By the
 * driver's own functions, in the context that the module made. 0: there is no driver, or it can't */
static double
measure_bus (Speed *self, gsize n)
{
  void *driver = dlopen ("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  void *symbols[3] = { NULL };
  static const char *const names[] = { "cuMemAllocHost_v2", "cuMemcpyHtoD_v2", "cuMemFreeHost" };
  int (*allocate) (void **, size_t), (*bring) (unsigned long long, const void *, size_t), (*give_back) (void *);
  void *host = NULL;
  double best = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (driver == NULL || (symbols[i] = dlsym (driver, names[i])) == NULL)
      return 0;
  memcpy (&allocate, &symbols[0], sizeof allocate);
  memcpy (&bring, &symbols[1], sizeof bring);
  memcpy (&give_back, &symbols[2], sizeof give_back);
  if (!self->module->wait (self->device) || allocate (&host, n) != 0)
    return 0;
  memset (host, 1, n);
  for (guint round = 0; round < self->n_rounds; round++)
    {
      gint64 began = g_get_monotonic_time ();

      if (bring ((guintptr) self->memory, host, n) != 0)
        break;
      best = MAX (best, (double) n / MAX (g_get_monotonic_time () - began, 1) * 1e6);
    }
  give_back (host);
  return best;
}

/* A page of random bytes, doubled until it is everywhere. */
static void
fill (Speed *self, guint8 *host, gsize n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (gsize i = 0; i + 4 <= n; i += 4)
    {
      guint32 word = g_rand_int (rand);

      for (guint k = 0; k < 4; k++)
        host[i + k] = (guint8) (word >> 8 * k);
    }
  if (!upload (self, host, n))
    fail (self, "uploading");
  for (gsize done = n; done < self->n_memory; done += n)
    if (!self->module->copy (self->device, self->memory + done, self->memory, MIN (n, self->n_memory - done)))
      fail (self, "copying");
}

static void
print_moves (Speed *self, guint8 *host, gsize n_host)
{
  const gsize half = self->n_memory / 2 / 256 * 256;

  /* Read and written, as bandwidth is counted. */
  printf ("  \"copy_gb_per_s\": %.2f,\n", 2.0 * (double) half / time_move (self, copy, NULL, half) / 1e9);
  printf ("  \"bus_gb_per_s\": %.2f,\n", measure_bus (self, n_host) / 1e9);
  printf ("  \"upload_gb_per_s\": %.2f,\n", (double) n_host / time_move (self, upload, host, n_host) / 1e9);
  printf ("  \"download_gb_per_s\": %.2f,\n", (double) n_host / time_move (self, download, host, n_host) / 1e9);
}

/* --- Kernels --- */

static gpointer
take (Speed *self, gsize n_bytes)
{
  gpointer taken = self->scratch + self->taken;

  self->taken += (n_bytes + 255) / 256 * 256;
  if (self->taken > self->n_scratch)
    fail (self, "too little scratch memory");
  return taken;
}

static void
print_kernel (Speed *self, const char *what, double seconds, gsize bytes, double operations)
{
  printf ("%s    {\"kernel\": \"%s\", \"us\": %.2f, \"gb_per_s\": %.1f, \"tera_operations_per_s\": %.2f}",
          self->is_first ? "\n" : ",\n", what, seconds * 1e6, (double) bytes / seconds / 1e9, operations / seconds / 1e12);
  fflush (stdout);
  self->is_first = FALSE;
}

typedef struct {
  SottoCudaMultiply multiply;
  guint n_copies;
} Products;

static gboolean
run_products (Speed *self, gconstpointer data)
{
  const Products *products_ = data;
  SottoCudaMultiply m = products_->multiply;

  for (guint i = 0; i < products_->n_copies; i++)
    {
      m.weight.data = self->memory + i * m.weight.matrix_bytes;
      if (!self->module->multiply (self->device, &m))
        return FALSE;
    }
  return TRUE;
}

static void
time_product (Speed *self, const Product *p)
{
  const guint n_padded = (p->n_columns + 255) / 256 * 256;
  const gsize n = (gsize) p->n_tokens * n_padded;
  g_autofree char *what = g_strdup_printf ("%s %u x %u, %u rows", p->name, p->n_columns, p->n_rows, p->n_tokens);
  SottoCudaOperand x = { .n_rows = p->n_tokens, .n_columns = p->n_columns, .n_columns_padded = n_padded,
                         .values_stride = n_padded };
  Products run;

  self->taken = 0;
  x.values = take (self, n * sizeof (float));
  if (p->n_tokens > SOTTO_CUDA_FEW)
    {
      x.halves = take (self, (n + (SOTTO_CUDA_HALVES_ROWS - 1) * n_padded) * sizeof (guint16));
      x.row_scales = take (self, p->n_tokens * sizeof (float));
    }
  else
    {
      x.high = take (self, n);
      x.low = take (self, n);
      x.scales = take (self, n / 32 * sizeof (float));
      x.sums = take (self, n / 32 * sizeof (float));
    }
  if (!self->module->clear (self->device, (gpointer) x.values, n * sizeof (float))
      || !self->module->quantise (self->device, &x))
    fail (self, what);

  run.multiply = (SottoCudaMultiply) { .x = x, .y_stride = p->n_rows, .n_rows = p->n_tokens, .rows_per_x = 1,
                                       .scale = 1.0f };
  run.multiply.y = take (self, (gsize) p->n_tokens * p->n_rows * sizeof (float));
  run.multiply.weight = (SottoCudaWeight) { .type = p->type, .n_columns = p->n_columns, .n_rows = p->n_rows,
                                            .n_matrices = 1 };
  run.multiply.weight.row_bytes = sotto_cuda_layout_row_bytes (p->type, p->n_columns);
  run.multiply.weight.matrix_bytes = run.multiply.weight.row_bytes * p->n_rows;
  run.n_copies = (guint) MIN (self->n_memory / run.multiply.weight.matrix_bytes, self->is_rehearsal ? 1 : 64);
  if (run.n_copies == 0 || (self->is_rehearsal && n * p->n_rows > MOST_REHEARSED))
    return;
  print_kernel (self, what, measure (self, what, run_products, &run) / run.n_copies, run.multiply.weight.matrix_bytes,
                2.0 * p->n_columns * p->n_rows * p->n_tokens);
}

typedef struct {
  SottoCudaAttend attend;
  SottoCudaCache cache;
  guint n_copies;
} Attentions;

static gboolean
run_attentions (Speed *self, gconstpointer data)
{
  const Attentions *run = data;
  SottoCudaAttend a = run->attend;
  SottoCudaCache cache = run->cache;
  const gsize half = cache.n_heads * (gsize) cache.capacity * cache.key_bytes;

  a.cache = &cache;
  for (guint i = 0; i < run->n_copies; i++)
    {
      cache.keys = self->memory + 2 * i * half;
      cache.values = cache.keys + half;
      if (!self->module->attend (self->device, &a))
        return FALSE;
    }
  return TRUE;
}

static void
time_attention (Speed *self, const Attention *p)
{
  g_autofree char *what = g_strdup_printf ("attention of %u to %u heads of %u, %u rows behind %u", p->n_heads,
                                           p->n_kv_heads, p->n_head, p->n_rows, p->position);
  const gsize n = (gsize) p->n_rows * p->n_heads * p->n_head;
  const guint n_seen = p->position + p->n_rows;
  SottoAttendStep step = { .n_heads = p->n_heads, .mask = SOTTO_MASK_CAUSAL, .scale = 0.1f };
  Attentions run = { .cache = { .type = SOTTO_KV_F16, .n_heads = p->n_kv_heads, .n_key = p->n_head,
                                .n_value = p->n_head, .capacity = N_CACHED, .key_bytes = p->n_head * 2u,
                                .value_bytes = p->n_head * 2u } };
  const gsize both = 2 * run.cache.n_heads * (gsize) run.cache.capacity * run.cache.key_bytes;
  guint32 *position;
  float *queries;

  self->taken = 0;
  position = take (self, sizeof *position);
  queries = take (self, n * sizeof *queries);
  run.attend = (SottoCudaAttend) { .queries = queries, .n_rows = p->n_rows, .position = position,
                                   .n_positions_most = n_seen, .cache = &run.cache, .step = &step };
  run.attend.attended = take (self, n * sizeof (float));
  run.attend.partials = take (self, self->module->attend_partial_floats (&run.attend) * sizeof (float));
  run.n_copies = (guint) MIN (self->n_memory / both, self->is_rehearsal ? 1 : 8);
  if (run.n_copies == 0 || (self->is_rehearsal && (gsize) n * n_seen > MOST_REHEARSED))
    return;
  if (!self->module->upload (self->device, position, &p->position, sizeof *position)
      || !self->module->clear (self->device, queries, n * sizeof *queries))
    fail (self, what);
  print_kernel (self, what, measure (self, what, run_attentions, &run) / run.n_copies,
                2 * (gsize) p->n_kv_heads * n_seen * run.cache.key_bytes,
                4.0 * p->n_heads * p->n_head * p->n_rows * (p->position + 0.5 * (p->n_rows + 1)));
}

static gboolean
run_norms (Speed *self, gconstpointer data)
{
  for (guint i = 0; i < N_LAUNCHES; i++)
    if (!self->module->norm (self->device, data))
      return FALSE;
  return TRUE;
}

/* One after the other, each on a single row: what a phase costs that does nothing. */
static void
time_launch (Speed *self)
{
  SottoCudaNorm norm = { .norm = { .kind = SOTTO_NORM_RMS, .epsilon = 1e-6f }, .n_rows = 1, .n_pieces = 1,
                         .n_columns = 4096, .x_stride = 4096, .y_stride = 4096 };

  self->taken = 0;
  norm.x = norm.y = take (self, 4096 * sizeof (float));
  if (!self->module->clear (self->device, norm.y, 4096 * sizeof (float)))
    fail (self, "norm");
  print_kernel (self, "norm of 4096, one after the other", measure (self, "norm", run_norms, &norm) / N_LAUNCHES,
                2 * 4096 * sizeof (float), 0);
}

/* --- As a smaller device --- */

#define PIECE ((guint64) 64 << 20)

static void
leave (const Speed *self, guint64 n_left)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new ();
  guint64 n_free = 0, n_all = 0;
  void *piece;

  while (self->module->measure (self->device, &n_free, &n_all) && n_free >= n_left + PIECE
         && (piece = self->module->allocate (self->device, PIECE)) != NULL)
    g_ptr_array_add (taken, piece);
  printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes are left\n", n_free, n_all);
  fflush (stdout);
  while (getchar () != EOF)
    ;
  for (guint i = 0; i < taken->len; i++)
    self->module->release (self->device, taken->pdata[i]);
}

/* --- */

static void
print_all (Speed *self, const SottoCudaDeviceInfo *info)
{
  const gsize n_host = MIN (self->n_memory / 2, (gsize) 256 << 20);
  g_autofree guint8 *host = g_malloc (n_host);

  fill (self, host, n_host);
  printf ("{\n  \"device\": \"%s\",\n  \"capability\": \"%u.%u\",\n  \"multiprocessors\": %u,\n"
          "  \"memory\": %" G_GUINT64_FORMAT ",\n  \"driver\": %u,\n  \"toolkit\": %u,\n",
          info->name, info->major, info->minor, info->n_multiprocessors, info->memory, self->module->driver (),
          self->module->toolkit);
  print_moves (self, host, n_host);
  printf ("  \"kernels\": [");
  self->is_first = TRUE;
  time_launch (self);
  for (guint i = 0; i < G_N_ELEMENTS (products); i++)
    time_product (self, &products[i]);
  for (guint i = 0; i < G_N_ELEMENTS (attentions); i++)
    time_attention (self, &attentions[i]);
  printf ("\n  ]\n}\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoCudaLibrary) library = sotto_cuda_library_open (&error);
  gboolean leaves = argc > 2 && g_str_equal (argv[1], "--leave");
  guint64 n_mib = argc > 1 ? g_ascii_strtoull (argv[argc - 1], NULL, 10) : 1024;
  char message[256] = "";
  Speed self = { 0 };

  if (library == NULL)
    {
      fprintf (stderr, "device-speed: %s\n", error->message);
      return 1;
    }
  self.module = library->module;
  self.is_rehearsal = self.module->toolkit == 0;
  self.n_rounds = self.is_rehearsal ? 1 : N_ROUNDS;
  self.device = self.module->open (library->devices[0].index, message);
  if (self.device == NULL)
    {
      fprintf (stderr, "device-speed: %s\n", message);
      return 1;
    }
  if (leaves)
    {
      leave (&self, n_mib << 20);
      self.module->close (self.device);
      return 0;
    }
  self.n_memory = n_mib << 20;
  self.n_scratch = (gsize) 512 << 20;
  self.memory = self.module->allocate (self.device, self.n_memory);
  self.scratch = self.module->allocate (self.device, self.n_scratch);
  if (self.memory == NULL || self.scratch == NULL)
    fail (&self, "there is too little memory");
  print_all (&self, &library->devices[0].info);
  self.module->release (self.device, self.memory);
  self.module->release (self.device, self.scratch);
  self.module->close (self.device);
  return 0;
}
