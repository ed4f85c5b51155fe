#include "conversation/tool-call-card.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "markdown/markdown-plain.h"

/* What a tool gave stands there at once if it is one line of so many characters. */
#define SHORT_RESULT 60

struct _SottoToolCallCard {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkStack *sign;
  GtkWidget *icon;
  GtkWidget *spinner;
  GtkLabel *title;
  GtkBox *place;
  GtkLabel *answer;
  GtkExpander *expander;
  GtkLabel *note;

  GtkWidget *arguments; /* borrowed: in place */
  GtkWidget *result;    /* borrowed: in the expander */
  gboolean was_running;
};

G_DEFINE_FINAL_TYPE (SottoToolCallCard, sotto_tool_call_card, GTK_TYPE_WIDGET)

/* The members of a JSON object, each on a line, without the braces around them; what comes of it while it is written, too. */
static char *
list_members (const char *json)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  gboolean in_string = FALSE;
  guint depth = 0;

  for (const char *p = json; *p != '\0'; p++)
    {
      const guint before = depth;

      if (in_string && *p == '\\' && p[1] != '\0')
        {
          g_string_append_c (lines, *p++);
          g_string_append_c (lines, *p);
          continue;
        }
      if (*p == '"')
        in_string = !in_string;
      else if (!in_string && (*p == '{' || *p == '['))
        depth++;
      else if (!in_string && (*p == '}' || *p == ']') && depth > 0)
        depth--;

      if (!in_string && g_ascii_isspace (*p) && (depth <= 1 && (lines->len == 0 || lines->str[lines->len - 1] == '\n')))
        continue;
      if (!in_string && depth == 1 && *p == ',')
        g_string_append_c (lines, '\n');
      else if (!(before + depth == 1))
        g_string_append_c (lines, *p);
    }

  return g_strstrip (g_strdup (lines->str));
}

/* Arguments are code, which goes from left to right wherever one reads: a line of marks and digits alone would be turned round
 * with the window. */
static void
set_left_to_right (GtkWidget *widget)
{
  gtk_widget_set_direction (widget, GTK_TEXT_DIR_LTR);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    set_left_to_right (child);
}

/* Returns: (transfer full) */
static char *
describe (const SottoToolCall *call,
          gboolean             is_live)
{
  const char *name = sotto_tool_call_get_title (call);

  if (call->result != NULL)
    /* Translators: a model has used a tool; %s is its name, as in “Calculator” */
    return g_strdup_printf (_("Used “%s”"), name);
  if (call->is_running)
    /* Translators: the same while it runs */
    return g_strdup_printf (_("Using “%s”…"), name);
  if (is_live)
    /* Translators: a model is about to use a tool; %s is its name */
    return g_strdup_printf (_("Wants to use “%s”…"), name);
  /* Translators: a model wanted to use a tool, and it was not run; %s is its name, as in “get_weather” */
  return g_strdup_printf (_("Wanted to use “%s”"), name);
}

static gboolean
is_short_result (const char *result)
{
  return result != NULL && strchr (result, '\n') == NULL && g_utf8_strlen (result, -1) <= SHORT_RESULT;
}

static void
show_result (SottoToolCallCard *self,
             const char        *result)
{
  gboolean is_short = is_short_result (result);

  gtk_widget_set_visible (GTK_WIDGET (self->answer), is_short);
  gtk_widget_set_visible (GTK_WIDGET (self->expander), result != NULL && !is_short);
  if (is_short)
    gtk_label_set_label (self->answer, result);
  else if (result != NULL)
    sotto_markdown_plain_set_text (self->result, result);
}

/* Who does not see the card hears that it was used, and a short answer with it. */
static void
announce (SottoToolCallCard *self,
          const char        *title)
{
  g_autofree char *words = gtk_widget_get_visible (GTK_WIDGET (self->answer))
                             ? g_strdup_printf ("%s: %s", title, gtk_label_get_label (self->answer)) : g_strdup (title);

  gtk_accessible_announce (GTK_ACCESSIBLE (self), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
}

void
sotto_tool_call_card_set_call (SottoToolCallCard   *self,
                               const SottoToolCall *call,
                               gboolean             is_live)
{
  g_autofree char *members = list_members (call->arguments);
  g_autofree char *title = describe (call, is_live);

  g_return_if_fail (SOTTO_IS_TOOL_CALL_CARD (self));

  gtk_label_set_label (self->title, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_stack_set_visible_child (self->sign, call->is_running ? self->spinner : self->icon);
  sotto_markdown_plain_set_text (self->arguments, members);
  set_left_to_right (self->arguments);
  gtk_widget_set_visible (GTK_WIDGET (self->place), *members != '\0');
  show_result (self, call->result);
  gtk_widget_set_visible (GTK_WIDGET (self->note), !is_live && call->result == NULL);
  if (self->was_running && call->result != NULL)
    announce (self, title);
  self->was_running = call->is_running;
}

char *
sotto_tool_call_card_describe (const SottoToolCall *call)
{
  g_autofree char *title = describe (call, FALSE);
  g_autofree char *members = list_members (call->arguments);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) lines = NULL;

  g_strv_builder_add (builder, title);
  if (*members != '\0')
    g_strv_builder_add (builder, members);
  if (is_short_result (call->result) && *call->result != '\0')
    g_strv_builder_add (builder, call->result);
  lines = g_strv_builder_end (builder);

  return g_strjoinv ("\n", lines);
}

static void
sotto_tool_call_card_dispose (GObject *object)
{
  GtkWidget *child;

  gtk_widget_dispose_template (GTK_WIDGET (object), SOTTO_TYPE_TOOL_CALL_CARD);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_tool_call_card_parent_class)->dispose (object);
}

static void
sotto_tool_call_card_class_init (SottoToolCallCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_tool_call_card_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/tool-call-card.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, sign);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, icon);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, spinner);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, title);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, place);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, answer);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, expander);
  gtk_widget_class_bind_template_child (widget_class, SottoToolCallCard, note);
  gtk_widget_class_set_css_name (widget_class, "toolcall");
}

static void
sotto_tool_call_card_init (SottoToolCallCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->arguments = sotto_markdown_plain_new ();
  gtk_widget_add_css_class (self->arguments, "monospace");
  gtk_box_append (self->place, self->arguments);
  self->result = sotto_markdown_plain_new ();
  gtk_widget_add_css_class (self->result, "result");
  gtk_expander_set_child (self->expander, self->result);
}

GtkWidget *
sotto_tool_call_card_new (void)
{
  return g_object_new (SOTTO_TYPE_TOOL_CALL_CARD, NULL);
}
