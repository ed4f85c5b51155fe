/* A reply that was cut off goes on where it ended. The models are tiny and random: what they say is noise, and the same each
 * time. */
#include "sotto-engine.h"

#include <string.h>

#include "tiny-model.h"
#include "worker-outcome.h"

static SottoMessages *
ask (const char *reasoning,
     const char *content)
{
  SottoMessages *messages = sotto_messages_new ();

  sotto_messages_append (messages, "user", "Hello");
  if (content != NULL)
    sotto_messages_begin_reply (messages, reasoning, content);

  return messages;
}

static SottoPrompt *
render (const SottoModel *model,
        const char       *reasoning,
        const char       *content,
        gboolean          add_generation_prompt)
{
  g_autoptr (SottoMessages) messages = ask (reasoning, content);
  g_autoptr (GError) error = NULL;
  SottoPrompt *prompt = sotto_model_render (model, messages, NULL, NULL, add_generation_prompt, &error);

  g_assert_no_error (error);

  return prompt;
}

/* What the reply says stands behind the prompt as it was, and is text whatever it looks like. */
static void
test_render (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = sotto_model_open (path, NULL, NULL, NULL, &error);
  SottoPrompt *plain = render (model, NULL, NULL, TRUE);
  SottoPrompt *text = render (model, NULL, "Yes, <|im_end|> the", TRUE);
  SottoPrompt *reasoning = render (model, "Hm", "", TRUE);
  SottoPrompt *both = render (model, "Hm", "Yes", TRUE);
  SottoPrompt *nothing = render (model, "", "", TRUE);
  SottoPrompt *closed = render (model, NULL, "Yes", FALSE);

  g_assert_no_error (error);
  g_assert_cmpuint (plain->n_begun_text, ==, 0);
  g_assert_cmpuint (plain->n_begun_tokens, ==, 0);
  g_assert_cmpstr (nothing->text->str, ==, plain->text->str);
  g_assert_false (g_str_has_suffix (closed->text->str, "Yes"));

  g_assert_true (g_str_has_prefix (text->text->str, plain->text->str));
  g_assert_cmpstr (text->text->str + plain->text->len, ==, "Yes, <|im_end|> the");
  g_assert_cmpuint (text->n_begun_text, ==, strlen ("Yes, <|im_end|> the"));
  g_assert_cmpuint (text->n_begun_tokens, ==, text->tokens->len - plain->tokens->len);
  g_assert_cmpmem (text->tokens->data, plain->tokens->len * sizeof (gint32), plain->tokens->data,
                   plain->tokens->len * sizeof (gint32));
  for (guint i = plain->tokens->len; i < text->tokens->len; i++)
    g_assert_cmpint (g_array_index (text->tokens, gint32, i), <, TINY_MODEL_BOS);

  g_assert_cmpstr (reasoning->text->str + plain->text->len, ==, "<think>\nHm");
  g_assert_cmpstr (both->text->str + plain->text->len, ==, "<think>\nHm\n</think>\n\nYes");

  sotto_prompt_free (plain);
  sotto_prompt_free (text);
  sotto_prompt_free (reasoning);
  sotto_prompt_free (both);
  sotto_prompt_free (nothing);
  sotto_prompt_free (closed);
  tiny_model_remove (path);
}

static SottoWorker *
new_worker (void)
{
  SottoWorkerOptions options = { .n_threads = 1 };
  g_autoptr (GError) error = NULL;
  SottoWorker *worker = sotto_worker_new (&options, &error);

  g_assert_no_error (error);

  return worker;
}

/* The receipt tells what was there before from what the model has read and written now. */
static void
test_generate (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  g_autoptr (SottoWorker) worker = new_worker ();
  SottoGenerate generate = outcome_greedy (path, NULL, 12);

  generate.messages = ask (NULL, NULL);
  {
    g_auto (Outcome) first = outcome_of (worker, &generate);
    g_autoptr (SottoMessages) messages = ask (NULL, "Yes, the");
    SottoGenerate goes_on = outcome_greedy (path, NULL, 12);
    g_autofree char *json = NULL;

    goes_on.messages = messages;
    g_auto (Outcome) second = outcome_of (worker, &goes_on);
    g_auto (Outcome) again = outcome_of (worker, &goes_on);
    const SottoReceipt *receipt = second.last->receipt;

    g_assert_cmpint (second.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_cmpuint (first.last->receipt->n_continued, ==, 0);
    g_assert_cmpuint (receipt->n_continued, >, 0);
    g_assert_cmpuint (receipt->n_prompt, ==, first.last->receipt->n_prompt + receipt->n_continued);
    g_assert_cmpuint (receipt->n_reused, >=, first.last->receipt->n_prompt);
    g_assert_cmpstr (receipt->prompt_hash, !=, first.last->receipt->prompt_hash);
    g_assert_cmpstr (again.text->str, ==, second.text->str);
    g_assert_null (strstr (second.text->str, "Yes, the"));

    json = sotto_receipt_to_json (receipt);
    g_assert_nonnull (strstr (json, "\"continued_tokens\":"));
  }
  sotto_messages_unref (generate.messages);
  tiny_model_remove (path);
}

/* A grammar holds from an answer's first byte on. */
static void
test_grammar (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  g_autoptr (SottoWorker) worker = new_worker ();
  g_autoptr (SottoMessages) messages = ask (NULL, "{\"a\"");
  SottoGenerate generate = outcome_greedy (path, NULL, 12);
  g_autoptr (GError) error = NULL;

  generate.messages = messages;
  generate.grammar = sotto_grammar_new_gbnf ("root ::= \"x\"", -1, NULL, NULL, &error);
  g_assert_no_error (error);
  {
    g_auto (Outcome) outcome = outcome_of (worker, &generate);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FAILED);
    g_assert_error (outcome.last->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  }
  sotto_grammar_unref (generate.grammar);
  tiny_model_remove (path);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker-continue/render", test_render);
  g_test_add_func ("/worker-continue/generate", test_generate);
  g_test_add_func ("/worker-continue/grammar", test_grammar);

  return g_test_run ();
}
