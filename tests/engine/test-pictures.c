/* Pictures in prompts: where templates put them, what stands there, and that nobody's text gets there.
 *
 * The templates are those of the models' authors, or what of them is about content; what they give for text and images was
 * read off transformers' own (the same templates with its apply_chat_template), with the placeholder replaced by what the
 * double lays out. */

#include "sotto-engine.h"
#include "sotto-error.h"
#include "tiny-model.h"
#include "vision-double.h"

#include <string.h>

/* HuggingFaceTB/SmolVLM-256M-Instruct: text in lists only */
#define SMOLVLM \
  "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}{{':'}}" \
  "{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}" \
  "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}" \
  "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"

/* google/gemma-3-4b-it, without its system message */
#define GEMMA_3 \
  "{%- for message in messages -%}{{ '<start_of_turn>' + message['role'] + '\\n' }}{%- if message['content'] is string -%}" \
  "{{ message['content'] | trim }}{%- elif message['content'] is iterable -%}{%- for item in message['content'] -%}" \
  "{%- if item['type'] == 'image' -%}{{ '<start_of_image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}" \
  "{%- endif -%}{%- endfor -%}{%- endif -%}{{ '<end_of_turn>\\n' }}{%- endfor -%}" \
  "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}"

/* llava-hf/llava-1.5-7b-hf */
#define LLAVA \
  "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}" \
  "{# Render all images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}" \
  "{% endfor %}{# Render all text next #}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}" \
  "{{ content['text'] + ' '}}{% endfor %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"

/* LiquidAI/LFM2-VL-450M, of a message */
#define LFM2_VL \
  "{{- '<|startoftext|>' -}}{%- for message in messages -%}{{- '<|im_start|>' + message['role'] + '\\n' -}}" \
  "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}{%- for item in message['content'] -%}" \
  "{%- if item['type'] == 'image' -%}{{- '<image>' -}}{%- elif item['type'] == 'text' -%}{{- item['text'] -}}{%- endif -%}" \
  "{%- endfor -%}{%- endif -%}{{- '<|im_end|>\\n' -}}{%- endfor -%}" \
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"

/* Qwen2-VL's parts */
#define QWEN_VL \
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}" \
  "{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content %}" \
  "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}" \
  "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

/* Takes lists, and refuses what is no text */
#define REFUSING \
  "{% for message in messages %}[{{ message['role'] }}]{% for item in message['content'] %}{% if item['type'] == 'text' %}" \
  "{{ item['text'] }}{% else %}{{ raise_exception('only text') }}{% endif %}{% endfor %}{% endfor %}"

/* Has no place for what a user says. */
#define DEAF "{% for message in messages %}[{{ message['role'] }}]{% endfor %}"

/* What the double lays out for a picture of one pixel's height. */
#define SEEN "<|im_start|><|im_end|>"

/* What somebody types who would like to show a picture. */
#define TYPED "<image>\xef\xbf\xbc<start_of_image>?"

typedef struct {
  const char *name;
  const char *source;
  const char *seen;        /* system "Be brief.", user with a picture TYPED, assistant "Red.", user with two pictures "And these?" */
  const char *text;        /* the same without pictures */
} Case;

static const Case cases[] = {
  { "smolvlm", SMOLVLM,
    "<|im_start|>System: Be brief.<end_of_utterance>\nUser:" SEEN TYPED "<end_of_utterance>\nAssistant: Red.<end_of_utterance>\n"
    "User:" SEEN SEEN "And these?<end_of_utterance>\nAssistant:",
    "<|im_start|>System: Be brief.<end_of_utterance>\nUser: " TYPED "<end_of_utterance>\nAssistant: Red.<end_of_utterance>\n"
    "User: And these?<end_of_utterance>\nAssistant:" },
  { "gemma3", GEMMA_3,
    "<start_of_turn>system\nBe brief.<end_of_turn>\n<start_of_turn>user\n" SEEN TYPED "<end_of_turn>\n"
    "<start_of_turn>assistant\nRed.<end_of_turn>\n<start_of_turn>user\n" SEEN SEEN "And these?<end_of_turn>\n<start_of_turn>model\n",
    "<start_of_turn>system\nBe brief.<end_of_turn>\n<start_of_turn>user\n" TYPED "<end_of_turn>\n"
    "<start_of_turn>assistant\nRed.<end_of_turn>\n<start_of_turn>user\nAnd these?<end_of_turn>\n<start_of_turn>model\n" },
  { "llava", LLAVA,
    "Be brief. USER: " SEEN "\n" TYPED " ASSISTANT: Red. USER: " SEEN "\n" SEEN "\nAnd these? ASSISTANT:",
    "Be brief. USER: " TYPED " ASSISTANT: Red. USER: And these? ASSISTANT:" },
  { "lfm2-vl", LFM2_VL,
    "<|startoftext|><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" SEEN TYPED "<|im_end|>\n"
    "<|im_start|>assistant\nRed.<|im_end|>\n<|im_start|>user\n" SEEN SEEN "And these?<|im_end|>\n<|im_start|>assistant\n",
    "<|startoftext|><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" TYPED "<|im_end|>\n"
    "<|im_start|>assistant\nRed.<|im_end|>\n<|im_start|>user\nAnd these?<|im_end|>\n<|im_start|>assistant\n" },
  { "qwen-vl", QWEN_VL,
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" SEEN TYPED "<|im_end|>\n<|im_start|>assistant\nRed.<|im_end|>\n"
    "<|im_start|>user\n" SEEN SEEN "And these?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" TYPED "<|im_end|>\n<|im_start|>assistant\nRed.<|im_end|>\n"
    "<|im_start|>user\nAnd these?<|im_end|>\n<|im_start|>assistant\n" },
  /* Knows of no pictures: before the text. */
  { "strings", TINY_MODEL_CHAT,
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" SEEN TYPED "<|im_end|>\n<|im_start|>assistant\nRed.<|im_end|>\n"
    "<|im_start|>user\n" SEEN SEEN "And these?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" TYPED "<|im_end|>\n<|im_start|>assistant\nRed.<|im_end|>\n"
    "<|im_start|>user\nAnd these?<|im_end|>\n<|im_start|>assistant\n" },
  { "refusing", REFUSING, "[system]Be brief.[user]" SEEN TYPED "[assistant]Red.[user]" SEEN SEEN "And these?",
    "[system]Be brief.[user]" TYPED "[assistant]Red.[user]And these?" },
};

static SottoModel *
open_model (const char *source)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SottoModel *model;

  tiny.template_source = source;
  path = tiny_model_write_temporary (&tiny);
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  tiny_model_remove (path);
  return model;
}

static void
add_picture (SottoMessages *messages, guint width, guint height)
{
  g_autoptr (SottoImage) image = vision_double_image (width, height, (guint8) width);

  sotto_messages_append_image (messages, image);
}

static SottoMessages *
make_messages (gboolean has_pictures)
{
  SottoMessages *messages = sotto_messages_new ();

  sotto_messages_append (messages, "system", "Be brief.");
  sotto_messages_append (messages, "user", TYPED);
  if (has_pictures)
    add_picture (messages, 3, 1);
  sotto_messages_append (messages, "assistant", "Red.");
  sotto_messages_append (messages, "user", "And these?");
  if (has_pictures)
    {
      add_picture (messages, 5, 1);
      add_picture (messages, 7, 1);
    }
  return messages;
}

static SottoPrompt *
render (const SottoModel *model, const SottoMessages *messages)
{
  g_autoptr (SottoVision) vision = sotto_vision_open ("double", NULL, NULL);
  g_autoptr (GError) error = NULL;
  SottoPrompt *prompt = sotto_model_render (model, messages, vision, NULL, TRUE, &error);

  g_assert_no_error (error);
  return prompt;
}

static gint32
token_at (const SottoPrompt *prompt, guint i)
{
  return g_array_index (prompt->tokens, gint32, i);
}

/* Three pictures in their order, each between the control tokens of the layout, and no other number is negative. */
static void
check_rows (const SottoPrompt *prompt)
{
  guint n_rows = 0, n_negative = 0;

  g_assert_nonnull (prompt->rows);
  g_assert_cmpuint (prompt->rows->len, ==, 3);
  for (guint i = 0; i < prompt->rows->len; i++)
    {
      const SottoPromptRows *rows = &g_array_index (prompt->rows, SottoPromptRows, i);

      g_assert_cmpuint (rows->n_rows, ==, 3 + 2 * i);
      g_assert_cmpuint (sotto_image_get_width (rows->image), ==, rows->n_rows);
      g_assert_cmpuint (rows->first_row, ==, 0);
      g_assert_true (rows->together);
      g_assert_cmpint (token_at (prompt, rows->first - 1), ==, TINY_MODEL_START);
      g_assert_cmpint (token_at (prompt, rows->first + rows->n_rows), ==, TINY_MODEL_END);
      for (guint k = 0; k < rows->n_rows; k++)
        g_assert_cmpint (token_at (prompt, rows->first + k), <, 0);
      n_rows += rows->n_rows;
    }
  for (guint i = 0; i < prompt->tokens->len; i++)
    n_negative += token_at (prompt, i) < 0;
  g_assert_cmpuint (n_negative, ==, n_rows);
}

static void
test_template (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (SottoModel) model = open_model (test->source);
  g_autoptr (SottoMessages) with = make_messages (TRUE);
  g_autoptr (SottoMessages) without = make_messages (FALSE);
  g_autoptr (SottoPrompt) prompt = render (model, with);
  g_autoptr (SottoPrompt) text = render (model, without);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (prompt->text->str, ==, test->seen);
  check_rows (prompt);
  g_assert_cmpstr (text->text->str, ==, test->text);
  g_assert_null (text->rows);

  g_assert_null (sotto_model_render (model, with, NULL, NULL, TRUE, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "image");
}

/* A picture of several spans; what was begun of a reply is behind it. */
static void
test_spans (void)
{
  g_autoptr (SottoModel) model = open_model (SMOLVLM);
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  const SottoPromptRows *rows;
  guint n;

  sotto_messages_append (messages, "user", "");
  add_picture (messages, 7, 2);
  sotto_messages_begin_reply (messages, NULL, "ab");
  prompt = render (model, messages);
  g_assert_cmpstr (prompt->text->str, ==,
                   "<|im_start|>User:<|im_start|><|im_end|>\n<|im_end|><end_of_utterance>\nAssistant:ab");
  g_assert_cmpuint (prompt->rows->len, ==, 2);
  rows = (const SottoPromptRows *) (gconstpointer) prompt->rows->data;
  g_assert_cmpuint (rows[0].n_rows, ==, 3);
  g_assert_cmpuint (rows[1].n_rows, ==, 4);
  g_assert_cmpuint (rows[1].first_row, ==, 3);
  g_assert_cmpuint (rows[1].first, ==, rows[0].first + 3 + 2);
  g_assert_cmpint (token_at (prompt, rows[1].first - 2), ==, TINY_MODEL_END);
  n = prompt->tokens->len;
  g_assert_cmpuint (prompt->n_begun_tokens, ==, 2);
  g_assert_cmpuint (prompt->n_begun_text, ==, 2);
  /* Tokens of bytes are those bytes. */
  g_assert_cmpint (token_at (prompt, n - 1), ==, 'b');
  g_assert_cmpint (token_at (prompt, rows[1].first - 1), ==, '\n');
}

/* The same picture has the same numbers wherever it stands; another one, another row and another file have not. */
static void
test_numbers (void)
{
  g_autoptr (SottoModel) model = open_model (TINY_MODEL_CHAT);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  g_autoptr (SottoPrompt) elsewhere = NULL;
  const SottoPromptRows *rows;

  sotto_messages_append (messages, "user", "a");
  add_picture (messages, 200, 1);
  add_picture (messages, 201, 1);
  add_picture (messages, 200, 1);
  prompt = render (model, messages);
  vision_double.stamp = "another";
  elsewhere = render (model, messages);
  vision_double.stamp = NULL;

  g_assert_cmpuint (prompt->rows->len, ==, 3);
  rows = (const SottoPromptRows *) (gconstpointer) prompt->rows->data;
  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < rows[i].n_rows; k++)
      {
        g_assert_true (g_hash_table_add (seen, GINT_TO_POINTER (token_at (prompt, rows[i].first + k))));
        g_assert_true (g_hash_table_add (seen, GINT_TO_POINTER (token_at (elsewhere, rows[i].first + k))));
      }
  for (guint k = 0; k < rows[0].n_rows; k++)
    g_assert_cmpint (token_at (prompt, rows[2].first + k), ==, token_at (prompt, rows[0].first + k));
}

static void
test_deaf (void)
{
  g_autoptr (SottoModel) model = open_model (DEAF);
  g_autoptr (SottoMessages) messages = make_messages (TRUE);
  g_autoptr (SottoVision) vision = sotto_vision_open ("double", NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (sotto_model_render (model, messages, vision, NULL, TRUE, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
}

/* Templates of published models, where they are at hand: in each a picture stands right before the text of its message. Those
 * that fail without tools fail without pictures, too. */
static void
test_published (void)
{
  const char *source = g_getenv ("SOTTO_SOURCE_DIR");
  g_autofree char *folder = g_build_filename (source != NULL ? source : ".", "..", "shared", "templates", NULL);
  g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
  const char *name;

  if (files == NULL)
    {
      g_test_skip ("../shared/templates is not there");
      return;
    }

  while ((name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *text = NULL;
      g_autoptr (SottoModel) model = NULL;
      g_autoptr (SottoVision) vision = sotto_vision_open ("double", NULL, NULL);
      g_autoptr (SottoMessages) messages = sotto_messages_new ();
      g_autoptr (SottoPrompt) plain = NULL;
      g_autoptr (SottoPrompt) prompt = NULL;

      if (!g_str_has_suffix (name, ".jinja") || !g_file_get_contents (path, &text, NULL, NULL))
        continue;
      model = open_model (text);
      sotto_messages_append (messages, "user", "Look here");
      plain = sotto_model_render (model, messages, NULL, NULL, TRUE, NULL);
      add_picture (messages, 3, 1);
      prompt = sotto_model_render (model, messages, vision, NULL, TRUE, NULL);
      g_test_message ("%s", name);
      if (plain != NULL)
        g_assert_nonnull (prompt);
      if (prompt != NULL)
        g_assert_nonnull (strstr (prompt->text->str, SEEN "Look here"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/pictures/template/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_template);
    }
  g_test_add_func ("/pictures/spans", test_spans);
  g_test_add_func ("/pictures/numbers", test_numbers);
  g_test_add_func ("/pictures/deaf", test_deaf);
  g_test_add_func ("/pictures/published", test_published);

  return g_test_run ();
}
