#pragma once

#include "import.h"

G_BEGIN_DECLS

/* A conversation as another program has it, on its way to a tree of ours.
 *
 * Readers put turns into it as they find them: in any order, with ids and parents as they stand there. What
 * sotto_turns_to_tree() makes of them is always a tree, whatever they said: a parent that is not there or leads in a circle
 * makes a beginning, an id that comes twice counts once, and a turn in which nothing is said (a tool's, a hidden one) is
 * no message, but what stands below it stays there. */

/* More are refused: no person has such a conversation. */
#define SOTTO_TURNS_MOST 200000

/**
 * SottoTurn:
 * @id: theirs
 * @parent: (nullable): theirs; %NULL: it begins the conversation
 * @role: 0: it is no message, and holds others together
 * @status: 0: complete
 * @created: microseconds; 0: not known
 * @model: (nullable): what wrote it, by a name
 * @text: what was said
 * @reasoning: what was thought before; of a turn that says nothing it goes to the next one
 * @documents: (nullable) (element-type SottoHistoryPart)
 */
typedef struct {
  char *id;
  char *parent;
  SottoHistoryRole role;
  SottoHistoryStatus status;
  gint64 created;
  char *model;
  GString *text;
  GString *reasoning;
  GPtrArray *documents;
} SottoTurn;

/**
 * SottoTurns:
 * @id: (nullable): theirs; %NULL: made of what was said
 * @title: (nullable)
 * @group: (nullable): name of the folder or project that it is in there
 * @current: (nullable): id of the turn that is shown last; %NULL: versions that came last are shown
 * @created: microseconds; 0: not known
 * @updated: likewise
 * @is_broken: something was found that is no such conversation
 */
typedef struct {
  SottoImportProgram program;
  char *id;
  char *title;
  char *group;
  char *current;
  GString *instructions;
  gint64 created;
  gint64 updated;
  gboolean is_pinned;
  gboolean is_broken;
  GPtrArray *turns; /* of SottoTurn */
} SottoTurns;

SottoTurns *sotto_turns_new (SottoImportProgram program);
void sotto_turns_free (SottoTurns *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoTurns, sotto_turns_free)

/**
 * sotto_turns_add:
 * @id: (nullable): %NULL: its number
 * @parent: (nullable)
 *
 * Returns: (transfer none): a new turn; never %NULL
 */
SottoTurn *sotto_turns_add (SottoTurns *self, const char *id, const char *parent);

/* One that answers the last that was added */
SottoTurn *sotto_turns_append (SottoTurns *self, const char *id);

/* "user", "human"; "assistant", "bot"; "system", "developer"; anything else is 0. @word: (nullable) */
SottoHistoryRole sotto_turn_role_of (const char *word);

/* @text: (nullable): UTF-8. Pieces stand apart, by an empty line. */
void sotto_turns_add_piece (GString *whole, const char *text);
void sotto_turn_add_text (SottoTurn *self, const char *text);
void sotto_turn_add_reasoning (SottoTurn *self, const char *text);

/* A text that a reply's reasoning stands in: <think>…</think> before what is said. @text: (nullable) */
void sotto_turn_add_thinking_text (SottoTurn *self, const char *text);

/**
 * sotto_turn_add_document:
 * @name: (nullable): of a file, whatever path stands before it
 * @text: (nullable): what is in it
 *
 * Returns: whether it has a text, and one that a message may have
 */
gboolean sotto_turn_add_document (SottoTurn *self, const char *name, const char *text);

/**
 * sotto_turn_add_picture:
 * @name: (nullable): as above
 * @uri: (nullable): "data:…;base64,…" (RFC 2397), or where it lies, which nobody can reach here
 *
 * Returns: whether it is a picture that a message may have
 */
gboolean sotto_turn_add_picture (SottoTurn *self, const char *name, const char *uri);

/**
 * sotto_turns_to_tree:
 * @modified: the time of a conversation that has none
 * @is_undated: (out): whether it has none
 *
 * Takes the texts out of self.
 *
 * Returns: (transfer full) (nullable): %NULL: nothing was said, or too much
 */
SottoHistoryTree *sotto_turns_to_tree (SottoTurns *self, gint64 modified, gboolean *is_undated);

/**
 * sotto_turns_make_id:
 * @name: what it stands for
 *
 * Returns: (transfer full): a UUID of version 5 (RFC 9562, section 5.5): the same for the same name
 */
char *sotto_turns_make_id (const char *name);

G_END_DECLS
