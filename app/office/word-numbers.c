#include "word-numbers.h"

#include "counting.h"

#include <string.h>

#define N_LEVELS 9

/* Lists (numId) that share a scheme (abstractNumId) go on counting where the other ended, unless one says where it starts. */

typedef struct {
  char how;          /* '1', 'a', 'A', 'i', 'I'; '-': a bullet; ' ': nothing */
  int start;
  char *words;       /* with %1 … %9 for the numbers of the levels: "%1.%2." */
} Level;

typedef struct {
  Level levels[N_LEVELS];
  int counts[N_LEVELS];    /* the last one given */
  gboolean has_begun[N_LEVELS];
} Scheme;

typedef struct {
  int scheme;
  int starts[N_LEVELS];    /* -1: as the scheme says */
  gboolean is_known;       /* an item of it has come */
} List;

struct _SottoWordNumbers {
  GHashTable *schemes;
  GHashTable *lists;
};

static void
scheme_free (gpointer data)
{
  Scheme *scheme = data;

  for (int i = 0; i < N_LEVELS; i++)
    g_free (scheme->levels[i].words);
  g_free (scheme);
}

static char
read_how (const char *name)
{
  static const struct { const char *name; char how; } known[] = {
    { "bullet", '-' }, { "none", ' ' }, { "lowerLetter", 'a' }, { "upperLetter", 'A' }, { "lowerRoman", 'i' }, { "upperRoman", 'I' },
  };

  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (known); i++)
    if (strcmp (name, known[i].name) == 0)
      return known[i].how;
  return '1';
}

static void
take_level (Level *level, SottoMarkup *markup)
{
  SottoMarkupToken token;

  level->start = 1;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "lvl")))
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "start"))
        level->start = CLAMP (sotto_markup_get_int (markup, "val", 1), 0, 1000000);
      else if (sotto_markup_is (markup, "numFmt"))
        level->how = read_how (sotto_markup_get (markup, "val"));
      else if (sotto_markup_is (markup, "lvlText"))
        {
          g_free (level->words);
          level->words = g_strdup (sotto_markup_get (markup, "val"));
        }
    }
}

static int
get_level (SottoMarkup *markup)
{
  return CLAMP (sotto_markup_get_int (markup, "ilvl", 0), 0, N_LEVELS - 1);
}

static void
take_scheme (SottoWordNumbers *self, SottoMarkup *markup)
{
  const int id = sotto_markup_get_int (markup, "abstractNumId", -1);
  Scheme *scheme = g_new0 (Scheme, 1);
  SottoMarkupToken token;

  for (int i = 0; i < N_LEVELS; i++)
    scheme->levels[i] = (Level) { '-', 1, NULL };
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "abstractNum")))
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "lvl"))
      take_level (&scheme->levels[get_level (markup)], markup);
  g_hash_table_insert (self->schemes, GINT_TO_POINTER (id), scheme);
}

static void
take_list (SottoWordNumbers *self, SottoMarkup *markup)
{
  const int id = sotto_markup_get_int (markup, "numId", -1);
  List *list = g_new0 (List, 1);
  SottoMarkupToken token;
  int level = 0;

  list->scheme = -1;
  for (int i = 0; i < N_LEVELS; i++)
    list->starts[i] = -1;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "num")))
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "abstractNumId"))
        list->scheme = sotto_markup_get_int (markup, "val", -1);
      else if (sotto_markup_is (markup, "lvlOverride"))
        level = get_level (markup);
      else if (sotto_markup_is (markup, "startOverride"))
        list->starts[level] = CLAMP (sotto_markup_get_int (markup, "val", 1), 0, 1000000);
    }
  g_hash_table_insert (self->lists, GINT_TO_POINTER (id), list);
}

SottoWordNumbers *
sotto_word_numbers_new (SottoZip *zip, const char *name)
{
  SottoWordNumbers *self = g_new (SottoWordNumbers, 1);
  g_autoptr (SottoMarkup) markup = name != NULL ? sotto_package_open (zip, name) : NULL;
  SottoMarkupToken token;

  self->schemes = g_hash_table_new_full (NULL, NULL, NULL, scheme_free);
  self->lists = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "abstractNum"))
        take_scheme (self, markup);
      else if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "num"))
        take_list (self, markup);
    }
  return self;
}

void
sotto_word_numbers_free (SottoWordNumbers *self)
{
  g_hash_table_unref (self->schemes);
  g_hash_table_unref (self->lists);
  g_free (self);
}

static void
count (Scheme *scheme, List *list, int depth)
{
  for (int i = 0; i < N_LEVELS && !list->is_known; i++)
    if (list->starts[i] >= 0)
      {
        scheme->levels[i].start = list->starts[i];
        scheme->has_begun[i] = FALSE;
      }
  list->is_known = TRUE;
  for (int i = 0; i <= depth; i++)
    if (!scheme->has_begun[i])
      {
        scheme->counts[i] = scheme->levels[i].start - (i == depth);
        scheme->has_begun[i] = TRUE;
      }
  scheme->counts[depth]++;
  for (int i = depth + 1; i < N_LEVELS; i++)
    scheme->has_begun[i] = FALSE;
}

char *
sotto_word_numbers_next (SottoWordNumbers *self, int list_number, int depth)
{
  List *list = g_hash_table_lookup (self->lists, GINT_TO_POINTER (list_number));
  Scheme *scheme = list != NULL ? g_hash_table_lookup (self->schemes, GINT_TO_POINTER (list->scheme)) : NULL;
  g_autoptr (GString) words = NULL;
  const Level *level;

  depth = CLAMP (depth, 0, N_LEVELS - 1);
  if (scheme == NULL)
    return g_strdup ("-");
  level = &scheme->levels[depth];
  count (scheme, list, depth);
  if (level->how == '-')
    return g_strdup ("-");
  words = g_string_new (NULL);
  for (const char *at = level->words; at != NULL && *at != '\0' && words->len < 64; at++)
    if (*at == '%' && at[1] >= '1' && at[1] <= '9')
      {
        const int other = *++at - '1';

        if (scheme->levels[other].how != ' ' && scheme->levels[other].how != '-')
          sotto_counting_append (words, scheme->levels[other].how, scheme->counts[other]);
      }
    else
      g_string_append_c (words, *at);
  return g_strdup (g_strstrip (words->str));
}
