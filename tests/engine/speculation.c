#include "speculation.h"

#include <string.h>

#define PATIENCE (120 * G_USEC_PER_SEC)

#define GREEDY { .repetition_penalty = 1 }

static const char person[] =
  "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":12},\"names\":{\"type\":\"array\","
  "\"items\":{\"type\":\"string\",\"maxLength\":8},\"minItems\":3,\"maxItems\":5}},\"required\":[\"name\",\"names\"],"
  "\"additionalProperties\":false}";

static const char order[] =
  "{\"type\":\"object\",\"properties\":{\"customer_name\":{\"type\":\"string\",\"maxLength\":4},\"order_number\":"
  "{\"type\":\"integer\",\"maximum\":99,\"minimum\":0},\"is_urgent\":{\"type\":\"boolean\"},\"requested_action\":"
  "{\"enum\":[\"replacement\",\"information\",\"cancellation\"]}},\"required\":[\"customer_name\",\"order_number\","
  "\"is_urgent\",\"requested_action\"],\"additionalProperties\":false}";

const SpeculationWay speculation_ways[] = {
  { "greedy", GREEDY, 60, 0, NULL, NULL, NULL },
  { "temperature", { .temperature = 0.4f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f,
                     .repetition_penalty = 1, .seed = 11 }, 60, 0, NULL, NULL, NULL },
  { "hot", { .temperature = 1, .repetition_penalty = 1, .top_p = 1, .seed = 5 }, 40, 0, NULL, NULL, NULL },
  { "penalties", { .temperature = 0.3f, .repetition_penalty = 1.1f, .repetition_window = 32, .frequency_penalty = 0.2f,
                   .presence_penalty = 0.1f, .top_p = 1, .seed = 3 }, 60, 0, NULL, NULL, NULL },
  { "dry", { .temperature = 0, .repetition_penalty = 1, .dry_multiplier = 0.8f, .dry_base = 1.75f,
             .dry_allowed_length = 4 }, 60, 0, NULL, NULL, NULL },
  { "mirostat", { .temperature = 0.8f, .repetition_penalty = 1, .mirostat_tau = 3, .mirostat_eta = 0.1f, .seed = 9 },
    60, 0, NULL, NULL, NULL },
  { "xtc", { .temperature = 0.5f, .repetition_penalty = 1, .xtc_probability = 0.3f, .xtc_threshold = 0.1f, .top_p = 1,
             .typical_p = 0.9f, .seed = 21 }, 60, 0, NULL, NULL, NULL },
  { "schema", { .temperature = 0.5f, .repetition_penalty = 1, .top_p = 1, .seed = 2 }, 60, 0, NULL, person, NULL },
  { "forced", { .temperature = 1, .repetition_penalty = 1, .top_p = 1, .seed = 6 }, 120, 0, NULL, order, NULL },
};
const guint n_speculation_ways = G_N_ELEMENTS (speculation_ways);

/* What a reply came to, in words that are the same for the same reply however its events were joined. */
typedef struct {
  GString *said;
  SottoEvent *last;
} Reply;

static void
reply_clear (Reply *self)
{
  g_string_free (self->said, TRUE);
  g_clear_pointer (&self->last, sotto_event_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear)

static gboolean
is_last (SottoEventKind kind)
{
  return kind == SOTTO_EVENT_FINISHED || kind == SOTTO_EVENT_FAILED || kind == SOTTO_EVENT_CANCELLED;
}

/* @cancel_at: cancels when so many bytes have been said; 0: never */
static Reply
listen (SottoWorker         *worker,
        const SottoGenerate *generate,
        gsize                cancel_at)
{
  Reply reply = { g_string_new (NULL), NULL };
  guint64 id = sotto_worker_generate (worker, generate);
  SottoEventKind kind = SOTTO_EVENT_LOADED;
  guint64 done = 0;

  while (reply.last == NULL)
    {
      SottoEvent *event = sotto_worker_wait_event (worker, PATIENCE);

      g_assert_nonnull (event);
      if (event->request == id && event->text != NULL)
        {
          if (event->kind != kind || event->kind == SOTTO_EVENT_TOOL_CALL)
            g_string_append_printf (reply.said, "\n<%d/%d>", event->kind, event->call_step);
          kind = event->kind;
          g_assert_cmpuint (event->done, >=, done);
          done = event->done;
          g_string_append (reply.said, event->text);
          if (cancel_at > 0 && reply.said->len >= cancel_at)
            sotto_worker_cancel (worker, id);
        }
      if (event->request == id && is_last (event->kind))
        reply.last = event;
      else
        sotto_event_free (event);
    }

  return reply;
}

static SottoGenerate
ask (const char           *path,
     SottoMessages        *messages,
     const char           *text,
     const SpeculationWay *way,
     SottoSpeculation      speculation)
{
  return (SottoGenerate) {
    .path = path,
    .n_context = way->n_context,
    .messages = messages,
    .text = messages == NULL ? text : NULL,
    .sampler = way->sampler,
    .max_tokens = way->max_tokens,
    .speculation = speculation,
  };
}

static void
assert_receipts (const SottoReceipt *a,
                 const SottoReceipt *b)
{
  g_assert_cmpuint (a->n_prompt, ==, b->n_prompt);
  g_assert_cmpuint (a->n_reused, ==, b->n_reused);
  g_assert_cmpuint (a->n_generated, ==, b->n_generated);
  g_assert_cmpuint (a->n_reasoning, ==, b->n_reasoning);
  g_assert_cmpstr (a->prompt_hash, ==, b->prompt_hash);
  g_assert_cmpstr (a->ended, ==, b->ended);
  g_assert_cmpmem (a->stretches->data, a->stretches->len * sizeof (SottoStretch),
                   b->stretches->data, b->stretches->len * sizeof (SottoStretch));
}

guint
speculation_check (SottoWorker          *plain,
                   SottoWorker          *other,
                   const char           *path,
                   SottoMessages        *messages,
                   const char           *text,
                   const SpeculationWay *way)
{
  const char *stops[] = { way->stop, NULL };
  SottoGenerate generate = ask (path, messages, text, way, SOTTO_SPECULATION_NEVER);
  g_autoptr (SottoGrammar) grammar = NULL;
  g_autoptr (GError) error = NULL;
  guint n_accepted;

  if (way->schema != NULL)
    {
      grammar = sotto_grammar_new_json_schema (way->schema, -1, NULL, &error);
      g_assert_no_error (error);
    }
  generate.grammar = grammar;
  generate.stop = way->stop != NULL ? stops : NULL;
  {
    g_auto (Reply) expected = listen (plain, &generate, 0);
    g_auto (Reply) reply = { 0 };

    generate.speculation = SOTTO_SPECULATION_ALWAYS;
    reply = listen (other, &generate, 0);
    g_assert_no_error (expected.last->error);
    g_assert_no_error (reply.last->error);
    g_assert_cmpstr (reply.said->str, ==, expected.said->str);
    g_assert_cmpint (reply.last->kind, ==, expected.last->kind);
    g_assert_cmpint (reply.last->reason, ==, expected.last->reason);
    g_assert_cmpuint (reply.last->done, ==, expected.last->done);
    g_assert_cmpuint (reply.last->total, ==, expected.last->total);
    assert_receipts (expected.last->receipt, reply.last->receipt);
    g_assert_cmpuint (expected.last->receipt->n_drafted, ==, 0);
    if (way->ended != NULL)
      g_assert_cmpstr (reply.last->receipt->ended, ==, way->ended);
    n_accepted = reply.last->receipt->n_accepted;
    g_test_message ("%s: %u tokens, %u of %u guesses, %s", way->name, reply.last->receipt->n_generated, n_accepted,
                    reply.last->receipt->n_drafted, reply.last->receipt->ended);
  }

  return n_accepted;
}

void
speculation_check_cancel (SottoWorker   *plain,
                          SottoWorker   *other,
                          const char    *path,
                          SottoMessages *messages,
                          const char    *text,
                          guint          max_tokens)
{
  SpeculationWay way = { "cancelled", GREEDY, max_tokens, 0, NULL, NULL, NULL };
  SottoGenerate generate = ask (path, messages, text, &way, SOTTO_SPECULATION_NEVER);
  g_auto (Reply) expected = listen (plain, &generate, 0);

  generate.speculation = SOTTO_SPECULATION_ALWAYS;
  for (gsize at = 8; at < 80; at += 24)
    {
      g_auto (Reply) cut = listen (other, &generate, at);

      g_test_message ("cancelled at %zu: %u of %u tokens", at, cut.last->receipt->n_generated,
                      expected.last->receipt->n_generated);
      g_assert_cmpint (strncmp (expected.said->str, cut.said->str, cut.said->len), ==, 0);
    }
  {
    g_auto (Reply) again = listen (other, &generate, 0);

    g_assert_cmpstr (again.said->str, ==, expected.said->str);
  }
}
