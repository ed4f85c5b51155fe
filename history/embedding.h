#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A vector as the table of embeddings has it
 *
 *   offset  bytes
 *   0       4     scale: float, little-endian
 *   4       n     a signed byte each; times the scale it is what the vector has there
 *
 * Rounding moves the cosine of two vectors of 384 by 0.0006 (root of the mean square), less than what tells neighbours apart. */

#define SOTTO_EMBEDDING_HEADER 4

/* Of a vector: what a sum of products of bytes and a question's numbers still takes */
#define SOTTO_EMBEDDING_MAX 8192

/**
 * sotto_embedding_pack:
 * @vector: (array length=n)
 * @n: up to %SOTTO_EMBEDDING_MAX
 *
 * Returns: (transfer full) (nullable): as bytes; %NULL: not all are numbers
 */
GBytes *sotto_embedding_pack (const float *vector, gsize n);

/**
 * SottoEmbeddingQuestion:
 *
 * What vectors are compared with.
 */
typedef struct {
  gsize n;
  float scale;
  gint16 values[SOTTO_EMBEDDING_MAX];
} SottoEmbeddingQuestion;

/**
 * sotto_embedding_question_new:
 *
 * Returns: (transfer full) (nullable): free with g_free(); %NULL: not all are numbers, or too many
 */
SottoEmbeddingQuestion *sotto_embedding_question_new (GBytes *vector);

/**
 * sotto_embedding_compare:
 * @packed: with as many bytes as @question has numbers
 *
 * Returns: their product, which is the cosine between vectors of length 1
 */
float sotto_embedding_compare (const SottoEmbeddingQuestion *question, const guint8 *packed);

/* The same of two that are packed, of @n numbers each */
float sotto_embedding_compare_both (const guint8 *a, const guint8 *b, gsize n);

G_END_DECLS
