#include "config.h"

#include "reader/door.h"
#include "reader/stream.h"

#include <poppler.h>
#include <string.h>
#include <unistd.h>

/* sotto-pdf-text: a PDF on standard input, the text of its pages on standard output
 * (../reader/page-stream.h).
 *
 * The order is what matters here: the file is read as bytes, poppler has loaded all that it needs, the door is closed,
 * and only then the first byte is looked at. */

/* --- The document --- */

/* What is filled into forms is in UTF-16, whose tables the C library loads when they are first asked for, and keeps as long
 * as somebody uses them. */
static gboolean
load_encodings (void)
{
  return g_iconv_open ("UTF-8", "UTF-16BE") != (GIConv) -1 && g_iconv_open ("UTF-8", "UTF-16LE") != (GIConv) -1;
}

/* A document of our own is read before the door is closed: with it poppler finds its encodings, and registers its
 * types. As long as it is open, they stay. */
static PopplerDocument *
warm_up (void)
{
  static const char small[] =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 34>>stream\nBT /F 9 Tf 9 9 Td (sotto fi) Tj ET \nendstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>endobj\n"
    "trailer<</Root 1 0 R/Size 6>>\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (small, sizeof small - 1);
  PopplerDocument *document = poppler_document_new_from_bytes (bytes, NULL, NULL);

  if (document != NULL && poppler_document_get_n_pages (document) == 1)
    {
      PopplerPage *page = poppler_document_get_page (document, 0);

      g_free (poppler_page_get_text (page));
      g_object_unref (page);
    }
  return document;
}

/* What somebody has filled in: (transfer full) (nullable) */
static char *
get_filled_in (PopplerFormField *field)
{
  switch (poppler_form_field_get_field_type (field))
    {
    case POPPLER_FORM_FIELD_TEXT:
      return poppler_form_field_text_is_password (field) ? NULL : poppler_form_field_text_get_text (field);
    case POPPLER_FORM_FIELD_CHOICE:
      return poppler_form_field_choice_get_text (field);
    case POPPLER_FORM_FIELD_BUTTON:
      return poppler_form_field_button_get_button_type (field) != POPPLER_FORM_BUTTON_PUSH
             && poppler_form_field_button_get_state (field) ? g_strdup ("x") : NULL;
    case POPPLER_FORM_FIELD_UNKNOWN:
    case POPPLER_FORM_FIELD_SIGNATURE:
    default:
      return NULL;
    }
}

/* From top to bottom, as one fills them in */
static int
compare_places (gconstpointer a, gconstpointer b)
{
  const PopplerRectangle *one = &((const PopplerFormFieldMapping *) a)->area;
  const PopplerRectangle *other = &((const PopplerFormFieldMapping *) b)->area;

  if (one->y2 != other->y2)
    return one->y2 > other->y2 ? -1 : 1;
  return one->x1 < other->x1 ? -1 : one->x1 > other->x1;
}

/* A form's answers are no part of its page: they stand behind it, each with the name that its author gave the field. */
static void
append_fields (PopplerPage *page, GString *text)
{
  GList *fields = g_list_sort (poppler_page_get_form_field_mapping (page), compare_places);

  for (GList *at = fields; at != NULL; at = at->next)
    {
      PopplerFormField *field = ((PopplerFormFieldMapping *) at->data)->field;
      g_autofree char *said = get_filled_in (field);
      g_autofree char *shown = poppler_form_field_get_alternate_ui_name (field);
      g_autofree char *name = shown != NULL ? g_steal_pointer (&shown) : poppler_form_field_get_partial_name (field);

      if (said != NULL && *said != '\0')
        g_string_append_printf (text, "\n%s: %s", name != NULL ? name : "", said);
    }
  poppler_page_free_form_field_mapping (fields);
}

static gboolean
write_page (PopplerDocument *document, int index)
{
  PopplerPage *page = poppler_document_get_page (document, index);
  g_autofree char *said = page != NULL ? poppler_page_get_text (page) : NULL;
  g_autoptr (GString) whole = g_string_new (said);
  g_autofree char *text = NULL;

  if (page != NULL)
    append_fields (page, whole);
  g_clear_object (&page);
  text = g_utf8_make_valid (whole->str, (gssize) whole->len);
  return sotto_stream_write_page (text, strlen (text));
}

static gboolean
write_pages (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  PopplerDocument *document = poppler_document_new_from_bytes (bytes, NULL, &error);
  const int n = document != NULL ? poppler_document_get_n_pages (document) : 0;

  if (document == NULL)
    return sotto_stream_refuse (g_error_matches (error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED) ? SOTTO_PAGE_STREAM_LOCKED
                                                                                               : SOTTO_PAGE_STREAM_DAMAGED);
  if (n <= 0)
    return sotto_stream_refuse (SOTTO_PAGE_STREAM_DAMAGED);
  if (!sotto_stream_write_count ((guint32) n))
    return FALSE;
  for (int i = 0; i < n; i++)
    if (!write_page (document, i))
      return FALSE;
  return sotto_stream_write_end ();
}

/* What poppler has to say about a document is for nobody. */
static void
keep_silent (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

int
main (int argc, char **argv)
{
  const gboolean is_trial = argc == 2 && strcmp (argv[1], "--try-the-door") == 0;
  const gboolean is_prepared = sotto_door_prepare ();
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_UNSAFE;
  GBytes *bytes = NULL;
  gboolean done;

  g_log_set_default_handler (keep_silent, NULL);
  if (is_prepared && !is_trial && (bytes = sotto_stream_take_file (&why)) == NULL)
    return sotto_stream_refuse (why) ? 0 : 1;
  if (!is_prepared || !load_encodings () || warm_up () == NULL || !sotto_door_close (SOTTO_PDF_DATA, sotto_stream_get_seconds (argc, argv)))
    return sotto_stream_refuse (SOTTO_PAGE_STREAM_UNSAFE) ? 0 : 1;

  done = is_trial ? sotto_door_try (SOTTO_PDF_DATA) : write_pages (bytes);
  /* There is nothing to tidy up that the kernel does not. */
  _exit (done ? 0 : 1);
}
