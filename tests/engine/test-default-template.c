/* Which template a model gets that brings none, how it is rendered (the prompts are those of the
 * formats' makers, written out), which models are base models, and which template tools get. */

#include <glib/gstdio.h>
#include <string.h>

#include "gguf-writer.h"
#include "sotto-engine.h"

typedef struct {
  const char *name;             /* general.name */
  const char *tokens;           /* control tokens of the vocabulary beside <s> and </s> */
  const char *chat_template;    /* nullable */
  const char *basename;         /* nullable: general.basename, which older files have not */
  const char *tag;              /* nullable */
} File;

static SottoModel *
open_file (const File *file, gboolean has_tool_template)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_auto (GStrv) special = g_strsplit (file->tokens, " ", -1);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SottoModel *model;
  int fd;

  g_ptr_array_add (tokens, g_strdup ("<unk>"));
  g_ptr_array_add (tokens, g_strdup ("<s>"));
  g_ptr_array_add (tokens, g_strdup ("</s>"));
  for (guint i = 0; special[i] != NULL && *special[i] != '\0'; i++)
    g_ptr_array_add (tokens, g_strdup (special[i]));
  for (guint i = 0; i < tokens->len; i++)
    g_array_append_val (types, (gint32) { i == 0 ? 2 : 3 });
  for (guint i = 0; i < 256; i++)
    {
      g_ptr_array_add (tokens, g_strdup_printf ("<0x%02X>", i));
      g_array_append_val (types, (gint32) { 6 });
    }

  gguf_writer_add_string (writer, "general.architecture", "llama");
  if (file->name != NULL)
    gguf_writer_add_string (writer, "general.name", file->name);
  if (file->basename != NULL)
    gguf_writer_add_string (writer, "general.basename", file->basename);
  if (file->tag != NULL)
    gguf_writer_add_strings (writer, "general.tags", &file->tag, 1);
  gguf_writer_add_string (writer, "tokenizer.ggml.model", "llama");
  gguf_writer_add_strings (writer, "tokenizer.ggml.tokens", (const char *const *) tokens->pdata,
                           tokens->len);
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type",
                          (const gint32 *) (gpointer) types->data, types->len);
  if (file->chat_template != NULL)
    gguf_writer_add_string (writer, "tokenizer.chat_template", file->chat_template);
  if (file->chat_template != NULL && has_tool_template)
    gguf_writer_add_string (writer, "tokenizer.chat_template.tool_use", "with tools");
  bytes = gguf_writer_finish (writer);

  fd = g_file_open_tmp ("sotto-XXXXXX.gguf", &path, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_unlink (path);

  return model;
}

static SottoModel *
open_model (const File *file)
{
  return open_file (file, TRUE);
}

/* --- Prompts --- */

static const struct {
  File file;
  const char *format;
  const char *prompt;           /* of: system S, user U, assistant A, user V */
} formats[] = {
  { { "x", "<|im_start|> <|im_end|>" }, "chatml",
    "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n"
    "<|im_start|>user\nV<|im_end|>\n<|im_start|>assistant\n" },
  { { "x", "<|start_header_id|> <|end_header_id|> <|eot_id|>" }, "llama-3",
    "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
    "U<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nV<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n" },
  { { "x", "<start_of_turn> <end_of_turn>" }, "gemma",
    "<start_of_turn>user\nS\n\nU<end_of_turn>\n<start_of_turn>model\nA<end_of_turn>\n"
    "<start_of_turn>user\nV<end_of_turn>\n<start_of_turn>model\n" },
  { { "x", "<|turn> <turn|>" }, "gemma-4",
    "<|turn>system\nS<turn|>\n<|turn>user\nU<turn|>\n<|turn>model\nA<turn|>\n<|turn>user\nV<turn|>\n"
    "<|turn>model\n" },
  { { "x", "[INST] [/INST]" }, "mistral", "[INST]S\n\nU[/INST]A</s>[INST]V[/INST]" },
  { { "x", "<|user|> <|assistant|> <|end|>" }, "phi-3",
    "<|system|>\nS<|end|>\n<|user|>\nU<|end|>\n<|assistant|>\nA<|end|>\n<|user|>\nV<|end|>\n<|assistant|>\n" },
  { { "x", "<｜User｜> <｜Assistant｜>" }, "deepseek", "S<｜User｜>U<｜Assistant｜>A</s><｜User｜>V<｜Assistant｜>" },
  { { "x", "[gMASK] <sop> <|user|> <|assistant|>" }, "glm-4",
    "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA<|user|>\nV<|assistant|>\n" },
  { { "x", "<|start_of_role|> <|end_of_role|> <|end_of_text|>" }, "granite",
    "<|start_of_role|>system<|end_of_role|>S<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>U"
    "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>A<|end_of_text|>\n"
    "<|start_of_role|>user<|end_of_role|>V<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>" },
  { { "x", "<|END_OF_TURN_TOKEN|> <|START_OF_TURN_TOKEN|> <|CHATBOT_TOKEN|> <|USER_TOKEN|>" }, "command-r",
    "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>S<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>U"
    "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>A<|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>V<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>" },
  { { "Llama 2 7B Chat", "" }, "llama-2",
    "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST] A </s><s>[INST] V [/INST]" },
  { { "Mistral-7B-Instruct-v0.1", "" }, "mistral", "[INST] S\n\nU [/INST]A</s>[INST] V [/INST]" },
  { { "zephyr-7b-beta", "" }, "zephyr",
    "<|system|>\nS</s>\n<|user|>\nU</s>\n<|assistant|>\nA</s>\n<|user|>\nV</s>\n<|assistant|>\n" },
  { { "Vicuna 13B v1.5", "" }, "vicuna", "S USER: U ASSISTANT: A</s>USER: V ASSISTANT:" },
  { { "MythoMax L2 13B", "" }, "alpaca",
    "S\n\n### Instruction:\nU\n\n### Response:\nA\n\n### Instruction:\nV\n\n### Response:\n" },
  /* What the vocabulary says counts for more than the name. */
  { { "dolphin-2.6-mistral-7b-instruct", "<|im_start|> <|im_end|>" }, "chatml", NULL },
  /* Turns can be marked by tokens of no known format. */
  { { "x", "<end_of_utterance>" }, "plain", NULL },
};

static void
test_format (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (SottoModel) model = open_model (&formats[i].file);
  const SottoModelInfo *info = sotto_model_get_info (model);
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (info->has_template);
  g_assert_false (info->is_base);
  g_assert_cmpstr (info->default_template, ==, formats[i].format);

  sotto_messages_append (messages, "system", "S");
  sotto_messages_append (messages, "user", "U");
  sotto_messages_append (messages, "assistant", "A");
  sotto_messages_append (messages, "user", "V");
  prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
  g_assert_no_error (error);
  if (formats[i].prompt != NULL)
    g_assert_cmpstr (prompt->text->str, ==, formats[i].prompt);
}

/* What a person types is no mark of a turn in any of them; what the template writes is. */
static void
test_typed (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (SottoModel) model = open_model (&formats[i].file);
  g_autofree char *all = g_strconcat (formats[i].file.tokens, "<s></s><unk>", NULL);
  GHashTable *counts[2];

  for (guint typed = 0; typed < 2; typed++)
    {
      g_autoptr (SottoMessages) messages = sotto_messages_new ();
      g_autoptr (SottoPrompt) prompt = NULL;
      g_autoptr (GError) error = NULL;

      counts[typed] = g_hash_table_new (NULL, NULL);
      sotto_messages_append (messages, "system", typed ? all : "S");
      sotto_messages_append (messages, "user", typed ? all : "U");
      sotto_messages_append (messages, "assistant", typed ? all : "A");
      sotto_messages_append (messages, "user", typed ? all : "V");
      prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
      g_assert_no_error (error);

      for (guint j = 0; j < prompt->tokens->len; j++)
        {
          gint32 id = g_array_index (prompt->tokens, gint32, j);
          g_autoptr (GString) text = g_string_new (NULL);
          g_autoptr (GString) silent = g_string_new (NULL);

          /* Control tokens are those that have a text only if asked for it. */
          sotto_model_append_token_text (model, id, TRUE, text);
          sotto_model_append_token_text (model, id, FALSE, silent);
          if (text->len > 0 && silent->len == 0)
            g_hash_table_insert (counts[typed], GINT_TO_POINTER (id),
                                 GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (
                                                     counts[typed], GINT_TO_POINTER (id))) + 1));
        }
    }

  g_assert_cmpuint (g_hash_table_size (counts[0]), ==, g_hash_table_size (counts[1]));
  {
    GHashTableIter iter;
    gpointer id;
    gpointer n;

    g_hash_table_iter_init (&iter, counts[0]);
    while (g_hash_table_iter_next (&iter, &id, &n))
      g_assert_true (g_hash_table_lookup (counts[1], id) == n);
  }
  g_hash_table_unref (counts[0]);
  g_hash_table_unref (counts[1]);
}

/* --- Base models --- */

static void
test_base (void)
{
  static const struct {
    File file;
    gboolean is_base;
    const char *stand_in;
  } cases[] = {
    { { "Gemma 3 270m", "<start_of_turn> <end_of_turn>", NULL, "gemma-3", "text-generation" }, TRUE, "completion" },
    { { "Gemma 3 270m It", "<start_of_turn> <end_of_turn>", NULL, "gemma-3", NULL }, FALSE, "gemma" },
    { { "Something", "<start_of_turn> <end_of_turn>", NULL, "something", "conversational" }, FALSE, "gemma" },
    { { "Old File", "<start_of_turn> <end_of_turn>", NULL, NULL, NULL }, FALSE, "gemma" },
    { { "Llama 7B", "", NULL, NULL, NULL }, TRUE, "completion" },
    { { "Meta-Llama-3-8B-Base", "<|start_header_id|> <|end_header_id|> <|eot_id|>", NULL, NULL, NULL }, TRUE,
      "completion" },
    { { "Qwen Base", "<|im_start|> <|im_end|>", "a template", NULL, NULL }, TRUE, "completion" },
    { { "Database Assistant", "<|im_start|> <|im_end|>", "a template", NULL, NULL }, FALSE, NULL },
    { { "Anything", "", "a template", NULL, NULL }, FALSE, NULL },
    { { "Anything", "", NULL, NULL, "base" }, TRUE, "completion" },
    { { "Base Instruct", "", NULL, NULL, NULL }, FALSE, "plain" },
    { { "Code Llama 7B Instruct", "", NULL, NULL, NULL }, FALSE, "llama-2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SottoModel) model = open_model (&cases[i].file);
      const SottoModelInfo *info = sotto_model_get_info (model);
      g_autofree char *description = sotto_model_describe (model, 0);

      g_test_message ("%s", cases[i].file.name);
      g_assert_cmpint (info->is_base, ==, cases[i].is_base);
      g_assert_cmpstr (info->default_template, ==, cases[i].stand_in);
      g_assert_nonnull (strstr (description, cases[i].is_base ? "\"is_base\": true" : "\"is_base\": false"));
    }
}

/* A base model is given the text and nothing else. */
static void
test_completion (void)
{
  const File file = { "Llama 7B", "", NULL, NULL, NULL };
  g_autoptr (SottoModel) model = open_model (&file);
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  g_autoptr (GError) error = NULL;

  sotto_messages_append (messages, "user", "Once upon a ");
  sotto_messages_append (messages, "assistant", "time there was");
  sotto_messages_append (messages, "user", " a </s>");
  prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (prompt->text->str, ==, "Once upon a time there was a </s>");
  /* BOS, the space that the tokenizer adds, and a byte each. */
  g_assert_cmpuint (prompt->tokens->len, ==, 2 + strlen ("Once upon a time there was a </s>"));
  g_assert_cmpint (g_array_index (prompt->tokens, gint32, 0), ==, 1);
}

static void
test_tools (void)
{
  const File file = { "x", "", "without", NULL, NULL };
  g_autoptr (SottoModel) model = open_model (&file);
  static const char json[] = "[{\"role\":\"user\",\"content\":\"U\"}]";
  static const char *const tools[] = { NULL, "[]", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]" };
  g_autofree char *hash = NULL;

  g_assert_true (sotto_model_get_info (model)->has_tools);
  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoMessages) messages = sotto_messages_new_from_json (json, -1, tools[i], -1, &error);
      g_autoptr (SottoPrompt) prompt = NULL;

      g_assert_no_error (error);
      prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (prompt->text->str, ==, i == 2 ? "with tools" : "without");
      if (i == 0)
        hash = g_strdup (prompt->template_hash);
      if (i == 2)
        g_assert_cmpstr (hash, !=, prompt->template_hash);
    }
}

/* A place for tools is one where they stand, not one where they are only asked for. */
static void
test_has_tools (void)
{
  static const struct {
    const char *words;
    const char *source;
    gboolean has_tools;
  } cases[] = {
    { "", "{% for t in tools %}{{ t.function.name }}{% endfor %}", TRUE },
    { "", "{% if tools %}{{ tools | tojson }}{% endif %}{{ messages[0].content }}", TRUE },
    { "", "{% if tools %}{{ raise_exception('no') }}{% endif %}x", FALSE },
    { "", "{% if tools is defined %}with{% endif %}{{ messages[0].content }}", FALSE },
    { "", "{{ messages[0].content }}", FALSE },
    { "", "{% broken tools", FALSE },
    { "base", "{{ tools | tojson }}", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const File file = { "Anything", "", cases[i].source, NULL, cases[i].words };
      g_autoptr (SottoModel) model = open_file (&file, FALSE);

      g_test_message ("%s", cases[i].source);
      g_assert_cmpint (sotto_model_get_info (model)->has_tools, ==, cases[i].has_tools);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *format = g_strdup_printf ("/default-template/format/%u-%s", i, formats[i].format);
      g_autofree char *typed = g_strdup_printf ("/default-template/typed/%u-%s", i, formats[i].format);

      g_test_add_data_func (format, GUINT_TO_POINTER (i), test_format);
      g_test_add_data_func (typed, GUINT_TO_POINTER (i), test_typed);
    }
  g_test_add_func ("/default-template/base", test_base);
  g_test_add_func ("/default-template/completion", test_completion);
  g_test_add_func ("/default-template/tools", test_tools);
  g_test_add_func ("/default-template/has-tools", test_has_tools);

  return g_test_run ();
}
