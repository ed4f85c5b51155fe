#pragma once

/* Documents in seven languages, made for the tests, and what is asked of them. */

typedef struct {
  const char *path;
  const char *passages[12]; /* up to a %NULL */
} TestDocument;

typedef struct {
  const char *language;
  const char *question;
  const char *path;
  unsigned passage; /* the one that answers it */
} TestQuestion;

extern const TestDocument test_passage_documents[];
extern const unsigned test_n_passage_documents;
extern const TestQuestion test_passage_questions[];
extern const unsigned test_n_passage_questions;
