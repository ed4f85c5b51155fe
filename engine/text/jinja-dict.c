#include "jinja-string.h"

#include <math.h>
#include <string.h>

/* Dicts: entries in order, and from 8 on a table of slots with linear probing. Every probe is a step,
 * so keys made to collide end at a bound instead of in a long wait. */

#define FEW 8

JinjaDict *
jinja_dict_new (JinjaRun *run)
{
  return jinja_new (run, JinjaDict);
}

static guint
hash_integer (guint64 integer)
{
  integer ^= integer >> 32;
  integer *= G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return (guint) (integer >> 32);
}

/* Equal values have equal hashes: 1, 1.0 and true are one key in Python. */
static gboolean
hash_value (JinjaRun  *run,
            JinjaValue value,
            guint     *hash)
{
  gint64 integer = 0;
  guint part = 0;

  switch (value.kind)
    {
    case JINJA_STRING:
    case JINJA_HUGE:
      *hash = jinja_string_hash (value.as.string);
      return TRUE;

    case JINJA_BOOLEAN:
    case JINJA_INTEGER:
      jinja_get_integer (value, &integer);
      *hash = hash_integer ((guint64) integer);
      return TRUE;

    case JINJA_FLOAT:
      /* Whole and within 2^53: the hash of the integer. */
      if (fabs (value.as.real) < 9007199254740992.0 && floor (value.as.real) == value.as.real)
        *hash = hash_integer ((guint64) (gint64) value.as.real);
      else
        *hash = 3;
      return TRUE;

    case JINJA_TUPLE:
      if (!jinja_enter (run))
        return FALSE;
      *hash = 5;
      for (gsize i = 0; i < value.as.items->n; i++)
        {
          if (!jinja_step (run, 1) || !hash_value (run, value.as.items->values[i], &part))
            return FALSE;
          *hash = *hash * 31 + part;
        }
      jinja_leave (run);
      return TRUE;

    case JINJA_LIST:
    case JINJA_DICT:
      return jinja_fail (run, "unhashable type: '%s'", jinja_type_name (value));

    default:
      *hash = value.kind;
      return TRUE;
    }
}

static gboolean
find_entry (JinjaRun        *run,
            const JinjaDict *self,
            JinjaValue       key,
            guint            hash,
            gssize          *found,
            gsize           *slot)
{
  gboolean equal = FALSE;

  *found = -1;
  *slot = 0;

  if (self->slots == NULL)
    {
      for (gsize i = 0; i < self->n; i++)
        {
          if (self->entries[i].hash != hash)
            continue;
          if (!jinja_equal (run, self->entries[i].key, key, &equal))
            return FALSE;
          if (equal)
            {
              *found = (gssize) i;
              return TRUE;
            }
        }
      return TRUE;
    }

  for (*slot = hash & (self->n_slots - 1); self->slots[*slot] != 0;
       *slot = (*slot + 1) & (self->n_slots - 1))
    {
      const JinjaEntry *entry = &self->entries[self->slots[*slot] - 1];

      if (!jinja_step (run, 1))
        return FALSE;
      if (entry->hash != hash)
        continue;
      if (!jinja_equal (run, entry->key, key, &equal))
        return FALSE;
      if (equal)
        {
          *found = (gssize) self->slots[*slot] - 1;
          return TRUE;
        }
    }

  return TRUE;
}

static gboolean
grow (JinjaRun  *run,
      JinjaDict *self)
{
  gsize capacity = self->capacity == 0 ? 4 : self->capacity * 2;
  JinjaEntry *entries;

  if (capacity >= G_MAXUINT32 / 4)
    return jinja_fail_limit (run, "memory");

  entries = jinja_new_n (run, JinjaEntry, capacity);
  if (entries == NULL)
    return FALSE;
  if (self->n > 0)
    memcpy (entries, self->entries, self->n * sizeof *entries);
  self->entries = entries;
  self->capacity = capacity;

  if (capacity <= FEW)
    return TRUE;

  self->n_slots = capacity * 2;
  self->slots = jinja_new_n (run, guint32, self->n_slots);
  if (self->slots == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n; i++)
    {
      gsize slot = self->entries[i].hash & (self->n_slots - 1);

      while (self->slots[slot] != 0)
        {
          if (!jinja_step (run, 1))
            return FALSE;
          slot = (slot + 1) & (self->n_slots - 1);
        }
      self->slots[slot] = (guint32) i + 1;
    }

  return TRUE;
}

gboolean
jinja_dict_set (JinjaRun  *run,
                JinjaDict *self,
                JinjaValue key,
                JinjaValue value)
{
  guint hash;
  gssize found;
  gsize slot;

  if (!hash_value (run, key, &hash) || !find_entry (run, self, key, hash, &found, &slot))
    return FALSE;
  if (found >= 0)
    {
      self->entries[found].value = value;
      return TRUE;
    }

  if (self->n == self->capacity)
    {
      if (!grow (run, self) || !find_entry (run, self, key, hash, &found, &slot))
        return FALSE;
    }

  self->entries[self->n++] = (JinjaEntry) { key, value, hash };
  if (self->slots != NULL)
    self->slots[slot] = (guint32) self->n;

  return TRUE;
}

gboolean
jinja_dict_get (JinjaRun          *run,
                const JinjaDict   *self,
                JinjaValue         key,
                const JinjaValue **value)
{
  guint hash;
  gssize found;
  gsize slot;

  *value = NULL;
  if (!hash_value (run, key, &hash) || !find_entry (run, self, key, hash, &found, &slot))
    return FALSE;
  if (found >= 0)
    *value = &self->entries[found].value;

  return TRUE;
}

const JinjaValue *
jinja_dict_get_name (const JinjaDict *self,
                     const char      *name)
{
  for (gsize i = 0; i < self->n; i++)
    if (jinja_is (self->entries[i].key, JINJA_STRING)
        && jinja_string_is (self->entries[i].key.as.string, name))
      return &self->entries[i].value;

  return NULL;
}
