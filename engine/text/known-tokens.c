/* Tokens that are known by their text. */

#include "text/known-tokens.h"

#include <string.h>

#define CHAT SOTTO_KNOWN_CHAT
#define ENDS SOTTO_KNOWN_ENDS
#define SURE SOTTO_KNOWN_SURE

/* <|…|> and <｜…｜> are SURE without standing here. */
static const struct {
  const char *text;
  guint flags;
} known_tokens[] = {
  { "<|im_start|>", CHAT },
  { "<|im_end|>", CHAT | ENDS },
  { "<|im_sep|>", CHAT },
  { "<|start_header_id|>", CHAT },
  { "<|end_header_id|>", CHAT },
  { "<|eot_id|>", CHAT | ENDS },
  { "<|eom_id|>", CHAT | ENDS },
  { "<|header_start|>", CHAT },
  { "<|header_end|>", CHAT },
  { "<|eot|>", CHAT | ENDS },
  { "<|eom|>", CHAT | ENDS },
  { "<start_of_turn>", CHAT | SURE },
  { "<end_of_turn>", CHAT | ENDS | SURE },
  { "<start_of_image>", SURE },
  { "<end_of_image>", SURE },
  { "<|turn>", CHAT | SURE },
  { "<turn|>", CHAT | ENDS | SURE },
  { "<|channel>", SURE },
  { "<channel|>", SURE },
  { "<|tool>", SURE },
  { "<tool|>", SURE },
  { "<|tool_call>", SURE },
  { "<tool_call|>", SURE },
  { "<|tool_response>", ENDS | SURE },
  { "<tool_response|>", SURE },
  { "<|START_OF_TURN_TOKEN|>", CHAT },
  { "<|END_OF_TURN_TOKEN|>", CHAT | ENDS },
  { "<|start_of_role|>", CHAT },
  { "<|end_of_role|>", CHAT },
  { "<|system|>", CHAT },
  { "<|user|>", CHAT },
  { "<|assistant|>", CHAT },
  { "<|observation|>", CHAT },
  { "<|end|>", CHAT | ENDS },
  { "<|start|>", CHAT },
  { "<|message|>", CHAT },
  { "<|return|>", CHAT | ENDS },
  { "<|call|>", CHAT | ENDS },
  { "<|calls|>", CHAT | ENDS },
  { "<|flush|>", CHAT | ENDS },
  { "<｜User｜>", CHAT },
  { "<｜Assistant｜>", CHAT },
  { "<｜end▁of▁sentence｜>", ENDS },
  { "[INST]", CHAT | SURE },
  { "[/INST]", CHAT | SURE },
  { "[SYSTEM_PROMPT]", CHAT | SURE },
  { "[/SYSTEM_PROMPT]", CHAT | SURE },
  { "[AVAILABLE_TOOLS]", SURE },
  { "[/AVAILABLE_TOOLS]", SURE },
  { "[TOOL_CALLS]", SURE },
  { "[TOOL_RESULTS]", SURE },
  { "[/TOOL_RESULTS]", SURE },
  { "[TOOL_CONTENT]", SURE },
  { "[EOT]", CHAT | ENDS },
  { "[EOS]", ENDS },
  { "[e~[", CHAT | ENDS | SURE },
  { "]~b]", CHAT | SURE },
  { "<EOT>", ENDS },
  { "_<EOT>", ENDS },
  { "<eos>", ENDS },
  { "</s>", ENDS },
  { "<|end_of_text|>", ENDS },
  { "<|endoftext|>", ENDS },
  { "<end_of_utterance>", CHAT | ENDS | SURE },
  { "<|fim_pad|>", ENDS },
  { "<|repo_name|>", ENDS },
  { "<|file_sep|>", ENDS },
};

#define FULLWIDTH_BAR "\xef\xbd\x9c"

static gboolean
begins_with (const guint8 *text,
             gsize         length,
             const char   *mark)
{
  return length >= strlen (mark) && memcmp (text, mark, strlen (mark)) == 0;
}

/* Whether the text is <bar … bar> with a letter or digit in it: nobody writes that by chance, and
 * the operator <|> of some programming languages is none. */
static gboolean
is_between_bars (const guint8 *text,
                 gsize         length,
                 const char   *bar)
{
  gsize n = strlen (bar);

  if (length < 2 * n + 3 || !begins_with (text, length, "<") || text[length - 1] != '>' ||
      !begins_with (text + 1, length - 1, bar) ||
      !begins_with (text + length - 1 - n, n, bar))
    return FALSE;

  for (gsize i = 1 + n; i < length - 1 - n; i++)
    if (g_ascii_isspace (text[i]))
      return FALSE;

  for (gsize i = 1 + n; i < length - 1 - n; i++)
    if (g_ascii_isalnum (text[i]))
      return TRUE;

  return FALSE;
}

SottoKnownFlags
sotto_known_token_flags (const guint8 *text,
                         gsize         length)
{
  guint flags = 0;

  if (length < 3 || strchr ("<[]_", *text) == NULL || *text == '\0')
    return 0;

  for (guint i = 0; i < G_N_ELEMENTS (known_tokens); i++)
    if (strlen (known_tokens[i].text) == length &&
        memcmp (known_tokens[i].text, text, length) == 0)
      flags = known_tokens[i].flags;

  if (is_between_bars (text, length, "|") || is_between_bars (text, length, FULLWIDTH_BAR))
    flags |= SURE;

  return flags;
}

gboolean
sotto_known_token_is_marked_up (const guint8 *text,
                                gsize         length)
{
  return length >= 3 && ((text[0] == '<' && text[length - 1] == '>') ||
                         (text[0] == '[' && text[length - 1] == ']'));
}
