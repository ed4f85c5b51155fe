#include "word-styles.h"

#include <string.h>

/* A style may be based on one that is based on another …; longer chains, and circles, are cut. */
#define MAX_CHAIN 16

typedef struct {
  SottoWordStyle own;
  char *based_on;
} Style;

struct _SottoWordStyles {
  GHashTable *styles;   /* id to Style */
};

static const SottoWordStyle nothing = { 0, -1, -1, -1 };

static void
style_free (gpointer data)
{
  Style *style = data;

  g_free (style->based_on);
  g_free (style);
}

gboolean
sotto_word_is_on (SottoMarkup *markup)
{
  const char *value = sotto_markup_get (markup, "val");

  return value == NULL || (strcmp (value, "0") != 0 && strcmp (value, "false") != 0 && strcmp (value, "off") != 0);
}

/* Programs name their headings as they like in the person's language, but keep this one. */
static void
take_name (Style *style, const char *name)
{
  if (name == NULL)
    return;
  if (g_ascii_strncasecmp (name, "heading ", 8) == 0 && name[8] >= '1' && name[8] <= '9' && style->own.heading == 0)
    style->own.heading = name[8] - '0';
  else if (g_ascii_strcasecmp (name, "title") == 0)
    style->own.heading = 1;
}

static void
take_style (SottoWordStyles *self, SottoMarkup *markup)
{
  const char *id = sotto_markup_get (markup, "styleId");
  g_autofree char *key = g_strdup (id != NULL ? id : "");
  Style *style = g_new0 (Style, 1);
  SottoMarkupToken token;
  int level;

  style->own = nothing;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "style")))
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "tblStylePr"))
        sotto_markup_skip (markup);
      else if (sotto_markup_is (markup, "name"))
        take_name (style, sotto_markup_get (markup, "val"));
      else if (sotto_markup_is (markup, "basedOn"))
        {
          g_free (style->based_on);
          style->based_on = g_strdup (sotto_markup_get (markup, "val"));
        }
      else if (sotto_markup_is (markup, "outlineLvl"))
        {
          level = sotto_markup_get_int (markup, "val", 9);
          if (level >= 0 && level < 9)
            style->own.heading = level + 1;
        }
      else if (sotto_markup_is (markup, "numId"))
        style->own.list = MAX (sotto_markup_get_int (markup, "val", 0), 0);
      else if (sotto_markup_is (markup, "ilvl"))
        style->own.depth = CLAMP (sotto_markup_get_int (markup, "val", 0), 0, 8);
      else if (sotto_markup_is (markup, "vanish"))
        style->own.is_hidden = sotto_word_is_on (markup);
    }
  g_hash_table_insert (self->styles, g_steal_pointer (&key), style);
}

SottoWordStyles *
sotto_word_styles_new (SottoZip *zip, const char *name)
{
  SottoWordStyles *self = g_new (SottoWordStyles, 1);
  g_autoptr (SottoMarkup) markup = name != NULL ? sotto_package_open (zip, name) : NULL;
  SottoMarkupToken token;

  self->styles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, style_free);
  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "style"))
      take_style (self, markup);
  return self;
}

void
sotto_word_styles_free (SottoWordStyles *self)
{
  g_hash_table_unref (self->styles);
  g_free (self);
}

SottoWordStyle
sotto_word_styles_get (SottoWordStyles *self, const char *id)
{
  SottoWordStyle whole = nothing;

  for (int i = 0; i < MAX_CHAIN && id != NULL; i++)
    {
      const Style *style = g_hash_table_lookup (self->styles, id);

      if (style == NULL)
        break;
      if (whole.heading == 0)
        whole.heading = style->own.heading;
      if (whole.list < 0)
        whole.list = style->own.list;
      if (whole.depth < 0)
        whole.depth = style->own.depth;
      if (whole.is_hidden < 0)
        whole.is_hidden = style->own.is_hidden;
      id = style->based_on;
    }
  return whole;
}
