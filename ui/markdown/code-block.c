#include "markdown/code-block.h"

#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>
#include <string.h>

#include "markdown/code-save.h"
#include "markdown/source-style.h"

struct _SottoCodeBlock {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkLabel *language_label;
  GtkWidget *save_button;
  GtkButton *copy_button;
  GtkSourceView *view;
  GtkSourceBuffer *buffer;

  /* Owned */
  char *code;
  char *language;
  guint copied_source;  /* while the button says that it has copied */
  guint resize_source;
};

G_DEFINE_FINAL_TYPE (SottoCodeBlock, sotto_code_block, GTK_TYPE_WIDGET)

/* How people write what GtkSourceView knows under another id. */
static const struct {
  const char *name;
  const char *id;
} aliases[] = {
  { "bash", "sh" },         { "shell", "sh" },       { "zsh", "sh" },           { "console", "sh" },
  { "py", "python3" },      { "python", "python3" }, { "js", "js" },            { "javascript", "js" },
  { "node", "js" },         { "ts", "typescript" },  { "tsx", "typescript-jsx" }, { "jsx", "jsx" },
  { "c++", "cpp" },         { "cc", "cpp" },         { "hpp", "cpp" },          { "h", "chdr" },
  { "c#", "c-sharp" },      { "cs", "c-sharp" },     { "csharp", "c-sharp" },   { "golang", "go" },
  { "rs", "rust" },         { "rb", "ruby" },        { "kt", "kotlin" },        { "yml", "yaml" },
  { "md", "markdown" },     { "tex", "latex" },      { "make", "makefile" },    { "docker", "dockerfile" },
  { "ps1", "powershell" },  { "pl", "perl" },        { "hs", "haskell" },       { "f90", "fortran" },
  { "patch", "diff" },      { "objc", "objc" },      { "text", NULL },          { "plaintext", NULL },
};

static GtkSourceLanguage *
find_language (const char *name)
{
  GtkSourceLanguageManager *manager = gtk_source_language_manager_get_default ();
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (g_str_equal (aliases[i].name, lower))
      return aliases[i].id != NULL ? gtk_source_language_manager_get_language (manager, aliases[i].id) : NULL;

  return gtk_source_language_manager_get_language (manager, lower);
}

static void
set_language (SottoCodeBlock *self,
              const char     *language)
{
  GtkSourceLanguage *known = NULL;

  if (!g_set_str (&self->language, language))
    return;

  if (language != NULL && *language != '\0')
    known = find_language (language);

  gtk_source_buffer_set_language (self->buffer, known);
  /* Data is for another program; other code is most often a piece of a file. */
  gtk_widget_set_visible (self->save_button, known != NULL && g_str_equal (gtk_source_language_get_id (known), "json"));
  if (known != NULL)
    gtk_label_set_label (self->language_label, gtk_source_language_get_name (known));
  else
    gtk_label_set_label (self->language_label, language != NULL ? language : "");
}

static gboolean
show_copy_again (gpointer data)
{
  SottoCodeBlock *self = data;

  self->copied_source = 0;
  gtk_button_set_icon_name (self->copy_button, "edit-copy-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->copy_button), _("Copy Code"));

  return G_SOURCE_REMOVE;
}

static void
on_copy_clicked (SottoCodeBlock *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->code);

  gtk_button_set_icon_name (self->copy_button, "object-select-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->copy_button), _("Copied"));
  gtk_accessible_announce (GTK_ACCESSIBLE (self), _("Copied"), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  g_clear_handle_id (&self->copied_source, g_source_remove);
  self->copied_source = g_timeout_add_seconds (2, show_copy_again, self);
}

static void
on_save_clicked (SottoCodeBlock *self)
{
  sotto_code_save (GTK_WIDGET (self), self->code);
}

static gboolean
ask_for_height (gpointer data)
{
  SottoCodeBlock *self = data;

  self->resize_source = 0;
  gtk_widget_queue_resize (GTK_WIDGET (self->view));

  return G_SOURCE_REMOVE;
}

/* A text view knows its height once it has laid out its lines, which may be while it is given its place: what it asks for
 * then is not heard. Here nothing scrolls upwards, so what does not fit asks again afterwards. */
static void
on_lines_laid_out (SottoCodeBlock *self,
                   GtkAdjustment  *lines)
{
  if (self->resize_source == 0 && gtk_adjustment_get_upper (lines) > gtk_adjustment_get_page_size (lines))
    self->resize_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, ask_for_height, self, NULL);
}

void
sotto_code_block_set_code (SottoCodeBlock *self,
                           const char     *code,
                           const char     *language)
{
  GtkTextBuffer *buffer;
  gsize length;

  g_return_if_fail (SOTTO_IS_CODE_BLOCK (self));

  set_language (self, language);

  /* A fence's last line feed is not a line of its own. */
  length = strlen (code);
  if (length > 0 && code[length - 1] == '\n')
    length--;

  if (strlen (self->code) == length && memcmp (self->code, code, length) == 0)
    return;

  buffer = GTK_TEXT_BUFFER (self->buffer);
  if (length > strlen (self->code) && g_str_has_prefix (code, self->code))
    {
      gsize shown = strlen (self->code);
      GtkTextIter end;

      gtk_text_buffer_get_end_iter (buffer, &end);
      gtk_text_buffer_insert (buffer, &end, code + shown, length - shown);
    }
  else
    gtk_text_buffer_set_text (buffer, code, length);

  g_free (self->code);
  self->code = g_strndup (code, length);
}

static void
sotto_code_block_dispose (GObject *object)
{
  SottoCodeBlock *self = SOTTO_CODE_BLOCK (object);
  GtkWidget *child;

  g_clear_handle_id (&self->copied_source, g_source_remove);
  g_clear_handle_id (&self->resize_source, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_CODE_BLOCK);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_code_block_parent_class)->dispose (object);
}

static void
sotto_code_block_finalize (GObject *object)
{
  SottoCodeBlock *self = SOTTO_CODE_BLOCK (object);

  g_free (self->code);
  g_free (self->language);

  G_OBJECT_CLASS (sotto_code_block_parent_class)->finalize (object);
}

static void
sotto_code_block_class_init (SottoCodeBlockClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sotto_code_block_dispose;
  object_class->finalize = sotto_code_block_finalize;

  g_type_ensure (GTK_SOURCE_TYPE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/markdown/code-block.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoCodeBlock, language_label);
  gtk_widget_class_bind_template_child (widget_class, SottoCodeBlock, save_button);
  gtk_widget_class_bind_template_child (widget_class, SottoCodeBlock, copy_button);
  gtk_widget_class_bind_template_child (widget_class, SottoCodeBlock, view);
  gtk_widget_class_bind_template_child (widget_class, SottoCodeBlock, buffer);
  gtk_widget_class_bind_template_callback (widget_class, on_copy_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_save_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_lines_laid_out);
}

static void
sotto_code_block_init (SottoCodeBlock *self)
{
  self->code = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));

  sotto_source_style_follow (self->buffer);
}

GtkWidget *
sotto_code_block_new (void)
{
  return g_object_new (SOTTO_TYPE_CODE_BLOCK, NULL);
}
