/* Chat templates for files that bring none.
 *
 * A format is data: what stands around a system message, a person's and an assistant's, written as
 * Jinja expressions, and how to know a model that was trained with it. Control tokens of the
 * vocabulary say it best; where a format is written in plain text only, the model's name has to. */

#include "text/default-template.h"

#include <string.h>

typedef struct {
  const char *name;
  const char *tokens;        /* all of them are in the vocabulary, between spaces; or */
  const char *names;         /* one of these, between bars; a star parts what must all occur */
  const char *begin;
  const char *system[2];
  const char *user[2];
  const char *assistant[2];
  const char *generation;    /* the beginning of the assistant's turn */
  gboolean folds_system;     /* what the system says is part of what the person says first */
  gboolean trims;            /* white space around a text goes */
} Format;

/* The more special ones first. */
static const Format formats[] = {
  {
    .name = "chatml",
    .tokens = "<|im_start|> <|im_end|>",
    .system = { "'<|im_start|>system\\n'", "'<|im_end|>\\n'" },
    .user = { "'<|im_start|>user\\n'", "'<|im_end|>\\n'" },
    .assistant = { "'<|im_start|>assistant\\n'", "'<|im_end|>\\n'" },
    .generation = "'<|im_start|>assistant\\n'",
  },
  {
    .name = "llama-3",
    .tokens = "<|start_header_id|> <|end_header_id|> <|eot_id|>",
    .system = { "'<|start_header_id|>system<|end_header_id|>\\n\\n'", "'<|eot_id|>'" },
    .user = { "'<|start_header_id|>user<|end_header_id|>\\n\\n'", "'<|eot_id|>'" },
    .assistant = { "'<|start_header_id|>assistant<|end_header_id|>\\n\\n'", "'<|eot_id|>'" },
    .generation = "'<|start_header_id|>assistant<|end_header_id|>\\n\\n'",
    .trims = TRUE,
  },
  {
    .name = "llama-4",
    .tokens = "<|header_start|> <|header_end|> <|eot|>",
    .system = { "'<|header_start|>system<|header_end|>\\n\\n'", "'<|eot|>'" },
    .user = { "'<|header_start|>user<|header_end|>\\n\\n'", "'<|eot|>'" },
    .assistant = { "'<|header_start|>assistant<|header_end|>\\n\\n'", "'<|eot|>'" },
    .generation = "'<|header_start|>assistant<|header_end|>\\n\\n'",
    .trims = TRUE,
  },
  {
    .name = "gemma-4",
    .tokens = "<|turn> <turn|>",
    .system = { "'<|turn>system\\n'", "'<turn|>\\n'" },
    .user = { "'<|turn>user\\n'", "'<turn|>\\n'" },
    .assistant = { "'<|turn>model\\n'", "'<turn|>\\n'" },
    .generation = "'<|turn>model\\n'",
    .trims = TRUE,
  },
  {
    .name = "gemma",
    .tokens = "<start_of_turn> <end_of_turn>",
    .system = { "''", "'\\n\\n'" },
    .user = { "'<start_of_turn>user\\n'", "'<end_of_turn>\\n'" },
    .assistant = { "'<start_of_turn>model\\n'", "'<end_of_turn>\\n'" },
    .generation = "'<start_of_turn>model\\n'",
    .folds_system = TRUE,
    .trims = TRUE,
  },
  {
    .name = "command-r",
    .tokens = "<|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|> <|USER_TOKEN|> <|CHATBOT_TOKEN|>",
    .system = { "'<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>'", "'<|END_OF_TURN_TOKEN|>'" },
    .user = { "'<|START_OF_TURN_TOKEN|><|USER_TOKEN|>'", "'<|END_OF_TURN_TOKEN|>'" },
    .assistant = { "'<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>'", "'<|END_OF_TURN_TOKEN|>'" },
    .generation = "'<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>'",
  },
  {
    .name = "granite",
    .tokens = "<|start_of_role|> <|end_of_role|> <|end_of_text|>",
    .system = { "'<|start_of_role|>system<|end_of_role|>'", "'<|end_of_text|>\\n'" },
    .user = { "'<|start_of_role|>user<|end_of_role|>'", "'<|end_of_text|>\\n'" },
    .assistant = { "'<|start_of_role|>assistant<|end_of_role|>'", "'<|end_of_text|>\\n'" },
    .generation = "'<|start_of_role|>assistant<|end_of_role|>'",
  },
  {
    .name = "deepseek",
    .tokens = "<｜User｜> <｜Assistant｜>",
    .system = { "''", "''" },
    .user = { "'<｜User｜>'", "''" },
    .assistant = { "'<｜Assistant｜>'", "eos_token" },
    .generation = "'<｜Assistant｜>'",
  },
  {
    .name = "gpt-oss",
    .tokens = "<|start|> <|message|> <|channel|> <|end|> <|return|>",
    .system = { "'<|start|>system<|message|>'", "'<|end|>'" },
    .user = { "'<|start|>user<|message|>'", "'<|end|>'" },
    .assistant = { "'<|start|>assistant<|channel|>final<|message|>'", "'<|end|>'" },
    .generation = "'<|start|>assistant'",
  },
  {
    .name = "glm-4",
    .tokens = "[gMASK] <sop> <|user|> <|assistant|>",
    .begin = "'[gMASK]<sop>'",
    .system = { "'<|system|>\\n'", "''" },
    .user = { "'<|user|>\\n'", "''" },
    .assistant = { "'<|assistant|>\\n'", "''" },
    .generation = "'<|assistant|>\\n'",
  },
  {
    .name = "phi-3",
    .tokens = "<|user|> <|assistant|> <|end|>",
    .system = { "'<|system|>\\n'", "'<|end|>\\n'" },
    .user = { "'<|user|>\\n'", "'<|end|>\\n'" },
    .assistant = { "'<|assistant|>\\n'", "'<|end|>\\n'" },
    .generation = "'<|assistant|>\\n'",
  },
  {
    .name = "mistral",
    .tokens = "[INST] [/INST]",
    .system = { "''", "'\\n\\n'" },
    .user = { "'[INST]'", "'[/INST]'" },
    .assistant = { "''", "eos_token" },
    .generation = "''",
    .folds_system = TRUE,
  },
  {
    .name = "openchat",
    .tokens = "<|end_of_turn|>",
    .system = { "''", "'<|end_of_turn|>'" },
    .user = { "'GPT4 Correct User: '", "'<|end_of_turn|>'" },
    .assistant = { "'GPT4 Correct Assistant: '", "'<|end_of_turn|>'" },
    .generation = "'GPT4 Correct Assistant:'",
  },
  {
    .name = "llama-2",
    .names = "llama-2*chat|llama 2*chat|llama2*chat|codellama*instruct|code llama*instruct",
    .system = { "'<<SYS>>\\n'", "'\\n<</SYS>>\\n\\n'" },
    .user = { "bos_token + '[INST] '", "' [/INST]'" },
    .assistant = { "' '", "' ' + eos_token" },
    .generation = "''",
    .folds_system = TRUE,
    .trims = TRUE,
  },
  {
    .name = "mistral",
    .names = "mistral*instruct|mixtral*instruct",
    .system = { "''", "'\\n\\n'" },
    .user = { "'[INST] '", "' [/INST]'" },
    .assistant = { "''", "eos_token" },
    .generation = "''",
    .folds_system = TRUE,
  },
  {
    .name = "zephyr",
    .names = "zephyr|tinyllama*chat|stablelm*chat",
    .system = { "'<|system|>\\n'", "eos_token + '\\n'" },
    .user = { "'<|user|>\\n'", "eos_token + '\\n'" },
    .assistant = { "'<|assistant|>\\n'", "eos_token + '\\n'" },
    .generation = "'<|assistant|>\\n'",
  },
  {
    .name = "vicuna",
    .names = "vicuna|wizardlm|wizard-lm|wizard lm|airoboros",
    .system = { "''", "' '" },
    .user = { "'USER: '", "' '" },
    .assistant = { "'ASSISTANT: '", "eos_token" },
    .generation = "'ASSISTANT:'",
  },
  {
    .name = "deepseek-coder",
    .names = "deepseek*coder*instruct",
    .system = { "''", "'\\n'" },
    .user = { "'### Instruction:\\n'", "'\\n'" },
    .assistant = { "'### Response:\\n'", "'\\n<|EOT|>\\n'" },
    .generation = "'### Response:\\n'",
  },
  {
    .name = "alpaca",
    .names = "mythomax|mythalion|mytholite|alpaca|tiefighter|noromaid|nous-hermes-llama|"
             "nous hermes llama|platypus|wizardcoder",
    .system = { "''", "'\\n\\n'" },
    .user = { "'### Instruction:\\n'", "'\\n\\n'" },
    .assistant = { "'### Response:\\n'", "'\\n\\n'" },
    .generation = "'### Response:\\n'",
  },
};

static gboolean
has_tokens (const SottoTokenizer *tokenizer,
            const char           *tokens)
{
  g_auto (GStrv) texts = g_strsplit (tokens, " ", -1);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      gint32 id = sotto_tokenizer_find_control (tokenizer, texts[i]);

      if (id < 0 || !sotto_tokenizer_is_control (tokenizer, id))
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_parts (const char *name,
           const char *pattern)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "*", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      name = strstr (name, parts[i]);
      if (name == NULL)
        return FALSE;
      name += strlen (parts[i]);
    }

  return TRUE;
}

static gboolean
has_name (const char *name,
          const char *names)
{
  g_auto (GStrv) patterns = g_strsplit (names, "|", -1);

  for (guint i = 0; patterns[i] != NULL; i++)
    if (has_parts (name, patterns[i]))
      return TRUE;

  return FALSE;
}

static void
write_message (GString     *out,
               const char  *before,
               const char  *content,
               const char  *after)
{
  g_string_append_printf (out, "{{ %s + %s + %s }}", before, content, after);
}

static char *
write_template (const Format *format)
{
  const char *content = format->trims ? "(content | trim)" : "content";
  GString *out = g_string_new ("{% set ns = namespace(system='') %}");

  if (format->begin != NULL)
    g_string_append_printf (out, "{{ %s }}", format->begin);

  g_string_append (out, "{% for message in messages %}{% set content = message['content'] or '' %}"
                        "{% if message['role'] == 'system' %}");
  if (format->folds_system)
    g_string_append_printf (out, "{%% set ns.system = ns.system + %s + %s + %s %%}",
                            format->system[0], content, format->system[1]);
  else
    write_message (out, format->system[0], content, format->system[1]);

  g_string_append (out, "{% elif message['role'] == 'assistant' %}");
  write_message (out, format->assistant[0], content, format->assistant[1]);
  g_string_append (out, "{% else %}");
  g_string_append_printf (out, "{{ %s + ns.system + %s + %s }}{%% set ns.system = '' %%}",
                          format->user[0], content, format->user[1]);
  g_string_append (out, "{% endif %}{% endfor %}");

  /* Nothing that was said is left out, even where nobody has spoken yet. */
  g_string_append_printf (out, "{%% if ns.system %%}{{ %s + ns.system + %s }}{%% endif %%}",
                          format->user[0], format->user[1]);
  g_string_append_printf (out, "{%% if add_generation_prompt %%}{{ %s }}{%% endif %%}",
                          format->generation);

  return g_string_free (out, FALSE);
}

const char *
sotto_default_template_choose (const SottoTokenizer  *tokenizer,
                               const char            *name,
                               char                 **source)
{
  *source = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (formats[i].tokens != NULL ? has_tokens (tokenizer, formats[i].tokens)
                                  : has_name (name, formats[i].names))
      {
        *source = write_template (&formats[i]);
        return formats[i].name;
      }

  return NULL;
}

const char *
sotto_default_template_get_completion (void)
{
  return "{% for message in messages %}{{ message['content'] or '' }}"
         "{% if message['role'] == 'system' %}{{ '\\n\\n' }}{% endif %}{% endfor %}";
}
