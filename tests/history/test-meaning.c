/* Passages found by what they are about, with vectors of a real model that another program has made (meaning/README.md). */

#include "embedding.h"
#include "folders.h"
#include "passage-texts.h"

#include <math.h>
#include <string.h>

#define N_NUMBERS 384
#define EMBEDDER "all-MiniLM-L6-v2"

/* Asked in other words than the documents have */
static const TestQuestion other_words[] = {
  { "en", "What must I take off at the rear of a new one?", "washing-machine/manual.pdf", 0 },
  { "en", "It wobbles and walks around while spinning", "washing-machine/manual.pdf", 1 },
  { "en", "How do I hook it up to the plumbing?", "washing-machine/manual.pdf", 2 },
  { "en", "Must I sort my clothes and look for change in my trousers?", "washing-machine/manual.pdf", 3 },
  { "en", "How much soap powder should I put in?", "washing-machine/manual.pdf", 4 },
  { "en", "It is full and won't pump anything out", "washing-machine/manual.pdf", 5 },
  { "en", "There is a puddle underneath and nothing runs any more", "washing-machine/manual.pdf", 6 },
  { "en", "I cannot get my garments out, it will not let me in", "washing-machine/manual.pdf", 7 },
  { "en", "Can I make it begin at night while I sleep?", "washing-machine/manual.pdf", 8 },
  { "en", "It broke after eighteen months: is it mended for free?", "washing-machine/manual.pdf", 9 },
  { "en", "Who must give me permission to go?", "travel-expenses.md", 0 },
  { "en", "Am I allowed the better seats on the railway?", "travel-expenses.md", 1 },
  { "en", "Can I keep my airline loyalty points?", "travel-expenses.md", 2 },
  { "en", "What is the limit for overnight stays?", "travel-expenses.md", 3 },
  { "en", "How much pocket money do I get for food?", "travel-expenses.md", 4 },
  { "en", "I drive there myself: what will I be reimbursed?", "travel-expenses.md", 5 },
  { "en", "By when do I have to submit my bills?", "travel-expenses.md", 6 },
  { "en", "May I get some cash beforehand?", "travel-expenses.md", 7 },
  { "en", "What if I need medical treatment in another country?", "travel-expenses.md", 8 },
  { "en", "Do guests from outside get the same?", "travel-expenses.md", 9 },
};

/* Nothing answers these. */
static const char *const unanswered[] = {
  "Wer hat die Zauberflöte komponiert?", "Write a poem about the sea in autumn.",
  "Explain quantum entanglement to me in simple words.", "Кто написал «Войну и мир»?",
  "¿Quién ganó el mundial de 1998?", "Kto napisał Pana Tadeusza?", "珠穆朗玛峰有多高？",
  "Who composed The Magic Flute?", "What is the capital of Mongolia?", "How long should I boil an egg?",
  "Who won the world cup in 1998?", "What are the symptoms of the flu?", "How tall is Mount Everest?",
  "How do bees make honey?", "Translate good morning into Japanese.", "Which vitamins are in an orange?",
  "Tell me a joke about penguins.", "How old is the universe?", "What was the cause of the First World War?",
  "What did Anna say about the garden?", "How do I train a puppy?", "Suggest a name for my cat.", "How far is the moon?",
  "Thank you, that was helpful!",
};

/* --- Vectors --- */

typedef struct {
  SottoStore *store;
  char *folder;
  char *bytes; /* of the file */
  gsize size;
} Meaning;

/* The @index-th of the file, as floats: scale and bytes of each, as meaning/README.md has it */
static void
read_vector (const Meaning *self, guint index, float *vector)
{
  const char *at = self->bytes + index * (sizeof (float) + N_NUMBERS);
  float scale;

  g_assert_cmpuint ((index + 1) * (sizeof (float) + N_NUMBERS), <=, self->size);
  memcpy (&scale, at, sizeof scale);
  for (guint i = 0; i < N_NUMBERS; i++)
    vector[i] = scale * ((const gint8 *) at + sizeof scale)[i];
}

static GBytes *
vector_at (const Meaning *self, guint index)
{
  float *vector = g_new (float, N_NUMBERS);

  read_vector (self, index, vector);
  return g_bytes_new_take (vector, N_NUMBERS * sizeof *vector);
}

static guint
count_passages (void)
{
  guint n = 0;

  for (guint i = 0; i < test_n_passage_documents; i++)
    for (guint j = 0; test_passage_documents[i].passages[j] != NULL; j++)
      n++;
  return n;
}

/* Where vectors of questions begin in the file */
static guint
first_question (void)
{
  return count_passages ();
}

static guint
first_unanswered_of_seven (void)
{
  return first_question () + test_n_passage_questions;
}

static guint
first_other_words (void)
{
  return first_unanswered_of_seven () + 7;
}

static guint
index_of_unanswered (guint i)
{
  return i < 7 ? first_unanswered_of_seven () + i : first_other_words () + G_N_ELEMENTS (other_words) + i - 7;
}

/* Gives the passages their vectors: the @n-th has one unless @without says otherwise. */
static void
put_vectors (const Meaning *self, gboolean (*without) (guint n))
{
  g_autoptr (GPtrArray) list = test_unembedded (self->store, 100, NULL, NULL);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) vectors = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GBytes) bytes = NULL;

  g_assert_cmpuint (list->len, ==, count_passages ());
  for (guint i = 0; i < list->len; i++)
    {
      float vector[N_NUMBERS];

      if (without != NULL && without (i))
        continue;
      read_vector (self, i, vector);
      g_array_append_val (rows, ((SottoHistoryPassage *) g_ptr_array_index (list, i))->row);
      g_array_append_vals (vectors, vector, N_NUMBERS);
    }
  bytes = g_bytes_new (vectors->data, vectors->len * sizeof (float));
  test_put_vectors (self->store, EMBEDDER, rows, bytes);
}

static void
set_up (Meaning *self, SottoStore *store)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "history", "meaning", "vectors", NULL);
  g_autoptr (GError) error = NULL;

  self->store = store;
  self->folder = test_add_folder (store, "file:///documents");
  g_assert_true (g_file_get_contents (path, &self->bytes, &self->size, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < test_n_passage_documents; i++)
    {
      const TestDocument *document = &test_passage_documents[i];
      g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);

      for (guint j = 0; document->passages[j] != NULL; j++)
        g_ptr_array_add (passages, sotto_history_passage_new (document->passages[j], j + 1, j + 1));
      test_put_array (store, self->folder, document->path, passages);
    }
  test_set_embedder (store, EMBEDDER);
}

static void
tear_down (Meaning *self)
{
  g_free (self->folder);
  g_free (self->bytes);
}

/* --- Asking --- */

static GPtrArray *
find (const Meaning *self, const char *question, const char *embedder, GBytes *vector)
{
  const char *const folders[] = { self->folder, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_find_passages_async (self->store, folders, question, embedder, vector, 10, 100000, NULL, test_ready, &result);
  list = sotto_store_find_passages_finish (self->store, test_wait (&result), &error);
  g_assert_no_error (error);
  return list;
}

static GPtrArray *
find_by_both (const Meaning *self, const char *question, guint index)
{
  g_autoptr (GBytes) vector = vector_at (self, index);

  return find (self, question, EMBEDDER, vector);
}

static const char *
text_of (const TestQuestion *question)
{
  for (guint i = 0; i < test_n_passage_documents; i++)
    if (g_str_equal (test_passage_documents[i].path, question->path))
      return test_passage_documents[i].passages[question->passage];
  g_assert_not_reached ();
}

/* Its place among what was found, from 1; G_MAXUINT: it was not */
static guint
rank_in (GPtrArray *list, const TestQuestion *question)
{
  for (guint i = 0; i < list->len; i++)
    if (strstr (((SottoHistoryPassage *) g_ptr_array_index (list, i))->text, text_of (question)) != NULL)
      return i + 1;
  return G_MAXUINT;
}

static void
assert_same (GPtrArray *a, GPtrArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    g_assert_cmpstr (((SottoHistoryPassage *) g_ptr_array_index (a, i))->text, ==,
                     ((SottoHistoryPassage *) g_ptr_array_index (b, i))->text);
}

typedef struct {
  guint first;
  guint five;
} Count;

static void
count_rank (Count *count, guint rank)
{
  count->first += rank == 1;
  count->five += rank <= 5;
}

/* --- How well; the bounds are what was measured --- */

static void
ask_all (const Meaning *self, const TestQuestion *questions, guint n, guint index, Count *words, Count *both)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GPtrArray) by_words = find (self, questions[i].question, NULL, NULL);
      g_autoptr (GPtrArray) by_both = find_by_both (self, questions[i].question, index + i);
      const guint before = rank_in (by_words, &questions[i]);
      const guint now = rank_in (by_both, &questions[i]);

      count_rank (words, before);
      count_rank (both, now);
      if (before != now || now > 1)
        g_test_message ("%u → %u: %s", before, now, questions[i].question);
    }
  g_test_message ("of %u by words: %u first, %u among the first five; by both: %u, %u", n, words->first, words->five,
                  both->first, both->five);
}

static void
test_other_words (TestStore *f, gconstpointer data)
{
  Meaning self = { 0 };
  Count words = { 0 }, both = { 0 };

  set_up (&self, f->store);
  put_vectors (&self, NULL);
  ask_all (&self, other_words, G_N_ELEMENTS (other_words), first_other_words (), &words, &both);
  g_assert_cmpuint (both.first, >=, 9);
  g_assert_cmpuint (both.five, >=, 10);
  tear_down (&self);
}

/* Seven languages, of which the model knows one: what words find does not become worse by it. */
static void
test_own_words (TestStore *f, gconstpointer data)
{
  Meaning self = { 0 };
  Count words = { 0 }, both = { 0 };

  set_up (&self, f->store);
  put_vectors (&self, NULL);
  ask_all (&self, test_passage_questions, test_n_passage_questions, first_question (), &words, &both);
  g_assert_cmpuint (both.first + 1, >=, words.first);
  g_assert_cmpuint (both.five, >=, words.five);
  tear_down (&self);
}

/* What is merely the nearest is not given. */
static void
test_unanswered (TestStore *f, gconstpointer data)
{
  Meaning self = { 0 };

  set_up (&self, f->store);
  put_vectors (&self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (unanswered); i++)
    {
      g_autoptr (GPtrArray) by_words = find (&self, unanswered[i], NULL, NULL);
      g_autoptr (GPtrArray) by_both = find_by_both (&self, unanswered[i], index_of_unanswered (i));

      g_test_message ("%u, %u: %s", by_words->len, by_both->len, unanswered[i]);
      assert_same (by_words, by_both);
    }
  tear_down (&self);
}

/* --- What has no vectors, or others --- */

static gboolean
is_of_machine (guint n)
{
  return n >= 20 && n < 30;
}

static void
test_partly (TestStore *f, gconstpointer data)
{
  static const TestQuestion plain = { "en", "How long is the guarantee of the motor?", "washing-machine/manual.pdf", 9 };
  Meaning self = { 0 };
  g_autoptr (GBytes) vector = NULL;
  g_autoptr (GPtrArray) by_words = NULL;
  g_autoptr (GPtrArray) unknown = NULL;
  g_autoptr (GPtrArray) wrong = NULL;
  g_autoptr (GPtrArray) later = NULL;
  g_autoptr (GBytes) shorter = NULL;

  set_up (&self, f->store);
  g_assert_cmpstr (test_passage_documents[2].path, ==, plain.path);

  /* Nobody has one. */
  vector = vector_at (&self, first_other_words () + 7);
  by_words = find (&self, other_words[7].question, NULL, NULL);
  g_assert_cmpuint (rank_in (by_words, &other_words[7]), ==, G_MAXUINT);
  later = find (&self, other_words[7].question, EMBEDDER, vector);
  assert_same (later, by_words);

  /* One document has none: it is found by its words as it was, others by what they are about. */
  put_vectors (&self, is_of_machine);
  {
    g_autoptr (GPtrArray) list = NULL;
    guint index = first_question ();

    while (!g_str_equal (test_passage_questions[index - first_question ()].question, plain.question))
      index++;
    list = find_by_both (&self, plain.question, index);
    g_assert_cmpuint (rank_in (list, &plain), ==, 1);
  }
  {
    g_autoptr (GPtrArray) list = find_by_both (&self, other_words[12].question, first_other_words () + 12);

    g_assert_cmpuint (rank_in (list, &other_words[12]), ==, 1);
  }

  /* Of another model, or another length */
  shorter = g_bytes_new_from_bytes (vector, 0, 64 * sizeof (float));
  unknown = find (&self, other_words[7].question, "another", vector);
  assert_same (unknown, by_words);
  wrong = find (&self, other_words[7].question, EMBEDDER, shorter);
  assert_same (wrong, by_words);
  test_set_embedder (self.store, "another");
  {
    g_autoptr (GPtrArray) list = find_by_both (&self, other_words[12].question, first_other_words () + 12);
    g_autoptr (GPtrArray) by_its_words = find (&self, other_words[12].question, NULL, NULL);

    assert_same (list, by_its_words);
  }
  tear_down (&self);
}

/* --- Bytes --- */

/* Products of what was rounded are near to those of what was not. */
static void
test_rounding (void)
{
  const gsize lengths[] = { 1, 2, 31, 384, 1024, SOTTO_EMBEDDING_MAX };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  for (guint l = 0; l < G_N_ELEMENTS (lengths); l++)
    {
      const gsize n = lengths[l];
      g_autofree float *a = g_new (float, n);
      g_autofree float *b = g_new (float, n);
      g_autoptr (GBytes) packed_a = NULL;
      g_autoptr (GBytes) packed_b = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autofree SottoEmbeddingQuestion *question = NULL;
      double aa = 0, bb = 0, ab = 0;

      for (gsize i = 0; i < n; i++)
        {
          /* All as large as can be, so that a sum that overflows shows; or anything */
          a[i] = (float) (l % 2 == 1 ? 1 : g_rand_double_range (random, -1, 1));
          b[i] = (float) (l % 2 == 1 ? -1 : g_rand_double_range (random, -1, 1));
          aa += (double) a[i] * a[i];
          bb += (double) b[i] * b[i];
        }
      for (gsize i = 0; i < n; i++)
        {
          a[i] = (float) (a[i] / sqrt (aa));
          b[i] = (float) (b[i] / sqrt (bb));
          ab += (double) a[i] * b[i];
        }
      packed_a = sotto_embedding_pack (a, n);
      packed_b = sotto_embedding_pack (b, n);
      g_assert_cmpuint (g_bytes_get_size (packed_b), ==, n + SOTTO_EMBEDDING_HEADER);
      bytes = g_bytes_new (a, n * sizeof *a);
      question = sotto_embedding_question_new (bytes);
      g_assert_cmpfloat_with_epsilon (sotto_embedding_compare (question, g_bytes_get_data (packed_b, NULL)), ab, 0.006);
      g_assert_cmpfloat_with_epsilon (sotto_embedding_compare_both (g_bytes_get_data (packed_a, NULL),
                                                                    g_bytes_get_data (packed_b, NULL), n), ab, 0.01);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/meaning/other-words", test_other_words);
  test_store_add ("/history/meaning/own-words", test_own_words);
  test_store_add ("/history/meaning/unanswered", test_unanswered);
  test_store_add ("/history/meaning/partly", test_partly);
  g_test_add_func ("/history/meaning/rounding", test_rounding);
  return g_test_run ();
}
