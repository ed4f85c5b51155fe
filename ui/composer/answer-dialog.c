#include "composer/answer-dialog.h"

#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>

#include "dialog-height.h"
#include "markdown/source-style.h"
#include "recent-files.h"

struct _SottoAnswerDialog {
  AdwDialog parent_instance;

  /* Template Widgets */
  GtkCheckButton *text_check;
  GtkCheckButton *json_check;
  GtkCheckButton *schema_check;
  AdwPreferencesGroup *schema_group;
  GtkSourceView *view;
  GtkSourceBuffer *buffer;
  GtkLabel *status;

  /* Owned */
  SottoAnswerForm *form;
  GtkTextTag *wrong;     /* borrowed: underlines the line of the schema that is */

  gboolean is_filling; /* the checks say what is, and choose nothing */
};

G_DEFINE_FINAL_TYPE (SottoAnswerDialog, sotto_answer_dialog, ADW_TYPE_DIALOG)

/* --- What is chosen --- */

static void
update_format (SottoAnswerDialog *self)
{
  SottoAnswerFormat format = sotto_answer_form_get_format (self->form);

  self->is_filling = TRUE;
  gtk_check_button_set_active (self->text_check, format == SOTTO_ANSWER_FORMAT_TEXT);
  gtk_check_button_set_active (self->json_check, format == SOTTO_ANSWER_FORMAT_JSON);
  gtk_check_button_set_active (self->schema_check, format == SOTTO_ANSWER_FORMAT_SCHEMA);
  self->is_filling = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->schema_group), format == SOTTO_ANSWER_FORMAT_SCHEMA);
  sotto_dialog_update_height (ADW_DIALOG (self));
}

static void
on_toggled (SottoAnswerDialog *self,
            GtkCheckButton    *check)
{
  if (self->form == NULL || self->is_filling || !gtk_check_button_get_active (check))
    return;

  sotto_answer_form_set_format (self->form, check == self->schema_check ? SOTTO_ANSWER_FORMAT_SCHEMA
                                            : check == self->json_check ? SOTTO_ANSWER_FORMAT_JSON
                                            : SOTTO_ANSWER_FORMAT_TEXT);
}

/* --- The schema --- */

/* @text: (nullable): nothing is to be said */
static void
say (SottoAnswerDialog *self,
     const char        *text,
     gboolean           is_error)
{
  if (is_error)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "error");
  if (g_str_equal (gtk_label_get_label (self->status), text))
    return;

  gtk_label_set_label (self->status, text);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
mark_line (SottoAnswerDialog *self,
           guint              line)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (self->buffer);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  gtk_text_buffer_remove_tag (buffer, self->wrong, &start, &end);
  if (line == 0 || !gtk_text_buffer_get_iter_at_line (buffer, &start, (int) line - 1))
    return;

  end = start;
  if (!gtk_text_iter_ends_line (&end))
    gtk_text_iter_forward_to_line_end (&end);
  gtk_text_buffer_apply_tag (buffer, self->wrong, &start, &end);
}

/* While it is looked at, what was said of the text before stays: it would flicker with every letter. */
static void
update_status (SottoAnswerDialog *self)
{
  SottoProblem *problem = sotto_answer_form_get_problem (self->form);

  if (sotto_answer_form_get_format (self->form) != SOTTO_ANSWER_FORMAT_SCHEMA || sotto_answer_form_is_checking (self->form))
    return;

  mark_line (self, sotto_answer_form_get_problem_line (self->form));
  if (problem != NULL)
    say (self, sotto_problem_get_text (problem), TRUE);
  else
    say (self, _("Replies will follow this schema."), FALSE);
}

/* --- A file of it --- */

static gboolean
wants_more (const char *contents,
            goffset     size,
            gpointer    data)
{
  return size <= SOTTO_ANSWER_SCHEMA_MOST;
}

static void
fill (SottoAnswerDialog *self,
      const char        *text,
      gsize              length)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (self->buffer);
  GtkTextIter start, end;

  /* One step back brings what was there. */
  gtk_text_buffer_begin_user_action (buffer);
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  gtk_text_buffer_delete (buffer, &start, &end);
  gtk_text_buffer_insert (buffer, &start, text, (int) length);
  gtk_text_buffer_end_user_action (buffer);
  gtk_text_buffer_get_start_iter (buffer, &start);
  gtk_text_buffer_place_cursor (buffer, &start);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (SottoAnswerDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  gsize length;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &contents, &length, NULL, &error))
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      if (self->form != NULL)
        say (self, sotto_problem_get_text (problem), TRUE);
      return;
    }
  /* It may have been closed meanwhile. */
  if (self->form == NULL)
    return;

  if (length > SOTTO_ANSWER_SCHEMA_MOST)
    say (self, _("This file is too large for a schema."), TRUE);
  else if (!g_utf8_validate_len (contents, length, NULL))
    say (self, _("This file holds no text."), TRUE);
  else
    fill (self, contents, length);
}

void
sotto_answer_dialog_read_file (SottoAnswerDialog *self,
                               GFile             *file)
{
  g_return_if_fail (SOTTO_IS_ANSWER_DIALOG (self));

  g_file_load_partial_contents_async (file, NULL, wants_more, on_read, g_object_ref (self));
}

static void
on_file_chosen (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (SottoAnswerDialog) self = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (source), result, NULL);

  if (file == NULL)
    return;

  sotto_recent_files_forget (file);
  if (self->form != NULL)
    sotto_answer_dialog_read_file (self, file);
}

static void
on_open (SottoAnswerDialog *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);

  /* Translators: a kind of files */
  gtk_file_filter_set_name (filter, _("JSON Files"));
  gtk_file_filter_add_suffix (filter, "json");
  gtk_file_filter_add_mime_type (filter, "application/json");
  gtk_file_filter_add_mime_type (filter, "application/schema+json");
  g_list_store_append (filters, filter);
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
  gtk_file_dialog_set_title (dialog, _("Open a Schema"));
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), NULL, on_file_chosen, g_object_ref (self));
}

/* --- The dialog --- */

static void
sotto_answer_dialog_dispose (GObject *object)
{
  SottoAnswerDialog *self = SOTTO_ANSWER_DIALOG (object);

  if (self->form != NULL)
    g_signal_handlers_disconnect_by_data (self->form, self);
  g_clear_object (&self->form);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_ANSWER_DIALOG);
  G_OBJECT_CLASS (sotto_answer_dialog_parent_class)->dispose (object);
}

static void
sotto_answer_dialog_class_init (SottoAnswerDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_answer_dialog_dispose;

  g_type_ensure (GTK_SOURCE_TYPE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/answer-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, text_check);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, json_check);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, schema_check);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, schema_group);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, view);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, buffer);
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerDialog, status);
  gtk_widget_class_bind_template_callback (widget_class, on_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
}

static void
sotto_answer_dialog_init (SottoAnswerDialog *self)
{
  GtkSourceLanguageManager *manager = gtk_source_language_manager_get_default ();

  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_dialog_fit_height (ADW_DIALOG (self));
  gtk_source_buffer_set_language (self->buffer, gtk_source_language_manager_get_language (manager, "json"));
  sotto_source_style_follow (self->buffer);
  self->wrong = gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (self->buffer), NULL, "underline", PANGO_UNDERLINE_ERROR, NULL);
}

void
sotto_answer_dialog_present (GtkWidget         *parent,
                             SottoConversation *conversation)
{
  SottoAnswerDialog *self = g_object_new (SOTTO_TYPE_ANSWER_DIALOG, NULL);

  self->form = g_object_ref (sotto_conversation_get_answer_form (conversation));
  g_object_bind_property (self->form, "schema", self->buffer, "text", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_signal_connect_object (self->form, "notify::format", G_CALLBACK (update_format), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->form, "notify::checking", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
  update_format (self);
  update_status (self);
  sotto_answer_form_check (self->form);
  adw_dialog_present (ADW_DIALOG (self), parent);
}
