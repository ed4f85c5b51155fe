/* The GGUF reader: what is well-formed is read, and every class of malformed file is refused with its
 * error. (Files as such: test-gguf-file.c.) */

#include "format/gguf.h"
#include "gguf-writer.h"
#include "sotto-error.h"

#include <string.h>

static const char file_name[] = "/models/some file.gguf";

/* A small valid file with one value of every kind and three tensors. */
static GgufWriter *
make_valid (void)
{
  static const char *const strings[] = { "one", "", "trzy" };
  static const gint32 numbers[] = { -1, 2, G_MAXINT32 };
  static const guint8 int8_value[] = { 0xff };
  static const guint8 uint16_value[] = { 0x34, 0x12 };
  static const guint8 uint64_value[] = { 1, 0, 0, 0, 0, 0, 0, 0x80 };
  static const guint8 float64_value[] = { 0, 0, 0, 0, 0, 0, 0xf8, 0x3f };
  float row[4] = { 1, 2, 3, 4 };
  GgufWriter *writer = gguf_writer_new ();

  gguf_writer_add_string (writer, "general.architecture", "llama");
  gguf_writer_add_uint32 (writer, "a.uint32", 77);
  gguf_writer_add_float (writer, "a.float", 0.25f);
  gguf_writer_add_bool (writer, "a.bool", TRUE);
  gguf_writer_add_strings (writer, "a.strings", strings, G_N_ELEMENTS (strings));
  gguf_writer_add_int32s (writer, "a.numbers", numbers, G_N_ELEMENTS (numbers));
  gguf_writer_add_raw (writer, "a.int8", SOTTO_GGUF_INT8, int8_value, 1);
  gguf_writer_add_raw (writer, "a.uint16", SOTTO_GGUF_UINT16, uint16_value, 2);
  gguf_writer_add_raw (writer, "a.uint64", SOTTO_GGUF_UINT64, uint64_value, 8);
  gguf_writer_add_raw (writer, "a.float64", SOTTO_GGUF_FLOAT64, float64_value, 8);
  gguf_writer_add_tensor (writer, "norm", SOTTO_BLOCK_F32, 4, 1, row);
  gguf_writer_add_tensor (writer, "matrix", SOTTO_BLOCK_Q4_0, 64, 3, NULL);
  gguf_writer_add_tensor (writer, "half", SOTTO_BLOCK_F16, 5, 2, NULL);
  return writer;
}

static void
test_values (void)
{
  g_autoptr (GgufWriter) writer = make_valid ();
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, file_name, &error);
  g_autofree char *family = NULL;
  const SottoGgufValue *strings, *numbers;
  SottoGgufString last;

  g_assert_no_error (error);
  g_assert_cmpuint (sotto_gguf_get_version (gguf), ==, 3);
  g_assert_cmpuint (sotto_gguf_get_n_values (gguf), ==, 10);
  g_assert_cmpstr (sotto_gguf_get_value (gguf, 1)->key, ==, "a.uint32");
  g_assert_cmpuint (sotto_gguf_get_file_bytes (gguf), ==, g_bytes_get_size (bytes));

  family = sotto_gguf_dup_string (gguf, "general.architecture");
  g_assert_cmpstr (family, ==, "llama");
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.uint32", 1), ==, 77);
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.uint16", 1), ==, 0x1234);
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.uint64", 1), ==, G_GUINT64_CONSTANT (0x8000000000000001));
  g_assert_cmpfloat (sotto_gguf_get_float (gguf, "a.float", 0), ==, 0.25);
  g_assert_cmpfloat (sotto_gguf_get_float (gguf, "a.float64", 0), ==, 1.5);
  g_assert_cmpfloat (sotto_gguf_get_float (gguf, "a.uint32", 0), ==, 77);
  g_assert_true (sotto_gguf_get_bool (gguf, "a.bool", FALSE));

  /* Missing, negative, or of another kind: the fallback. */
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "missing", 5), ==, 5);
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.int8", 5), ==, 5);
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.float", 5), ==, 5);
  g_assert_cmpuint (sotto_gguf_get_uint (gguf, "a.numbers", 5), ==, 5);
  g_assert_cmpfloat (sotto_gguf_get_float (gguf, "a.strings", 0.5), ==, 0.5);
  g_assert_true (sotto_gguf_get_bool (gguf, "a.uint32", TRUE));
  g_assert_null (sotto_gguf_dup_string (gguf, "a.strings"));

  strings = sotto_gguf_lookup (gguf, "a.strings");
  g_assert_cmpuint (strings->n_elements, ==, 3);
  g_assert_cmpuint (sotto_gguf_value_string (strings, 1).length, ==, 0);
  last = sotto_gguf_value_string (strings, 2);
  g_assert_cmpmem (last.data, last.length, "trzy", 4);

  numbers = sotto_gguf_lookup (gguf, "a.numbers");
  g_assert_cmpfloat (sotto_gguf_value_number (numbers, 0), ==, -1);
  g_assert_cmpfloat (sotto_gguf_value_number (numbers, 2), ==, G_MAXINT32);
  g_assert_cmpfloat (sotto_gguf_value_number (sotto_gguf_lookup (gguf, "a.int8"), 0), ==, -1);
}

static void
test_tensors (void)
{
  g_autoptr (GgufWriter) writer = make_valid ();
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, file_name, &error);
  const SottoGgufTensor *norm, *matrix, *half;

  g_assert_no_error (error);
  g_assert_cmpuint (sotto_gguf_get_n_tensors (gguf), ==, 3);
  norm = sotto_gguf_lookup_tensor (gguf, "norm");
  g_assert_true (norm == sotto_gguf_get_tensor (gguf, 0));
  g_assert_cmpuint (norm->n_dimensions, ==, 1);
  g_assert_cmpuint (norm->n_bytes, ==, 16);
  g_assert_cmpfloat (((const float *) norm->data)[2], ==, 3);

  matrix = sotto_gguf_lookup_tensor (gguf, "matrix");
  g_assert_cmpuint (matrix->shape[0], ==, 64);
  g_assert_cmpuint (matrix->shape[1], ==, 3);
  g_assert_cmpuint (matrix->shape[3], ==, 1);
  g_assert_cmpuint (matrix->n_bytes, ==, 3 * 2 * 18);
  g_assert_cmpuint (matrix->offset % 32, ==, 0);

  half = sotto_gguf_lookup_tensor (gguf, "half");
  g_assert_cmpuint (half->n_bytes, ==, 20);
  g_assert_cmpuint (half->offset + half->n_bytes, ==, g_bytes_get_size (bytes));
  g_assert_null (sotto_gguf_lookup_tensor (gguf, "nor"));
}

/* --- Malformed files --- */

static void
bad_magic (GgufWriter *writer, GByteArray *file)
{
  file->data[3] = 'f';
}

static void
bad_version (GgufWriter *writer, GByteArray *file)
{
  file->data[4] = 4;
}

static void
bad_big_endian (GgufWriter *writer, GByteArray *file)
{
  memcpy (file->data + 4, "\0\0\0\3", 4);
}

static void
bad_value_count (GgufWriter *writer, GByteArray *file)
{
  memset (file->data + 16, 0xff, 8);
}

static void
bad_tensor_count (GgufWriter *writer, GByteArray *file)
{
  memset (file->data + 8, 0xff, 8);
}

static void
bad_many_values (GgufWriter *writer, GByteArray *file)
{
  /* Within the bound on values, beyond what the rest of the file can hold. */
  file->data[17] = 0xf0;
}

static void
bad_many_tensors (GgufWriter *writer, GByteArray *file)
{
  file->data[10] = 0x0f;
}

static void
bad_key_length (GgufWriter *writer, GByteArray *file)
{
  memset (file->data + 24, 0xff, 8);
}

static void
bad_empty_key (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "", 1);
}

static void
bad_key_utf8 (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "key\xff", 1);
}

/* A NUL would make another key of it for who reads C strings. */
static void
bad_key_nul (GgufWriter *writer, GByteArray *file)
{
  file->data[24 + 8 + 3] = '\0';
}

/* A key of 64 KiB: no honest one comes near. */
static void
bad_key_long (GgufWriter *writer)
{
  g_autofree char *key = g_strnfill (65536, 'k');

  gguf_writer_add_uint32 (writer, key, 1);
}

static void
bad_value_type (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "strange", 13, "\0\0\0\0", 4);
}

static void
bad_bool (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "flag", SOTTO_GGUF_BOOL, "\2", 1);
}

static void
bad_string_bomb (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "bomb", SOTTO_GGUF_STRING, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

/* Added to where it stands, this length comes out before it. */
static void
bad_string_wrap (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "bomb", SOTTO_GGUF_STRING, "\x80\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void
bad_string_in_array (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "array", SOTTO_GGUF_ARRAY,
                       "\x8\0\0\0\1\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 20);
}

static void
bad_string_end (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "long", SOTTO_GGUF_STRING, "\0\0\1\0\0\0\0\0", 8);
}

static void
bad_nested_array (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "nested", SOTTO_GGUF_ARRAY, "\x9\0\0\0\1\0\0\0\0\0\0\0", 12);
}

static void
bad_array_type (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "array", SOTTO_GGUF_ARRAY, "\xd\0\0\0\0\0\0\0\0\0\0\0", 12);
}

static void
bad_array_count (GgufWriter *writer)
{
  /* 2^61 elements of 8 bytes: the product is 0 modulo 2^64. */
  gguf_writer_add_raw (writer, "array", SOTTO_GGUF_ARRAY, "\xa\0\0\0\0\0\0\0\0\0\0\x20", 12);
}

static void
bad_array_minus_one (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "array", SOTTO_GGUF_ARRAY,
                       "\x4\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12);
}

/* Arrays in arrays in arrays, as many as stand in 64 KiB: refused at the first, not walked into. */
static void
bad_recursion (GgufWriter *writer)
{
  g_autoptr (GByteArray) levels = g_byte_array_new ();

  for (guint i = 0; i < 5000; i++)
    g_byte_array_append (levels, (const guint8 *) "\x9\0\0\0\1\0\0\0\0\0\0\0", 12);
  gguf_writer_add_raw (writer, "nested", SOTTO_GGUF_ARRAY, levels->data, levels->len);
}

static void
bad_string_array_count (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "array", SOTTO_GGUF_ARRAY, "\x8\0\0\0\0\0\0\0\0\0\0\x80", 12);
}

static void
bad_duplicate_key (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "a.uint32", 78);
}

static void
bad_alignment_zero (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "general.alignment", 0);
}

static void
bad_alignment_odd (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "general.alignment", 24);
}

static void
bad_alignment_huge (GgufWriter *writer)
{
  gguf_writer_add_uint32 (writer, "general.alignment", 1u << 31);
}

static void
bad_alignment_type (GgufWriter *writer)
{
  gguf_writer_add_string (writer, "general.alignment", "32");
}

static void
bad_split (GgufWriter *writer)
{
  gguf_writer_add_raw (writer, "split.count", SOTTO_GGUF_UINT16, "\3\0", 2);
}

static void
add_tensor (GgufWriter *writer, guint32 type, guint32 n, guint64 a, guint64 b, guint64 c, guint64 offset)
{
  const guint64 shape[5] = { a, b, c, 1, 1 };

  gguf_writer_add_raw_tensor (writer, "bad", type, n, shape, offset);
}

static void
bad_dimensions (GgufWriter *writer)
{
  add_tensor (writer, 0, 5, 1, 1, 1, 1024);
}

static void
bad_many_dimensions (GgufWriter *writer)
{
  add_tensor (writer, 0, 1, 1, 1, 1, 1024);
}

/* 2^32 - 1 of them: their number stands behind the tensor's name. */
static void
spoil_many_dimensions (GgufWriter *writer, GByteArray *file)
{
  guint8 *name = memmem (file->data, file->len, "\3\0\0\0\0\0\0\0bad", 11);

  memset (name + 11, 0xff, 4);
}

static void
bad_no_dimensions (GgufWriter *writer)
{
  add_tensor (writer, 0, 0, 1, 1, 1, 1024);
}

static void
bad_block_type (GgufWriter *writer)
{
  add_tensor (writer, 77, 1, 32, 1, 1, 1024);
}

static void
bad_given_up_type (GgufWriter *writer)
{
  add_tensor (writer, 4, 1, 32, 1, 1, 1024);
}

static void
bad_empty_tensor (GgufWriter *writer)
{
  add_tensor (writer, 0, 2, 32, 0, 1, 1024);
}

static void
bad_minus_one (GgufWriter *writer)
{
  add_tensor (writer, 0, 2, G_MAXUINT64, 1, 1, 1024);
}

static void
bad_block_type_huge (GgufWriter *writer)
{
  add_tensor (writer, G_MAXUINT32, 1, 32, 1, 1, 1024);
}

static void
bad_tensor_name (GgufWriter *writer)
{
  gguf_writer_add_raw_tensor (writer, "na\xc3me", 0, 1, &(guint64) { 1 }, 1024);
}

static void
bad_product (GgufWriter *writer)
{
  /* 2^32 × 2^32 elements: 0 modulo 2^64. */
  add_tensor (writer, 0, 2, G_GUINT64_CONSTANT (1) << 32, G_GUINT64_CONSTANT (1) << 32, 1, 1024);
}

static void
bad_bytes (GgufWriter *writer)
{
  /* 2^62 elements of 4 bytes: the number of elements fits, the bytes do not. */
  add_tensor (writer, 0, 2, G_GUINT64_CONSTANT (1) << 31, G_GUINT64_CONSTANT (1) << 31, 1, 1024);
}

static void
bad_row (GgufWriter *writer)
{
  add_tensor (writer, SOTTO_BLOCK_Q4_0, 1, 33, 1, 1, 1024);
}

static void
bad_misaligned (GgufWriter *writer)
{
  add_tensor (writer, 0, 1, 1, 1, 1, 1025);
}

static void
bad_offset (GgufWriter *writer)
{
  add_tensor (writer, 0, 1, 8, 1, 1, G_MAXUINT64 - 31);
}

static void
bad_offset_behind (GgufWriter *writer)
{
  add_tensor (writer, 0, 1, 8, 1, 1, 1 << 20);
}

/* Each fits into 64 bits, and both do not. */
static void
bad_sum (GgufWriter *writer)
{
  const guint64 shape[] = { G_GUINT64_CONSTANT (1) << 60 };

  add_tensor (writer, 0, 1, shape[0], 1, 1, 128);
  gguf_writer_add_raw_tensor (writer, "worse", 0, 1, shape, 4 * shape[0]);
}

static void
bad_overlap (GgufWriter *writer)
{
  add_tensor (writer, 0, 1, 8, 1, 1, 32);
}

static void
bad_duplicate_tensor (GgufWriter *writer)
{
  gguf_writer_add_tensor (writer, "norm", SOTTO_BLOCK_F32, 8, 1, NULL);
}

typedef struct {
  const char *name;
  SottoEngineError code;
  void (*add) (GgufWriter *writer);                      /* before it is written */
  void (*spoil) (GgufWriter *writer, GByteArray *file);  /* afterwards */
  const char *subject;                                   /* what the error is about */
} BadFile;

static const BadFile bad_files[] = {
  { "magic", SOTTO_ENGINE_ERROR_NOT_GGUF, NULL, bad_magic, NULL },
  { "version", SOTTO_ENGINE_ERROR_VERSION, NULL, bad_version, NULL },
  { "big-endian", SOTTO_ENGINE_ERROR_VERSION, NULL, bad_big_endian, NULL },
  { "value-count", SOTTO_ENGINE_ERROR_MALFORMED, NULL, bad_value_count, "metadata" },
  { "tensor-count", SOTTO_ENGINE_ERROR_MALFORMED, NULL, bad_tensor_count, "tensors" },
  { "many-values", SOTTO_ENGINE_ERROR_TRUNCATED, NULL, bad_many_values, "metadata" },
  { "many-tensors", SOTTO_ENGINE_ERROR_TRUNCATED, NULL, bad_many_tensors, "tensors" },
  { "key-length", SOTTO_ENGINE_ERROR_MALFORMED, NULL, bad_key_length, "key" },
  { "empty-key", SOTTO_ENGINE_ERROR_MALFORMED, bad_empty_key, NULL, "key" },
  { "key-utf8", SOTTO_ENGINE_ERROR_MALFORMED, bad_key_utf8, NULL, "key" },
  { "key-nul", SOTTO_ENGINE_ERROR_MALFORMED, NULL, bad_key_nul, "key" },
  { "key-long", SOTTO_ENGINE_ERROR_MALFORMED, bad_key_long, NULL, "key" },
  { "value-type", SOTTO_ENGINE_ERROR_MALFORMED, bad_value_type, NULL, "strange" },
  { "bool", SOTTO_ENGINE_ERROR_MALFORMED, bad_bool, NULL, "flag" },
  { "string-bomb", SOTTO_ENGINE_ERROR_MALFORMED, bad_string_bomb, NULL, "bomb" },
  { "string-wrap", SOTTO_ENGINE_ERROR_MALFORMED, bad_string_wrap, NULL, "bomb" },
  { "string-in-array", SOTTO_ENGINE_ERROR_MALFORMED, bad_string_in_array, NULL, "array" },
  { "string-end", SOTTO_ENGINE_ERROR_TRUNCATED, bad_string_end, NULL, "long" },
  { "nested-array", SOTTO_ENGINE_ERROR_MALFORMED, bad_nested_array, NULL, "nested" },
  { "recursion", SOTTO_ENGINE_ERROR_MALFORMED, bad_recursion, NULL, "nested" },
  { "array-minus-one", SOTTO_ENGINE_ERROR_MALFORMED, bad_array_minus_one, NULL, "array" },
  { "array-type", SOTTO_ENGINE_ERROR_MALFORMED, bad_array_type, NULL, "array" },
  { "array-count", SOTTO_ENGINE_ERROR_MALFORMED, bad_array_count, NULL, "array" },
  { "string-array-count", SOTTO_ENGINE_ERROR_MALFORMED, bad_string_array_count, NULL, "array" },
  { "duplicate-key", SOTTO_ENGINE_ERROR_MALFORMED, bad_duplicate_key, NULL, "a.uint32" },
  { "alignment-zero", SOTTO_ENGINE_ERROR_MALFORMED, bad_alignment_zero, NULL, "general.alignment" },
  { "alignment-odd", SOTTO_ENGINE_ERROR_MALFORMED, bad_alignment_odd, NULL, "general.alignment" },
  { "alignment-huge", SOTTO_ENGINE_ERROR_MALFORMED, bad_alignment_huge, NULL, "general.alignment" },
  { "alignment-type", SOTTO_ENGINE_ERROR_MALFORMED, bad_alignment_type, NULL, "general.alignment" },
  { "split", SOTTO_ENGINE_ERROR_SPLIT, bad_split, NULL, NULL },
  { "dimensions", SOTTO_ENGINE_ERROR_MALFORMED, bad_dimensions, NULL, "bad" },
  { "many-dimensions", SOTTO_ENGINE_ERROR_MALFORMED, bad_many_dimensions, spoil_many_dimensions,
    "bad" },
  { "no-dimensions", SOTTO_ENGINE_ERROR_MALFORMED, bad_no_dimensions, NULL, "bad" },
  { "block-type", SOTTO_ENGINE_ERROR_BLOCK_TYPE, bad_block_type, NULL, "type 77" },
  { "given-up-type", SOTTO_ENGINE_ERROR_BLOCK_TYPE, bad_given_up_type, NULL, "type 4" },
  { "block-type-huge", SOTTO_ENGINE_ERROR_BLOCK_TYPE, bad_block_type_huge, NULL, "type 4294967295" },
  { "tensor-name", SOTTO_ENGINE_ERROR_MALFORMED, bad_tensor_name, NULL, "tensor name" },
  { "minus-one", SOTTO_ENGINE_ERROR_MALFORMED, bad_minus_one, NULL, "bad" },
  { "empty-tensor", SOTTO_ENGINE_ERROR_MALFORMED, bad_empty_tensor, NULL, "bad" },
  { "product", SOTTO_ENGINE_ERROR_MALFORMED, bad_product, NULL, "bad" },
  { "bytes", SOTTO_ENGINE_ERROR_MALFORMED, bad_bytes, NULL, "bad" },
  { "row", SOTTO_ENGINE_ERROR_MALFORMED, bad_row, NULL, "bad" },
  { "misaligned", SOTTO_ENGINE_ERROR_MALFORMED, bad_misaligned, NULL, "bad" },
  { "offset", SOTTO_ENGINE_ERROR_MALFORMED, bad_offset, NULL, "bad" },
  { "offset-behind", SOTTO_ENGINE_ERROR_TRUNCATED, bad_offset_behind, NULL, "tensor data" },
  { "sum", SOTTO_ENGINE_ERROR_MALFORMED, bad_sum, NULL, "worse" },
  { "overlap", SOTTO_ENGINE_ERROR_MALFORMED, bad_overlap, NULL, NULL },
  { "duplicate-tensor", SOTTO_ENGINE_ERROR_MALFORMED, bad_duplicate_tensor, NULL, "norm" },
};

static void
test_malformed (gconstpointer data)
{
  const BadFile *bad = data;
  g_autoptr (GgufWriter) writer = make_valid ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GByteArray) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  const SottoErrorArguments *arguments;

  if (bad->add != NULL)
    bad->add (writer);
  file = g_bytes_unref_to_array (gguf_writer_finish (writer));
  if (bad->spoil != NULL)
    bad->spoil (writer, file);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&file));

  gguf = sotto_gguf_parse (bytes, file_name, &error);
  g_assert_error (error, SOTTO_ENGINE_ERROR, (int) bad->code);
  g_assert_null (gguf);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, file_name));

  arguments = sotto_engine_error_get_arguments (error);
  g_assert_cmpstr (arguments->path, ==, file_name);
  if (bad->subject != NULL)
    g_assert_cmpstr (arguments->subject, ==, bad->subject);
}

/* Cut anywhere, a file is truncated and says how many bytes it lacks. */
static void
test_truncated (void)
{
  g_autoptr (GgufWriter) writer = make_valid ();
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);
  gsize length = g_bytes_get_size (bytes);

  for (gsize cut = 0; cut < length; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, 0, cut);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoGguf) gguf = sotto_gguf_parse (part, file_name, &error);

      g_assert_null (gguf);
      if (cut < 4)
        {
          g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_NOT_GGUF);
          continue;
        }
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TRUNCATED);
      g_assert_cmpuint (sotto_engine_error_get_arguments (error)->available, ==, cut);
      g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, >, cut);
      g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, <=, length);
    }
}

static void
test_versions_and_alignment (void)
{
  for (guint version = 2; version <= 3; version++)
    {
      g_autoptr (GgufWriter) writer = make_valid ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (SottoGguf) gguf = NULL;
      g_autoptr (GError) error = NULL;

      gguf_writer_set_version (writer, version);
      gguf_writer_add_uint32 (writer, "general.alignment", 8);
      bytes = gguf_writer_finish (writer);
      gguf = sotto_gguf_parse (bytes, file_name, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (sotto_gguf_get_version (gguf), ==, version);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/gguf/values", test_values);
  g_test_add_func ("/gguf/tensors", test_tensors);
  g_test_add_func ("/gguf/versions-and-alignment", test_versions_and_alignment);
  g_test_add_func ("/gguf/truncated", test_truncated);
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++)
    {
      g_autofree char *name = g_strconcat ("/gguf/malformed/", bad_files[i].name, NULL);

      g_test_add_data_func (name, &bad_files[i], test_malformed);
    }

  return g_test_run ();
}
