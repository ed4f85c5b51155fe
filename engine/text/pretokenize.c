/* Pre-tokenizers: which names stand for which steps, and going through the steps.
 *
 * To add a name, find the expression in the model's tokenizer.json and give the name to the rule
 * that has it; an expression that no rule has becomes a matcher in pretokenize-match.c or beside.
 * Where tokenizer.json has the normalizer NFC, the rule composes. */

#include <string.h>

#include "text/pretokenize-match.h"
#include "text/unicode.h"

#define GPT2 { sotto_match_gpt2, 0 }
#define LLAMA3(digits) { sotto_match_llama3, SOTTO_UNICODE_LETTER, digits, TRUE, .tail = "\r\n" }
#define GPT4O(digits) { sotto_match_gpt4o, 0, digits, TRUE, .tail = "\r\n/" }
#define DEEPSEEK3(newlines) { sotto_match_deepseek3, .tail = newlines }
#define DIGITS(digits) { sotto_match_number, 0, digits }

static const SottoPretokenizer pretokenizers[] = {
  {
    .names = " gpt-2 phi-2 jais trillion granite-docling gigachat a.x-4.0 mellum exaone4 jina-es "
             "jina-de jina-v2-es jina-v2-de ",
    .steps = { GPT2 },
  },
  {
    .names = " mpt olmo modern-bert ",
    .composes = TRUE,
    .steps = { GPT2 },
  },
  {
    .names = " jina-v1-en jina-v2-code roberta-bpe ",
    .add_separator = TRUE,
    .steps = { GPT2 },
  },
  {
    .names = " smollm starcoder refact command-r codeshell exaone minerva-7b mellum2 ",
    .steps = { DIGITS (1), GPT2 },
  },
  {
    .names = " default ",
    .steps = {
      { sotto_match_punctuation, .tail = "$+<=>^~|" },
      GPT2,
      DIGITS (0),
      { sotto_match_three_digits },
    },
  },
  {
    .names = " falcon ",
    .steps = {
      { sotto_match_punctuation, .tail = "$+<=>^~|`" },
      GPT2,
      { sotto_match_three_digits },
    },
  },
  {
    .names = " llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano ",
    .whole_words = TRUE,
    .add_bos = TRUE,
    .steps = { LLAMA3 (3) },
  },
  {
    .names = " dbrx smaug-bpe chatglm-bpe ",
    .steps = { LLAMA3 (3) },
  },
  {
    .names = " glm4 glm5 ",
    .whole_words = TRUE,
    .steps = { LLAMA3 (3) },
  },
  {
    .names = " qwen2 f2llmv2 megrez ",
    .composes = TRUE,
    .steps = { LLAMA3 (1) },
  },
  {
    .names = " stablelm2 deepseek-r1-qwen kormo hunyuan solar-open grok-2 bailingmoe bailingmoe2 "
             "llada-moe ",
    .steps = { LLAMA3 (1) },
  },
  {
    .names = " qwen35 ",
    .composes = TRUE,
    .steps = { { sotto_match_llama3, SOTTO_UNICODE_LETTER | SOTTO_UNICODE_MARK, 1, TRUE,
                 .tail = "\r\n" } },
  },
  {
    .names = " jais-2 ",
    .steps = { { sotto_match_llama3, SOTTO_UNICODE_LETTER, 3, TRUE, .halves_spaces = TRUE,
                 .tail = "\r\n" } },
  },
  {
    .names = " seed-coder ",
    .steps = { { sotto_match_llama3, SOTTO_UNICODE_LETTER, 1, TRUE, .tail = "" } },
  },
  {
    .names = " laguna ",
    .steps = { { sotto_match_line }, LLAMA3 (1) },
  },
  {
    .names = " ufakzeka ",
    .steps = { { sotto_match_llama3, SOTTO_UNICODE_LETTER, 1, FALSE, .tail = "\r\n" } },
  },
  {
    .names = " gemma4 granite-embed-multi-311m sarvam-moe ",
    .characters = TRUE,
    .whole_newlines = TRUE,
    .steps = { { sotto_match_line } },
  },
  {
    .names = " minicpm5 ",
    .whole_words = TRUE,
    .steps = { DIGITS (3), LLAMA3 (0) },
  },
  {
    .names = " gpt-4o llama4 kanana2 talkie minimax-m2 ",
    .steps = { GPT4O (3) },
  },
  {
    .names = " granite-embed-multi-97m ",
    .whole_words = TRUE,
    .steps = { GPT4O (3) },
  },
  {
    .names = " tiny_aya cohere2moe ",
    .steps = { { sotto_match_free_thousands }, GPT4O (3) },
  },
  {
    .names = " youtu ",
    .whole_words = TRUE,
    .steps = { { sotto_match_east_asian_parts }, GPT4O (1) },
  },
  {
    .names = " kimi-k2 kimi-k25 ",
    .steps = { { sotto_match_gpt4o, 0, 3, TRUE, TRUE, .tail = "\r\n" } },
  },
  {
    .names = " tekken ",
    .whole_words = TRUE,
    .add_bos = TRUE,
    .steps = { { sotto_match_gpt4o, 0, 1, FALSE, .tail = "\r\n/" } },
  },
  {
    .names = " deepseek-coder ",
    .steps = {
      { sotto_match_newline },
      { sotto_match_spaced, SOTTO_UNICODE_LETTER },
      { sotto_match_spaced, SOTTO_UNICODE_PUNCTUATION },
      { sotto_match_east_asian },
      DIGITS (1),
    },
  },
  {
    .names = " deepseek-v3 hunyuan-dense joyai-llm hy_v4 ",
    .steps = { DIGITS (3), { sotto_match_han_and_kana }, DEEPSEEK3 ("\r\n") },
  },
  {
    .names = " spark2_5 ",
    .steps = { DIGITS (1), { sotto_match_han_and_kana }, DEEPSEEK3 ("") },
  },
  {
    .names = " afmoe ",
    .steps = {
      { sotto_match_thousands },
      { sotto_match_unspaced_scripts },
      DEEPSEEK3 ("\r\n"),
    },
  },
  {
    .names = " deepseek-llm ",
    .steps = {
      { sotto_match_newline },
      { sotto_match_cased },
      { sotto_match_wide_punctuation },
      { sotto_match_final_spaces },
      { sotto_match_east_asian },
      DIGITS (0),
    },
  },
  {
    .names = " chameleon ",
    .add_bos = TRUE,
    .steps = {
      { sotto_match_sentinel },
      { sotto_match_image },
      { sotto_match_indentation },
      DIGITS (1),
      { sotto_match_one_mark },
      GPT2,
    },
  },
  {
    .names = " superbpe ",
    .steps = { DIGITS (0), { sotto_match_before_thousands } },
  },
  {
    .names = " exaone-moe ",
    .steps = { { sotto_match_phrase } },
  },
  {
    .names = " bloom poro-chat gpt3-finnish ",
    .steps = { { sotto_match_bloom } },
  },
  {
    .names = " viking ",
    .steps = { { sotto_match_bloom }, DIGITS (1) },
  },
};

const SottoPretokenizer *
sotto_pretokenizer_lookup (const char *name)
{
  g_autofree char *key = g_strdup_printf (" %s ", name);

  if (strchr (name, ' ') != NULL || *name == '\0')
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (pretokenizers); i++)
    if (strstr (pretokenizers[i].names, key) != NULL)
      return &pretokenizers[i];

  return NULL;
}

static void
split_from (const SottoPretokenizer *self,
            guint                    step,
            const guint8            *at,
            const guint8            *end,
            SottoWordFunc            func,
            gpointer                 user_data)
{
  const guint8 *gap = at;
  const SottoSplit *split;

  if (at == end)
    return;

  if (step == SOTTO_PRETOKENIZER_MAX_STEPS || self->steps[step].match == NULL)
    {
      func (at, end - at, user_data);
      return;
    }

  split = &self->steps[step];
  while (at < end)
    {
      gsize n = split->match (split, at, end);

      if (n > 0)
        {
          split_from (self, step + 1, gap, at, func, user_data);
          split_from (self, step + 1, at, at + n, func, user_data);
          at += n;
          gap = at;
        }
      else
        {
          gunichar c;

          at += sotto_utf8_decode (at, end, &c);
        }
    }
  split_from (self, step + 1, gap, end, func, user_data);
}

void
sotto_pretokenizer_split (const SottoPretokenizer *self,
                          const guint8            *text,
                          gsize                    length,
                          SottoWordFunc            func,
                          gpointer                 user_data)
{
  if (length > 0)
    split_from (self, 0, text, text + length, func, user_data);
}
