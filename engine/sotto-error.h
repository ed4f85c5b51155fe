#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoEngineError:
 *
 * What can go wrong in the engine. The message of the #GError is a technical sentence in English for
 * logs and the command line; a person gets a sentence made from the code and its arguments
 * (sotto_engine_error_get_arguments()) in their own language.
 *
 * The arguments that a code fills in stand beside it.
 */
typedef enum {
  SOTTO_ENGINE_ERROR_CANCELLED,       /* - */
  SOTTO_ENGINE_ERROR_OPEN,            /* path, subject: what the system said */
  SOTTO_ENGINE_ERROR_NOT_GGUF,        /* path */
  SOTTO_ENGINE_ERROR_VERSION,         /* path, wanted: the file's version */
  SOTTO_ENGINE_ERROR_TRUNCATED,       /* path, wanted: bytes needed, available: bytes there */
  SOTTO_ENGINE_ERROR_MALFORMED,       /* path, subject: which part of the file */
  SOTTO_ENGINE_ERROR_SPLIT,           /* path: the part that is missing or wrong, wanted: all parts */
  SOTTO_ENGINE_ERROR_CHANGED,         /* path: the file changed under its mapping */
  SOTTO_ENGINE_ERROR_FAMILY,          /* path, subject: the family's name */
  SOTTO_ENGINE_ERROR_BLOCK_TYPE,      /* path, subject: the block type's name or number */
  SOTTO_ENGINE_ERROR_TOKENIZER,       /* path, subject: the tokenizer or pre-tokenizer */
  SOTTO_ENGINE_ERROR_TENSOR,          /* path, subject: the tensor that is missing or has a wrong shape */
  SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, /* subject: what, wanted: line */
  SOTTO_ENGINE_ERROR_TEMPLATE_RAISED, /* subject: the template's own message */
  SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT,  /* subject: which bound (steps, depth, output, time) */
  SOTTO_ENGINE_ERROR_MESSAGES,        /* subject: what is wrong with the JSON messages */
  SOTTO_ENGINE_ERROR_MEMORY,          /* wanted, available: bytes */
  SOTTO_ENGINE_ERROR_CONTEXT,         /* wanted: tokens of the prompt, available: tokens of the context */
  SOTTO_ENGINE_ERROR_STATE,           /* subject: why saved state does not fit this model */
  SOTTO_ENGINE_ERROR_REQUEST,         /* subject: what is wrong with the request */
  SOTTO_ENGINE_ERROR_GRAMMAR,         /* subject: what is wrong with a grammar or JSON Schema; wanted: line, or 0 */
  SOTTO_ENGINE_ERROR_BACKEND,         /* subject: what the backend said */
  /* Why no GPU is used. subject: "module" (none is installed), "driver" (none, or too old), "device" (there is none),
   * "loading" (a part of the driver that CUDA needs is not loaded), "architecture" (path: the name of a GPU that no module has
   * code for), "wrong" (path: the name of a GPU that computes what is wrong), "model" (none can do what it asks), "lost" (all
   * have failed); wanted: the CUDA that the driver must run for some module, available: that it runs; 12040 is 12.4, 0 no
   * driver */
  SOTTO_ENGINE_ERROR_GPU,
} SottoEngineError;

#define SOTTO_ENGINE_ERROR (sotto_engine_error_quark ())
GQuark sotto_engine_error_quark (void);

/**
 * SottoErrorArguments:
 * @path: (nullable): the file concerned
 * @subject: (nullable): the thing concerned, as the code's comment says
 * @wanted: a number, as the code's comment says
 * @available: a number, as the code's comment says
 */
typedef struct {
  const char *path;
  const char *subject;
  guint64 wanted;
  guint64 available;
} SottoErrorArguments;

/**
 * sotto_engine_set_error:
 * @error: (out) (optional): where to put it
 * @code: which error
 * @arguments: (nullable): copied
 * @format: the technical sentence, printf style; names the file where there is one
 */
void sotto_engine_set_error (GError                    **error,
                             SottoEngineError            code,
                             const SottoErrorArguments  *arguments,
                             const char                 *format,
                             ...) G_GNUC_PRINTF (4, 5);

/**
 * sotto_engine_error_get_arguments:
 * @error: an error of the domain %SOTTO_ENGINE_ERROR
 *
 * Returns: (transfer none): its arguments, valid as long as @error
 */
const SottoErrorArguments *sotto_engine_error_get_arguments (const GError *error);

G_END_DECLS
