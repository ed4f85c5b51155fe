#pragma once

#include "text/pretokenize.h"

G_BEGIN_DECLS

/* The matchers that the table of pretokenize.c is made of; each stands with its expression in
 * pretokenize-match.c, -digits.c or -scripts.c. @at is before @end. */

gsize sotto_match_gpt2 (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_llama3 (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_gpt4o (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_deepseek3 (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_newline (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_line (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_number (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_three_digits (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_spaced (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_punctuation (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_east_asian (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_han_and_kana (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_bloom (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_phrase (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_thousands (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_free_thousands (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_before_thousands (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_cased (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_wide_punctuation (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_final_spaces (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_east_asian_parts (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_unspaced_scripts (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_sentinel (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_image (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_indentation (const SottoSplit *split, const guint8 *at, const guint8 *end);
gsize sotto_match_one_mark (const SottoSplit *split, const guint8 *at, const guint8 *end);

G_END_DECLS
