/* How the turns of a conversation become a tree, and which ids it has here. */

#include "turns.h"

#include <string.h>

#include "conversation/conversation-private.h"

#define TITLE_CHARACTERS 200
#define NAME_CHARACTERS 200
#define FIRST_WORDS_CHARACTERS 60

/* 2100-01-01: what lies behind it is no time of a conversation. */
#define LATEST ((gint64) 4102444800 * G_USEC_PER_SEC)

/* Of these ids; by chance, once and for all */
static const guint8 name_space[16] = { 0x6f, 0x1d, 0x5c, 0x0e, 0x8a, 0x47, 0x4e, 0x63,
                                       0x9b, 0x52, 0x21, 0xc9, 0x7a, 0xe4, 0x36, 0x0d };

/* They are part of ids: one that is changed imports everything a second time. */
static const char *const words[SOTTO_IMPORT_N_PROGRAMS] = {
  "sotto", "chatgpt", "claude", "open-webui", "lm-studio", "jan", "gpt4all", "alpaca", "messages",
};

/* --- Ids --- */

char *
sotto_turns_make_id (const char *name)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 b[20];
  gsize length = sizeof b;

  g_checksum_update (checksum, name_space, sizeof name_space);
  g_checksum_update (checksum, (const guchar *) name, -1);
  g_checksum_get_digest (checksum, b, &length);
  b[6] = (guint8) ((b[6] & 0x0f) | 0x50);
  b[8] = (guint8) ((b[8] & 0x3f) | 0x80);
  return g_strdup_printf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
                          b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* Of one that has no id: all that was said in it, in the order in which it stands there */
static char *
digest_turns (SottoTurns *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < self->turns->len; i++)
    {
      const SottoTurn *turn = g_ptr_array_index (self->turns, i);

      /* With the zero at its end, so that no two lists of texts are the same bytes */
      g_checksum_update (checksum, (const guchar *) (turn->role == SOTTO_HISTORY_ROLE_USER ? "u" : "a"), 1);
      g_checksum_update (checksum, (const guchar *) turn->text->str, (gssize) turn->text->len + 1);
    }
  return g_strdup (g_checksum_get_string (checksum));
}

/* @kind: (nullable): of what in the conversation; @id: (nullable): which */
static char *
make_id (SottoTurns *self, const char *kind, const char *id)
{
  g_autofree char *name = g_strjoin ("\n", words[self->program], self->id, kind, id, NULL);

  return sotto_turns_make_id (name);
}

/* --- From turns to a tree --- */

#define NOWHERE G_MAXUINT

/* What is known of each turn while it is made, in arrays beside them */
typedef struct {
  SottoTurns *turns;
  SottoHistoryTree *tree;
  guint *parents;       /* place of the turn that it answers, or NOWHERE */
  guint *first;         /* of its answers */
  guint *next;          /* answer to the same */
  guint *messages;      /* place of the message in the tree that its answers stand below, or NOWHERE */
  gboolean *is_reached;
} Maker;

static gint64
valid_time (gint64 time)
{
  return time > 0 && time < LATEST ? time : 0;
}

static SottoTurn *
turn_at (Maker *self, guint place)
{
  return g_ptr_array_index (self->turns->turns, place);
}

/* Returns: (transfer full): id → place + 1; the first of an id that is there twice */
static GHashTable *
find_parents (Maker *self)
{
  GHashTable *places = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->turns->turns->len; i++)
    if (!g_hash_table_contains (places, turn_at (self, i)->id))
      g_hash_table_insert (places, turn_at (self, i)->id, GUINT_TO_POINTER (i + 1));
    else
      self->is_reached[i] = TRUE; /* and never looked at again */

  for (guint i = 0; i < self->turns->turns->len; i++)
    {
      const char *parent = turn_at (self, i)->parent;
      guint place = parent != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (places, parent)) : 0;

      self->parents[i] = place > 0 && place - 1 != i ? place - 1 : NOWHERE;
    }
  return places;
}

/* Answers by their time, so that versions stand in the order in which they were made */
static int
compare_answers (gconstpointer a, gconstpointer b, gpointer data)
{
  const guint x = *(const guint *) a;
  const guint y = *(const guint *) b;
  const gint64 time_x = valid_time (turn_at (data, x)->created);
  const gint64 time_y = valid_time (turn_at (data, y)->created);

  if (time_x != time_y)
    return time_x < time_y ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* All but what was there twice, each in the list of what it answers. The lists are put together from their ends. */
static void
link_answers (Maker *self)
{
  const guint n = self->turns->turns->len;
  g_autofree guint *order = g_new (guint, n + 1);

  for (guint i = 0; i < n; i++)
    {
      order[i] = i;
      self->first[i] = self->next[i] = NOWHERE;
    }
  g_sort_array (order, n, sizeof *order, compare_answers, self);
  for (guint i = n; i > 0; i--)
    {
      const guint place = order[i - 1];
      const guint parent = self->parents[place];

      if (self->is_reached[place] || parent == NOWHERE)
        continue;
      self->next[place] = self->first[parent];
      self->first[parent] = place;
    }
}

static SottoHistoryMessage *
message_at (Maker *self, guint place)
{
  return place != NOWHERE ? g_ptr_array_index (self->tree->messages, place) : NULL;
}

static SottoHistoryMessage *
add_message (Maker *self, const char *id, SottoHistoryRole role, guint parent)
{
  SottoHistoryMessage *message = g_new0 (SottoHistoryMessage, 1);

  message->id = g_strdup (id);
  message->conversation = g_strdup (self->tree->conversation->id);
  message->parent = parent != NOWHERE ? g_strdup (message_at (self, parent)->id) : NULL;
  message->role = role;
  message->status = SOTTO_HISTORY_STATUS_COMPLETE;
  message->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  g_ptr_array_add (self->tree->messages, message);
  return message;
}

static void
add_part (SottoHistoryMessage *message, SottoHistoryPartKind kind, const GString *text)
{
  if (text->len > 0)
    g_ptr_array_add (message->parts, sotto_history_part_new (kind, text->str));
}

/* The name of a model that is no file here: nothing that leads elsewhere */
static SottoHistoryModel *
make_model (const char *name)
{
  g_autofree char *line = name != NULL ? sotto_conversation_shorten (name, NAME_CHARACTERS, FALSE) : NULL;
  g_autofree char *file = NULL;

  if (line == NULL || *line == '\0')
    return NULL;
  file = g_strdelimit (g_strdup (line), G_DIR_SEPARATOR_S, '_');
  if (g_str_equal (file, ".") || g_str_equal (file, ".."))
    return NULL;
  return sotto_history_model_new (file, line, NULL);
}

static gboolean
says_something (const SottoTurn *turn)
{
  return (turn->role == SOTTO_HISTORY_ROLE_USER || turn->role == SOTTO_HISTORY_ROLE_ASSISTANT)
         && (turn->text->len > 0 || turn->documents != NULL);
}

/* @above: the message it stands below, or NOWHERE */
static void
make_message (Maker *self, SottoTurn *turn, guint above)
{
  g_autofree char *id = make_id (self->turns, "turn", turn->id);
  SottoHistoryMessage *message = add_message (self, id, turn->role, above);
  const SottoHistoryMessage *parent = message_at (self, above);

  message->status = turn->status != 0 ? turn->status : SOTTO_HISTORY_STATUS_COMPLETE;
  message->created = valid_time (turn->created);
  if (message->created == 0)
    message->created = parent != NULL ? parent->created : self->tree->conversation->created;
  message->model = turn->role == SOTTO_HISTORY_ROLE_ASSISTANT ? make_model (turn->model) : NULL;
  add_part (message, SOTTO_HISTORY_PART_REASONING, turn->reasoning);
  add_part (message, SOTTO_HISTORY_PART_TEXT, turn->text);
  for (guint i = 0; turn->documents != NULL && i < turn->documents->len; i++)
    g_ptr_array_add (message->parts, sotto_history_part_copy (g_ptr_array_index (turn->documents, i)));
}

/* Returns: @place, or of what answers the same the next that was not reached; NOWHERE: there is none */
static guint
skip_reached (Maker *self, guint place)
{
  while (place != NOWHERE && self->is_reached[place])
    place = self->next[place];
  return place;
}

/* What was thought in a turn that says nothing is what the next reply was thought of. It goes to one of its answers only:
 * however many there are, it is there once. */
static void
hand_on_reasoning (Maker *self, SottoTurn *turn, guint place)
{
  const guint answer = skip_reached (self, self->first[place]);
  SottoTurn *next = answer != NOWHERE ? turn_at (self, answer) : NULL;
  GString *reasoning;

  if (turn->reasoning->len == 0 || next == NULL || next->role == SOTTO_HISTORY_ROLE_USER)
    return;
  sotto_turns_add_piece (turn->reasoning, next->reasoning->str);
  reasoning = next->reasoning;
  next->reasoning = turn->reasoning;
  turn->reasoning = g_string_truncate (reasoning, 0);
}

/* From @root on, each behind what it answers. It goes down by first and next, and up by parents: no stack. */
static void
walk_from (Maker *self, guint root, guint above)
{
  guint place = root;

  for (;;)
    {
      SottoTurn *turn = turn_at (self, place);
      const guint parent = place != root ? self->parents[place] : NOWHERE;
      guint next;

      if (!self->is_reached[place])
        {
          self->is_reached[place] = TRUE;
          self->messages[place] = parent != NOWHERE ? self->messages[parent] : above;
          if (says_something (turn))
            {
              make_message (self, turn, self->messages[place]);
              self->messages[place] = self->tree->messages->len - 1;
            }
          else
            {
              hand_on_reasoning (self, turn, place);
            }
        }

      next = skip_reached (self, self->first[place]);
      while (next == NOWHERE)
        {
          if (place == root)
            return;
          next = skip_reached (self, self->next[place]);
          place = self->parents[place];
        }
      place = next;
    }
}

/* What a model was told stands before all else, wherever another program keeps it. */
static void
gather_instructions (SottoTurns *self)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->turns->len; i++)
    {
      const SottoTurn *turn = g_ptr_array_index (self->turns, i);

      if (says_something (turn))
        break;
      if (turn->role == SOTTO_HISTORY_ROLE_SYSTEM && turn->text->len > 0
          && !g_str_equal (turn->text->str, self->instructions->str) && g_hash_table_add (known, turn->text->str))
        sotto_turns_add_piece (self->instructions, turn->text->str);
    }
}

static void
make_messages (Maker *self)
{
  guint above = NOWHERE;

  if (self->turns->instructions->len > 0)
    {
      g_autofree char *id = make_id (self->turns, "system", NULL);
      SottoHistoryMessage *system = add_message (self, id, SOTTO_HISTORY_ROLE_SYSTEM, NOWHERE);

      system->created = self->tree->conversation->created;
      system->is_active = TRUE;
      add_part (system, SOTTO_HISTORY_PART_TEXT, self->turns->instructions);
      above = 0;
    }

  for (guint i = 0; i < self->turns->turns->len; i++)
    if (!self->is_reached[i] && self->parents[i] == NOWHERE)
      walk_from (self, i, above);
  /* What leads in a circle begins with what stands first. */
  for (guint i = 0; i < self->turns->turns->len; i++)
    if (!self->is_reached[i])
      walk_from (self, i, above);
}

/* The path to the turn that is shown last */
static void
activate (Maker *self, GHashTable *places)
{
  const char *current = self->turns->current;
  guint place = current != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (places, current)) : 0;
  guint message = place > 0 ? self->messages[place - 1] : NOWHERE;
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  /* Each stands behind its parent, so that one look from the end finds the path. */
  for (guint i = message != NOWHERE ? message + 1 : 0; i > 0; i--)
    {
      SottoHistoryMessage *candidate = message_at (self, i - 1);

      if (i - 1 != message && !g_hash_table_contains (ids, candidate->id))
        continue;
      candidate->is_active = TRUE;
      if (candidate->parent != NULL)
        g_hash_table_add (ids, candidate->parent);
    }
}

static void
describe (Maker *self)
{
  SottoHistoryConversation *conversation = self->tree->conversation;
  const char *title = self->turns->title != NULL ? self->turns->title : "";
  gint64 last = conversation->created;

  for (guint i = 0; i < self->tree->messages->len; i++)
    {
      const SottoHistoryMessage *message = message_at (self, i);

      last = MAX (last, message->created);
    }
  conversation->updated = MIN (MAX (valid_time (self->turns->updated), last), g_get_real_time ());
  conversation->title = sotto_conversation_shorten (title, TITLE_CHARACTERS, FALSE);
  for (guint i = 0; *conversation->title == '\0' && i < self->tree->messages->len; i++)
    {
      g_autofree char *text = sotto_history_message_dup_text (message_at (self, i));

      if (message_at (self, i)->role == SOTTO_HISTORY_ROLE_USER)
        {
          g_free (conversation->title);
          conversation->title = sotto_conversation_shorten (text, FIRST_WORDS_CHARACTERS, TRUE);
        }
    }
  conversation->is_pinned = self->turns->is_pinned;
  if (self->turns->group != NULL)
    conversation->group_name = sotto_conversation_shorten (self->turns->group, TITLE_CHARACTERS, FALSE);
  conversation->n_messages = self->tree->messages->len;
}

/* Returns: when it began: what it says itself, or its first turn with a time; 0: not known */
static gint64
find_beginning (SottoTurns *self)
{
  gint64 first = 0;

  if (valid_time (self->created) > 0)
    return self->created;
  for (guint i = 0; i < self->turns->len; i++)
    {
      const gint64 time = valid_time (((SottoTurn *) g_ptr_array_index (self->turns, i))->created);

      if (time > 0 && (first == 0 || time < first))
        first = time;
    }
  return first;
}

SottoHistoryTree *
sotto_turns_to_tree (SottoTurns *self, gint64 modified, gboolean *is_undated)
{
  const guint n = self->turns->len;
  g_autofree guint *parents = g_new0 (guint, n + 1);
  g_autofree guint *first = g_new0 (guint, n + 1);
  g_autofree guint *next = g_new0 (guint, n + 1);
  g_autofree guint *messages = g_new (guint, n + 1);
  g_autofree gboolean *is_reached = g_new0 (gboolean, n + 1);
  g_autoptr (SottoHistoryTree) tree = sotto_history_tree_new ();
  Maker maker = { self, tree, parents, first, next, messages, is_reached };
  g_autoptr (GHashTable) places = NULL;
  guint n_said = 0;

  *is_undated = FALSE;
  for (guint i = 0; i < n; i++)
    n_said += says_something (g_ptr_array_index (self->turns, i));
  if (n_said == 0 || self->is_broken)
    return NULL;

  memset (messages, 0xff, (n + 1) * sizeof *messages);
  if (self->id == NULL)
    self->id = digest_turns (self);
  tree->conversation->id = make_id (self, NULL, NULL);
  tree->conversation->created = find_beginning (self);
  *is_undated = tree->conversation->created == 0;
  if (*is_undated)
    tree->conversation->created = MAX (valid_time (modified), 1);

  gather_instructions (self);
  places = find_parents (&maker);
  link_answers (&maker);
  make_messages (&maker);
  activate (&maker, places);
  describe (&maker);
  return g_steal_pointer (&tree);
}
