/* How a growing text is followed.
 *
 *   text   |  blocks that are closed        |  open block  |
 *   bytes  0 ............................ stable ...... length
 *
 * CommonMark decides line by line, and a block that has been closed is never opened again: as soon as a whole
 * line has begun another block at the top level, all before it stands. So only what begins at @stable is parsed anew.
 * A formula that is not closed yet keeps its line, and what follows, from being closed (markdown-math.h).
 * The exception are link reference definitions, which act on the whole text: where one stands, all is parsed.
 */
#include "markdown/markdown-view.h"

#include <string.h>

#include "markdown/markdown-blocks.h"
#include "markdown/markdown-plain.h"
#include "markdown/markdown-sources.h"
#include "markdown/markdown-text.h"

/* More blocks than this are shown as plain text. */
#define MAX_WIDGETS 1000

struct _SottoMarkdownView {
  GtkWidget parent_instance;

  char *text;
  gsize stable;
  GtkWidget *last_stable;     /* borrowed: the child that shows the block before @stable */
  guint n_stable;             /* widgets that closed blocks take */
  gboolean has_definitions;
  char **sources;             /* (nullable): titles of what numbers in it stand for */
};

enum {
  PROP_0,
  PROP_TEXT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SottoMarkdownView, sotto_markdown_view, GTK_TYPE_WIDGET)

/* Whether a line of @text could define a link: "[name]: …". Saying yes too often costs time only. */
static gboolean
may_define (const char *text)
{
  return strstr (text, "]:") != NULL;
}

static gsize
find_line (const char *text,
           int         line)
{
  const char *p = text;

  while (--line > 0 && (p = strchr (p, '\n')) != NULL)
    p++;

  return p != NULL ? (gsize) (p - text) : strlen (text);
}

/* Moves what is stable up to the last block that whole lines have begun. */
static void
advance (SottoMarkdownView *self)
{
  const char *open = self->text + self->stable;
  const char *last_line = strrchr (open, '\n');
  SottoMarkdownBudget budget;
  g_autoptr (SottoMarkdownMath) math = NULL;
  cmark_node *document;
  cmark_node *last;
  gsize length;
  int begin;

  if (last_line == NULL || self->has_definitions)
    return;

  /* In a formula that has only begun no block ends, if it becomes one. */
  length = sotto_markdown_math_find_open (open, last_line + 1 - open);
  if (length == 0)
    return;

  document = sotto_markdown_parse_blocks (open, length, &math);
  last = cmark_node_last_child (document);
  begin = last != NULL ? cmark_node_get_start_line (last) : 0;

  /* A table that begins within a paragraph says that it begins where the paragraph does, which says nothing (0) then:
   * the two stay together. */
  while (last != NULL && cmark_node_previous (last) != NULL && cmark_node_get_start_line (cmark_node_previous (last)) == 0)
    last = cmark_node_previous (last);

  if (last != NULL && cmark_node_previous (last) != NULL)
    {
      gsize offset = find_line (open, begin);

      while (last != NULL)
        {
          cmark_node *next = cmark_node_next (last);

          cmark_node_free (last);
          last = next;
        }
      sotto_markdown_math_show (math, document);
      if (self->sources != NULL)
        sotto_markdown_link_sources (document, (const char *const *) self->sources);
      budget.n_widgets = MAX_WIDGETS - MIN (self->n_stable, MAX_WIDGETS);
      sotto_markdown_blocks_sync (GTK_WIDGET (self), self->last_stable, cmark_node_first_child (document), 0, &budget);
      self->n_stable = MAX_WIDGETS - budget.n_widgets;
      self->last_stable = gtk_widget_get_last_child (GTK_WIDGET (self));
      self->stable += offset;
    }
  cmark_node_free (document);
}

static void
update (SottoMarkdownView *self)
{
  GtkWidget *before = self->last_stable;
  SottoMarkdownBudget budget;
  cmark_node *document;

  advance (self);

  budget.n_widgets = MAX_WIDGETS - MIN (self->n_stable, MAX_WIDGETS);
  document = sotto_markdown_parse (self->text + self->stable, strlen (self->text + self->stable));
  if (self->sources != NULL)
    sotto_markdown_link_sources (document, (const char *const *) self->sources);
  sotto_markdown_blocks_sync (GTK_WIDGET (self), self->last_stable, cmark_node_first_child (document), 0, &budget);
  cmark_node_free (document);

  for (GtkWidget *block = before != NULL ? gtk_widget_get_next_sibling (before) : gtk_widget_get_first_child (GTK_WIDGET (self));
       block != NULL;
       block = gtk_widget_get_next_sibling (block))
    sotto_markdown_direct (block);
}

static void
forget_stable (SottoMarkdownView *self)
{
  self->stable = 0;
  self->n_stable = 0;
  self->last_stable = NULL;
}

void
sotto_markdown_view_set_sources (SottoMarkdownView *self,
                                 const char *const *titles)
{
  g_return_if_fail (SOTTO_IS_MARKDOWN_VIEW (self));

  if (self->sources == NULL && titles == NULL)
    return;

  g_strfreev (self->sources);
  self->sources = g_strdupv ((char **) titles);
  forget_stable (self);
  update (self);
}

void
sotto_markdown_view_set_text (SottoMarkdownView *self,
                              const char        *text)
{
  gsize shown;

  g_return_if_fail (SOTTO_IS_MARKDOWN_VIEW (self));

  shown = strlen (self->text);
  if (text == NULL)
    text = "";
  if (strcmp (self->text, text) == 0)
    return;

  if (strncmp (self->text, text, shown) != 0 || (!self->has_definitions && may_define (text + self->stable)))
    forget_stable (self);
  self->has_definitions = may_define (text);

  g_free (self->text);
  self->text = g_strdup (text);
  update (self);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

const char *
sotto_markdown_view_get_text (SottoMarkdownView *self)
{
  g_return_val_if_fail (SOTTO_IS_MARKDOWN_VIEW (self), NULL);

  return self->text;
}

static void
sotto_markdown_view_get_property (GObject    *object,
                                  guint       id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  SottoMarkdownView *self = SOTTO_MARKDOWN_VIEW (object);

  if (id == PROP_TEXT)
    g_value_set_string (value, self->text);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sotto_markdown_view_set_property (GObject      *object,
                                  guint         id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  SottoMarkdownView *self = SOTTO_MARKDOWN_VIEW (object);

  if (id == PROP_TEXT)
    sotto_markdown_view_set_text (self, g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sotto_markdown_view_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_markdown_view_parent_class)->dispose (object);
}

static void
sotto_markdown_view_finalize (GObject *object)
{
  SottoMarkdownView *self = SOTTO_MARKDOWN_VIEW (object);

  g_free (self->text);
  g_strfreev (self->sources);

  G_OBJECT_CLASS (sotto_markdown_view_parent_class)->finalize (object);
}

static void
sotto_markdown_view_class_init (SottoMarkdownViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sotto_markdown_view_get_property;
  object_class->set_property = sotto_markdown_view_set_property;
  object_class->dispose = sotto_markdown_view_dispose;
  object_class->finalize = sotto_markdown_view_finalize;

  properties[PROP_TEXT] =
    g_param_spec_string ("text", NULL, NULL, "",
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "markdown");
}

static void
sotto_markdown_view_init (SottoMarkdownView *self)
{
  GtkBoxLayout *layout = GTK_BOX_LAYOUT (gtk_widget_get_layout_manager (GTK_WIDGET (self)));

  self->text = g_strdup ("");
  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (layout, 12);
}

GtkWidget *
sotto_markdown_view_new (void)
{
  return g_object_new (SOTTO_TYPE_MARKDOWN_VIEW, NULL);
}
