#include "reply-format.h"

#include <string.h>

#define TEXT SOTTO_IN (TEXT)
#define REASONING SOTTO_IN (REASONING)
#define HEADER SOTTO_IN (HEADER)
#define BETWEEN SOTTO_IN (BETWEEN)
#define SKIP SOTTO_IN (SKIP)
#define NAME SOTTO_IN (NAME)
#define ID SOTTO_IN (ID)
#define CALLS SOTTO_IN (CALLS)
#define ARGUMENTS SOTTO_IN (ARGUMENTS)
#define KEY SOTTO_IN (KEY)
#define VALUE SOTTO_IN (VALUE)
#define STRING SOTTO_IN (STRING)
#define PYTHON SOTTO_IN (PYTHON)
#define LOOSE SOTTO_IN (LOOSE)
#define NESTED SOTTO_IN (NESTED)

#define LINE SOTTO_MARKER_LINE
#define FIRST SOTTO_MARKER_FIRST
#define TOOLS SOTTO_MARKER_TOOLS
#define KEEP SOTTO_MARKER_KEEP
#define ENDS SOTTO_MARKER_ENDS
#define NEW SOTTO_MARKER_NEW

#define TO(field) SOTTO_FIELD_##field

/* The first whose signs all stand in the template is taken: those with the more particular signs stand first. */
static const SottoReplyFormat formats[] = {
  { .name = "harmony",
    .signs = { "<|channel|>", "<|message|>" },
    .token = "<|constrain|>",
    .begins = "<|start|>assistant",
    .goes_on = "<|end|>",
    .thinks = "<|channel|>analysis<|message|>",
    .concludes = "<|end|><|start|>assistant<|channel|>final<|message|>",
    .answers = "<|channel|>final<|message|>",
    .markers = {
      { "<|start|>", TEXT | REASONING | BETWEEN | ARGUMENTS, TO (HEADER), 0 },
      { "<|channel|>", TEXT | REASONING | HEADER | BETWEEN, TO (HEADER), 0 },
      { "<|constrain|>", HEADER, TO (HEADER), 0 },
      { "<|message|>", HEADER, TO (TEXT), 0 },
      { "<|end|>", TEXT | REASONING | ARGUMENTS, TO (TEXT), 0 },
      { "<|call|>", ARGUMENTS, TO (TEXT), 0 },
      { "<|return|>", TEXT, TO (TEXT), 0 } },
    .heads = {
      { "to=functions.", TO (ARGUMENTS), TRUE, FALSE },
      { "to=", TO (ARGUMENTS), TRUE, FALSE },
      { "analysis", TO (REASONING), FALSE, TRUE },
      { "commentary", TO (TEXT), FALSE, TRUE },
      { "final", TO (TEXT), FALSE, FALSE } } },
  { .name = "muse",
    .signs = { "<atem:function_calls>" },
    .begins = "<|start|>assistant",
    .goes_on = "<|eom|>",
    .thinks = " to=self<|message|>",
    .concludes = "<|eom|><|start|>assistant to=user<|message|>",
    .answers = " to=user<|message|>",
    .markers = {
      { "<|start|>", TEXT | REASONING, TO (HEADER), 0 },
      { "<|message|>", HEADER, TO (TEXT), 0 },
      { "<|eom|>", TEXT | REASONING, TO (TEXT), 0 },
      { "<atem:function_calls>", TEXT | BETWEEN, TO (BETWEEN), 0 },
      { "<atem:invoke name=\"", BETWEEN, TO (NAME), NEW },
      { "\">", NAME, TO (BETWEEN), 0 },
      { "<atem:parameter name=\"", BETWEEN, TO (KEY), 0 },
      { "\">", KEY, TO (VALUE), 0 },
      { "</atem:parameter>", VALUE, TO (BETWEEN), 0 },
      { "</atem:invoke>", BETWEEN, TO (BETWEEN), ENDS },
      { "</atem:function_calls>", BETWEEN, TO (TEXT), 0 } },
    .heads = {
      { "to=self", TO (REASONING), FALSE, TRUE },
      { "to=user", TO (TEXT), FALSE, FALSE },
      { "to=", TO (BETWEEN), FALSE, TRUE },
      { "", TO (TEXT), FALSE, FALSE } } },
  { .name = "minimax-m3",
    .signs = { "]<]minimax[>[" },
    .token = "]<]minimax[>[",
    .markers = {
      { "]<]minimax[>[<tool_call>", TEXT, TO (BETWEEN), 0 },
      { "]<]minimax[>[<invoke name=\"", BETWEEN, TO (NAME), NEW },
      { "\">", NAME, TO (NESTED), 0 },
      { "]<]minimax[>[</invoke>", NESTED, TO (BETWEEN), ENDS },
      { "]<]minimax[>[</tool_call>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "dsml",
    .signs = { "｜DSML｜" },
    .token = "｜DSML｜",
    .markers = {
      { "<｜DSML｜tool_calls>", TEXT, TO (BETWEEN), 0 },
      { "<｜DSML｜function_calls>", TEXT, TO (BETWEEN), 0 },
      { "<｜DSML｜invoke name=\"", BETWEEN, TO (NAME), NEW },
      { "\">", NAME, TO (BETWEEN), 0 },
      { "<｜DSML｜parameter name=\"", BETWEEN, TO (KEY), 0 },
      { "\" string=\"true\">", KEY, TO (STRING), 0 },
      { "\" string=\"false\">", KEY, TO (VALUE), 0 },
      { "</｜DSML｜parameter>", STRING | VALUE, TO (BETWEEN), 0 },
      { "</｜DSML｜invoke>", BETWEEN, TO (BETWEEN), ENDS },
      { "</｜DSML｜tool_calls>", BETWEEN, TO (TEXT), 0 },
      { "</｜DSML｜function_calls>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "hunyuan",
    .signs = { ":opensource", "tool_sep" },
    .token = "<tool_sep:opensource>",
    .markers = {
      { "<tool_calls:opensource>", TEXT, TO (BETWEEN), 0 },
      { "<tool_call:opensource>", TEXT | BETWEEN, TO (NAME), NEW },
      { "<tool_sep:opensource>", NAME, TO (BETWEEN), 0 },
      { "<arg_key:opensource>", BETWEEN, TO (KEY), 0 },
      { "</arg_key:opensource>", KEY, TO (BETWEEN), 0 },
      { "<arg_value:opensource>", BETWEEN, TO (VALUE), 0 },
      { "</arg_value:opensource>", VALUE, TO (BETWEEN), 0 },
      { "</tool_call:opensource>", BETWEEN | NAME, TO (BETWEEN), ENDS },
      { "</tool_calls:opensource>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "glm",
    .signs = { "<arg_key>" },
    .token = "<arg_key>",
    .markers = {
      { "<tool_call>", TEXT, TO (NAME), NEW },
      { "<arg_key>", NAME | BETWEEN, TO (KEY), 0 },
      { "</arg_key>", KEY, TO (BETWEEN), 0 },
      { "<arg_value>", BETWEEN, TO (VALUE), 0 },
      { "</arg_value>", VALUE, TO (BETWEEN), 0 },
      { "</tool_call>", NAME | BETWEEN | CALLS, TO (TEXT), 0 } } },
  { .name = "seed",
    .signs = { "<seed:tool_call>" },
    .token = "<seed:tool_call>",
    .markers = {
      { "<seed:tool_call>", TEXT, TO (BETWEEN), 0 },
      { "<function=", BETWEEN, TO (NAME), NEW },
      { ">", NAME, TO (BETWEEN), 0 },
      { "<parameter=", BETWEEN, TO (KEY), 0 },
      { ">", KEY, TO (VALUE), 0 },
      { "</parameter>", VALUE, TO (BETWEEN), 0 },
      { "</function>", BETWEEN, TO (BETWEEN), ENDS },
      { "</seed:tool_call>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "qwen-coder",
    .signs = { "<function=", "<parameter=" },
    .markers = {
      { "<tool_call>", TEXT, TO (BETWEEN), 0 },
      { "<function=", TEXT | BETWEEN, TO (NAME), NEW },
      { ">", NAME, TO (BETWEEN), 0 },
      { "<parameter=", BETWEEN, TO (KEY), 0 },
      { ">", KEY, TO (VALUE), 0 },
      { "</parameter>", VALUE, TO (BETWEEN), 0 },
      { "</function>", BETWEEN, TO (BETWEEN), ENDS },
      { "</tool_call>", BETWEEN | CALLS, TO (TEXT), 0 } } },
  { .name = "minimax-m2",
    .signs = { "<minimax:tool_call>" },
    .token = "<minimax:tool_call>",
    .markers = {
      { "<minimax:tool_call>", TEXT, TO (BETWEEN), 0 },
      { "<invoke name=\"", BETWEEN, TO (NAME), NEW },
      { "\">", NAME, TO (BETWEEN), 0 },
      { "<parameter name=\"", BETWEEN, TO (KEY), 0 },
      { "\">", KEY, TO (VALUE), 0 },
      { "</parameter>", VALUE, TO (BETWEEN), 0 },
      { "</invoke>", BETWEEN, TO (BETWEEN), ENDS },
      { "</minimax:tool_call>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "functionary-3.1",
    .signs = { "<function=", "</function>" },
    .markers = {
      { "<function=", TEXT, TO (NAME), NEW },
      { ">", NAME, TO (ARGUMENTS), 0 },
      { "</function>", ARGUMENTS, TO (TEXT), 0 },
      { "<|python_tag|>", TEXT, TO (CODE), 0 } } },
  { .name = "functionary-3.2",
    .signs = { ">>>all" },
    .begins = ">>>",
    .answers = "all\n",
    .markers = {
      { ">>>", TEXT | ARGUMENTS, TO (HEADER), 0 },
      { "\n", HEADER, TO (TEXT), 0 } },
    .heads = {
      { "all", TO (TEXT), FALSE, FALSE },
      { "", TO (ARGUMENTS), TRUE, FALSE } } },
  { .name = "deepseek-r1",
    .signs = { "<｜tool▁sep｜>", "```json" },
    .markers = {
      { "<｜tool▁calls▁begin｜>", TEXT, TO (BETWEEN), 0 },
      { "<｜tool▁call▁begin｜>", TEXT | BETWEEN, TO (SKIP), NEW },
      { "<｜tool▁sep｜>", SKIP, TO (NAME), 0 },
      { "\n```json\n", NAME, TO (ARGUMENTS), 0 },
      { "\n```", ARGUMENTS, TO (BETWEEN), ENDS },
      { "<｜tool▁call▁end｜>", ARGUMENTS | BETWEEN, TO (BETWEEN), ENDS },
      { "<｜tool▁calls▁end｜>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "deepseek-v3",
    .signs = { "<｜tool▁sep｜>" },
    .token = "<｜tool▁sep｜>",
    .markers = {
      { "<｜tool▁calls▁begin｜>", TEXT, TO (BETWEEN), 0 },
      { "<｜tool▁call▁begin｜>", TEXT | BETWEEN, TO (NAME), NEW },
      { "<｜tool▁sep｜>", NAME, TO (ARGUMENTS), 0 },
      { "<｜tool▁call▁end｜>", ARGUMENTS, TO (BETWEEN), ENDS },
      { "<｜tool▁calls▁end｜>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "kimi",
    .signs = { "<|tool_call_argument_begin|>" },
    .token = "<|tool_call_argument_begin|>",
    .markers = {
      { "<|tool_calls_section_begin|>", TEXT, TO (BETWEEN), 0 },
      { "<|tool_call_begin|>", TEXT | BETWEEN, TO (ID), NEW },
      { "<|tool_call_argument_begin|>", ID, TO (ARGUMENTS), 0 },
      { "<|tool_call_end|>", ARGUMENTS, TO (BETWEEN), ENDS },
      { "<|tool_calls_section_end|>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "solar",
    .signs = { "<|tool_call:args|>" },
    .token = "<|tool_call:args|>",
    .begins = "<|begin|>assistant",
    .goes_on = "<|end|>",
    .thinks = "<|think|>",
    .concludes = "<|end|><|begin|>assistant<|content|>",
    .answers = "<|content|>",
    .markers = {
      { "<|begin|>", TEXT | REASONING, TO (HEADER), 0 },
      { "<|think|>", TEXT | HEADER, TO (REASONING), 0 },
      { "<|content|>", TEXT | HEADER, TO (TEXT), 0 },
      { "<|end|>", TEXT | REASONING, TO (TEXT), 0 },
      { "<|tool_calls|>", TEXT | HEADER, TO (BETWEEN), 0 },
      { "<|tool_call:begin|>", BETWEEN, TO (ID), NEW },
      { "<|tool_call:name|>", ID, TO (NAME), 0 },
      { "<|tool_call:args|>", NAME, TO (ARGUMENTS), 0 },
      { "<|tool_call:end|>", ARGUMENTS, TO (BETWEEN), ENDS },
      { "<|calls|>", BETWEEN, TO (TEXT), 0 } } },
  { .name = "command-text",
    .signs = { "<|START_ACTION|>", "<|START_TEXT|>" },
    .token = "<|START_TEXT|>",
    .concludes = "<|END_THINKING|><|START_TEXT|>",
    .answers = "<|START_TEXT|>",
    .markers = {
      { "<|START_ACTION|>", TEXT, TO (CALLS), 0 },
      { "<|END_ACTION|>", CALLS, TO (TEXT), 0 },
      { "<|START_TEXT|>", TEXT, TO (TEXT), 0 },
      { "<|END_TEXT|>", TEXT, TO (TEXT), 0 } } },
  { .name = "command",
    .signs = { "<|START_ACTION|>" },
    .token = "<|START_ACTION|>",
    .concludes = "<|END_THINKING|><|START_RESPONSE|>",
    .answers = "<|START_RESPONSE|>",
    .markers = {
      { "<|START_ACTION|>", TEXT, TO (CALLS), 0 },
      { "<|END_ACTION|>", CALLS, TO (TEXT), 0 },
      { "<|START_RESPONSE|>", TEXT, TO (TEXT), 0 },
      { "<|END_RESPONSE|>", TEXT, TO (TEXT), 0 } } },
  { .name = "mistral",
    .signs = { "[TOOL_CALLS]" },
    .token = "[TOOL_CALLS]",
    .markers = {
      { "[TOOL_CALLS]", TEXT | ARGUMENTS | CALLS, TO (NAME), NEW },
      { "[CALL_ID]", NAME, TO (ID), 0 },
      { "[ARGS]", NAME | ID, TO (ARGUMENTS), 0 } } },
  { .name = "apertus",
    .signs = { "<|tools_prefix|>" },
    .token = "<|tools_prefix|>",
    .key_is_name = TRUE,
    .markers = {
      { "<|tools_prefix|>", TEXT, TO (CALLS), 0 },
      { "<|tools_suffix|>", CALLS, TO (TEXT), 0 } } },
  { .name = "lfm",
    .signs = { "<|tool_list_start|>" },
    .token = "<|tool_call_start|>",
    .markers = {
      { "<|tool_call_start|>", TEXT, TO (PYTHON), 0 },
      { "<|tool_call_end|>", PYTHON | CALLS, TO (TEXT), 0 } } },
  { .name = "lfm-2.5",
    .signs = { "<|tool_call_start|>" },
    .markers = {
      { "<|tool_call_start|>", TEXT, TO (PYTHON), 0 },
      { "<|tool_call_end|>", PYTHON | CALLS, TO (TEXT), 0 } } },
  { .name = "gemma-4",
    .signs = { "<|tool_call>" },
    .token = "<|tool_call>",
    .thinks = "<|channel>thought\n",
    .concludes = "<channel|>",
    .markers = {
      { "<|tool_call>", TEXT, TO (LOOSE), NEW },
      { "<tool_call|>", LOOSE, TO (TEXT), 0 },
      { "<|channel>", TEXT, TO (HEADER), 0 },
      { "\n", HEADER, TO (TEXT), 0 },
      { "<channel|>", REASONING | HEADER | TEXT, TO (TEXT), 0 } },
    .heads = {
      { "thought", TO (REASONING), FALSE, FALSE },
      { "", TO (TEXT), FALSE, FALSE } } },
  { .name = "granite",
    .signs = { "<|tool_call|>" },
    .token = "<|tool_call|>",
    .markers = {
      { "<|tool_call|>", TEXT, TO (CALLS), 0 },
      { "<|/tool_call|>", CALLS, TO (TEXT), 0 },
      { "<tool_call>", TEXT, TO (CALLS), 0 },
      { "</tool_call>", CALLS, TO (TEXT), 0 },
      { "<response>", TEXT, TO (TEXT), LINE },
      { "</response>", TEXT, TO (TEXT), 0 } } },
  { .name = "nemotron",
    .signs = { "<TOOLCALL>" },
    .token = "<TOOLCALL>",
    .markers = {
      { "<TOOLCALL>", TEXT, TO (CALLS), 0 },
      { "</TOOLCALL>", CALLS, TO (TEXT), 0 } } },
  { .name = "tool-calls",
    .signs = { "<tool_calls>" },
    .token = "<tool_calls>",
    .markers = {
      { "<tool_calls>", TEXT, TO (CALLS), 0 },
      { "</tool_calls>", CALLS, TO (TEXT), 0 },
      { "[BEGIN FINAL RESPONSE]", TEXT | REASONING, TO (TEXT), LINE },
      { "[END FINAL RESPONSE]", TEXT, TO (TEXT), LINE } } },
  { .name = "gigachat-3.1",
    .signs = { "<|function_call|>" },
    .token = "<|function_call|>",
    .markers = {
      { "<|function_call|>", TEXT | CALLS, TO (CALLS), 0 },
      { "<|message_sep|>", TEXT | CALLS, TO (TEXT), 0 } } },
  { .name = "gigachat-3",
    .signs = { "function call", "<|role_sep|>" },
    .token = "<|role_sep|>",
    .markers = {
      { "<|message_sep|>", TEXT | CALLS, TO (HEADER), 0 },
      { "<|role_sep|>", HEADER, TO (TEXT), 0 } },
    .heads = {
      { "function call", TO (CALLS), FALSE, FALSE },
      { "", TO (TEXT), FALSE, FALSE } } },
  { .name = "llama-3",
    .signs = { "ipython", "\"parameters\": " },
    .token = "<|python_tag|>",
    .markers = {
      { "<|python_tag|>", TEXT, TO (CODE), 0 },
      { "{", TEXT, TO (CALLS), FIRST | TOOLS | KEEP } } },
  { .name = "command-r",
    .signs = { "Action:", "```json" },
    .markers = {
      { "Action: ```json", TEXT, TO (CALLS), LINE },
      { "Action:```json", TEXT, TO (CALLS), LINE },
      { "```", CALLS, TO (TEXT), 0 } } },
  { .name = "gemma-3",
    .signs = { "tool_code" },
    .markers = {
      { "```tool_code\n", TEXT, TO (PYTHON), LINE | TOOLS },
      { "```", PYTHON, TO (TEXT), 0 } } },
  { .name = "hermes",
    .signs = { "<tool_call>" },
    .token = "<tool_call>",
    /* Small ones leave the tags away, or fence the call as code. */
    .markers = {
      { "<tool_call>", TEXT, TO (CALLS), 0 },
      { "</tool_call>", CALLS, TO (TEXT), 0 },
      { "{", TEXT, TO (CALLS), FIRST | TOOLS | KEEP },
      { "```json\n", TEXT, TO (CALLS), LINE | TOOLS },
      { "```", CALLS, TO (TEXT), 0 } } },
};

static const SottoReplyFormat no_calls = { .name = "plain" };

/* The last is what a model may write even where nothing of it says so. */
static const SottoReasoningFormat reasonings[] = {
  { "<seed:think>", "</seed:think>", FALSE, FALSE },
  { "<mm:think>", "</mm:think>", FALSE, TRUE },
  { "<think:opensource>", "</think:opensource>", FALSE, TRUE },
  { "[THINK]", "[/THINK]", FALSE, TRUE },
  { "<|START_THINKING|>", "<|END_THINKING|>", FALSE, TRUE },
  { "<|inner_prefix|>", "<|inner_suffix|>", FALSE, TRUE },
  { "Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]", TRUE, FALSE },
  { "<thinking>", "</thinking>", FALSE, FALSE },
  { "<think>", "</think>", FALSE, FALSE },
};

static gboolean
fits (const SottoReplyFormat *format,
      const char             *source)
{
  for (guint i = 0; i < G_N_ELEMENTS (format->signs) && format->signs[i] != NULL; i++)
    if (strstr (source, format->signs[i]) == NULL)
      return FALSE;

  return TRUE;
}

/* Markers that a template makes out of pieces: <think{}>.format(':opensource') */
static gboolean
opens (const SottoReasoningFormat *reasoning,
       const char                 *source)
{
  const char *colon = strchr (reasoning->open, ':');
  g_autofree char *stem = NULL;

  if (strstr (source, reasoning->open) != NULL)
    return TRUE;
  if (colon == NULL || strstr (source, "<think{") == NULL)
    return FALSE;

  stem = g_strndup (colon, strlen (colon) - 1);

  return strstr (source, stem) != NULL;
}

void
sotto_reply_style_choose (SottoReplyStyle *self,
                          const char      *source,
                          gboolean       (*has_token) (const char *text, gpointer user_data),
                          gpointer         user_data)
{
  const guint last = G_N_ELEMENTS (reasonings) - 1;

  self->calls = NULL;
  self->reasoning = NULL;

  for (guint i = 0; source != NULL && self->calls == NULL && i < G_N_ELEMENTS (formats); i++)
    if (fits (&formats[i], source))
      self->calls = &formats[i];
  for (guint i = 0; source != NULL && self->reasoning == NULL && i < last; i++)
    if (opens (&reasonings[i], source))
      self->reasoning = &reasonings[i];

  for (guint i = 0; has_token != NULL && self->calls == NULL && i < G_N_ELEMENTS (formats); i++)
    if (formats[i].token != NULL && has_token (formats[i].token, user_data))
      self->calls = &formats[i];
  if (self->reasoning == NULL && has_token != NULL && (source == NULL || strstr (source, "<think>") == NULL))
    for (guint i = 0; self->reasoning == NULL && i < last; i++)
      if (has_token (reasonings[i].open, user_data))
        self->reasoning = &reasonings[i];

  if (self->calls == NULL)
    self->calls = &no_calls;
  if (self->reasoning == NULL)
    self->reasoning = &reasonings[last];
}

gboolean
sotto_reply_style_has_marker (const SottoReplyStyle *self,
                              const char            *text,
                              gsize                  length)
{
  const SottoReplyFormat *calls = self->calls;

  if (text == NULL || length == 0)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (calls->markers) && calls->markers[i].text != NULL; i++)
    if (memmem (calls->markers[i].text, strlen (calls->markers[i].text), text, length) != NULL)
      return TRUE;

  return memmem (self->reasoning->open, strlen (self->reasoning->open), text, length) != NULL
         || memmem (self->reasoning->close, strlen (self->reasoning->close), text, length) != NULL;
}
