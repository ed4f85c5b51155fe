#include "conversation/reply-body.h"

#include "conversation/tool-call-card.h"
#include "markdown/markdown-view.h"

struct _SottoReplyBody {
  GtkWidget parent_instance;

  /* Owned */
  SottoMessage *message;
  char **sources;
};

G_DEFINE_FINAL_TYPE (SottoReplyBody, sotto_reply_body, GTK_TYPE_WIDGET)

/* The child at @place if it is of that type, else a new one in front of it; @place goes on behind it. What is there already
 * stays: a person may have selected something in it. */
static GtkWidget *
take_child (SottoReplyBody  *self,
            GtkWidget      **place,
            GType            type)
{
  GtkWidget *child = *place;

  if (child == NULL || G_OBJECT_TYPE (child) != type)
    {
      child = type == SOTTO_TYPE_MARKDOWN_VIEW ? sotto_markdown_view_new () : sotto_tool_call_card_new ();
      gtk_widget_insert_before (child, GTK_WIDGET (self), *place);
      if (type == SOTTO_TYPE_MARKDOWN_VIEW)
        sotto_markdown_view_set_sources (SOTTO_MARKDOWN_VIEW (child), (const char *const *) self->sources);
    }
  *place = gtk_widget_get_next_sibling (child);

  return child;
}

/* What stands between two cards, without the empty lines that keep them apart in the text. */
static void
show_text (SottoReplyBody  *self,
           GtkWidget      **place,
           gsize            begin,
           gsize            end)
{
  const char *text = sotto_message_get_text (self->message);
  g_autofree char *stretch = NULL;

  while (begin < end && text[begin] == '\n')
    begin++;
  while (end > begin && text[end - 1] == '\n')
    end--;
  if (begin == end)
    return;

  stretch = g_strndup (text + begin, end - begin);
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (take_child (self, place, SOTTO_TYPE_MARKDOWN_VIEW)), stretch);
}

/* JSON is a block of code, whatever it holds. */
static void
show_all (SottoReplyBody  *self,
          GtkWidget      **place)
{
  g_autofree char *json = sotto_message_is_json (self->message) ? sotto_message_dup_markdown (self->message) : NULL;
  GtkWidget *view = take_child (self, place, SOTTO_TYPE_MARKDOWN_VIEW);

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), json != NULL ? json : sotto_message_get_text (self->message));
}

void
sotto_reply_body_update (SottoReplyBody *self)
{
  GtkWidget *place = gtk_widget_get_first_child (GTK_WIDGET (self));
  guint n_calls;
  gsize length, begin = 0;
  SottoMessageStatus status;

  g_return_if_fail (SOTTO_IS_REPLY_BODY (self));

  n_calls = sotto_message_get_n_calls (self->message);
  length = sotto_message_get_length (self->message);
  status = sotto_message_get_status (self->message);
  for (guint i = 0; i < n_calls; i++)
    {
      const SottoToolCall *call = sotto_message_get_call (self->message, i);
      gsize offset = CLAMP (call->offset, begin, length);

      show_text (self, &place, begin, offset);
      sotto_tool_call_card_set_call (SOTTO_TOOL_CALL_CARD (take_child (self, &place, SOTTO_TYPE_TOOL_CALL_CARD)), call,
                                     status == SOTTO_MESSAGE_STATUS_STREAMING || status == SOTTO_MESSAGE_STATUS_WAITING);
      begin = offset;
    }
  if (n_calls > 0)
    show_text (self, &place, begin, length);
  else
    show_all (self, &place);

  while (place != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (place);

      gtk_widget_unparent (place);
      place = next;
    }
}

void
sotto_reply_body_set_sources (SottoReplyBody    *self,
                              const char *const *titles)
{
  g_auto (GStrv) before = NULL;

  g_return_if_fail (SOTTO_IS_REPLY_BODY (self));

  before = g_steal_pointer (&self->sources);
  self->sources = g_strdupv ((char **) titles);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self)); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (SOTTO_IS_MARKDOWN_VIEW (child))
      sotto_markdown_view_set_sources (SOTTO_MARKDOWN_VIEW (child), titles);
}

static void
sotto_reply_body_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_reply_body_parent_class)->dispose (object);
}

static void
sotto_reply_body_finalize (GObject *object)
{
  SottoReplyBody *self = SOTTO_REPLY_BODY (object);

  g_clear_object (&self->message);
  g_strfreev (self->sources);

  G_OBJECT_CLASS (sotto_reply_body_parent_class)->finalize (object);
}

static void
sotto_reply_body_class_init (SottoReplyBodyClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_reply_body_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_reply_body_finalize;

  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "replybody");
}

static void
sotto_reply_body_init (SottoReplyBody *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (GTK_BOX_LAYOUT (layout), 12);
}

GtkWidget *
sotto_reply_body_new (SottoMessage *message)
{
  SottoReplyBody *self = g_object_new (SOTTO_TYPE_REPLY_BODY, NULL);

  self->message = g_object_ref (message);
  sotto_reply_body_update (self);

  return GTK_WIDGET (self);
}
