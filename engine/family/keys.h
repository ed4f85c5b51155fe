#pragma once

#include "family/family.h"

G_BEGIN_DECLS

/* Reading the keys of a family out of a file's metadata: "NAME.key". All return %FALSE with an
 * error that names the key when it is missing or is nothing that can be; a value of another kind is
 * not passed over in silence. */
typedef struct {
  const SottoGguf *gguf;
  const SottoFamily *family;
  const char *name;        /* what the file calls the family */
  GError **error;
} SottoKeys;

/* No size that stands for elements of something comes near; products of two of them fit 64 bits. */
#define SOTTO_MAX_SIZE (1u << 26)

/* What is given as @fallback for a key that has to be there. */
#define SOTTO_KEY_REQUIRED G_MAXUINT

/* NULL: it is not there, by no name. */
const SottoGgufValue *sotto_keys_lookup (const SottoKeys *self, const char *key);

static inline gboolean
sotto_keys_has (const SottoKeys *self, const char *key)
{
  return sotto_keys_lookup (self, key) != NULL;
}

/* A whole number from @lowest to @highest. */
gboolean sotto_keys_read_size (const SottoKeys *self,
                               const char      *key,
                               guint            fallback,
                               guint            lowest,
                               guint            highest,
                               guint           *out);

/* The same, or a list of them with one for every layer. */
gboolean sotto_keys_read_layer_size (const SottoKeys *self,
                                     const char      *key,
                                     guint            layer,
                                     guint            fallback,
                                     guint            lowest,
                                     guint            highest,
                                     guint           *out);

/* A positive number, or @fallback. */
gboolean
sotto_keys_read_positive (const SottoKeys *self,
                                   const char      *key,
                                   double           fallback,
                                   double          *out);

/* A number that is not negative, or @fallback. */
gboolean
sotto_keys_read_number (const SottoKeys *self,
                                 const char      *key,
                                 double           fallback,
                                 double          *out);

/* A number for a layer, out of a list of them or one for all, that has to be there; @key begins with no family's name. */
gboolean
sotto_keys_read_layer_number (const SottoKeys *self, const char *key, guint layer, double *out);

gboolean
sotto_keys_read_flag (const SottoKeys *self,
                               const char      *key,
                               gboolean         fallback,
                               gboolean        *out);

/* (transfer full) (nullable) */
char *sotto_keys_dup_string (const SottoKeys *self, const char *key);

/* %FALSE with MALFORMED: "FILE: malformed: NAME.key @reason" */
gboolean sotto_keys_refuse (const SottoKeys *self, const char *key, const char *reason);

/* %FALSE with FAMILY: the family in a form that we do not know: "RoPE: sideways" */
gboolean sotto_keys_refuse_form (const SottoKeys *self, const char *form);

G_END_DECLS
