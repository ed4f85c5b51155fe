/* Pictures in a prompt: where a template puts them, what stands there, and the numbers in place of tokens.
 *
 * Templates that know pictures are given items, {"type": "image"}, and write a text of their own for each, of which what the
 * picture's kind lays out takes the place; which text that is says the table below. Only the template's own bytes count,
 * and there have to be as many as pictures. Others are given a mark before the text of the message, which only we write.
 */

#include "sotto-model-private.h"

#include "sotto-error.h"
#include "sotto-message-private.h"
#include "sotto-vision.h"

#include <string.h>

/* What templates write for a picture; what has another within it comes first. */
static const char *const placeholders[] = {
  "<|vision_start|><|image_pad|><|vision_end|>", /* Qwen */
  "<start_of_image>",                            /* Gemma 3 */
  "<image_soft_token>",                          /* Gemma 3n */
  "<IMG_CONTEXT>",                               /* InternVL */
  "<|image_pad|>",
  "<|image|>",
  "[IMG]",                                       /* Pixtral, Mistral */
  "<image>",                                     /* Idefics, SmolVLM, LLaVA, LFM2-VL */
};

/* Where something stands in a rendered text. */
typedef struct {
  gsize start;
  gsize length;
} Place;

/* --- Where they stand --- */

/* (element-type Place): of @text, where all its bytes are the template's own. */
static GArray *
find_places (const SottoRendered *rendered, const char *text)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (Place));
  gsize length = strlen (text);

  for (guint i = 0; i < rendered->spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (rendered->spans, SottoSpan, i);
      const char *at = span->text;
      const char *end = span->text + span->length;

      while (span->trusted && (at = memmem (at, (gsize) (end - at), text, length)) != NULL)
        {
          Place place = { (gsize) (at - rendered->text->str), length };

          g_array_append_val (places, place);
          at += length;
        }
    }
  return places;
}

/* (nullable): none of the texts stands there as often as there are pictures. */
static GArray *
find_pictures (const SottoRendered *rendered, SottoPictures form, guint n_images)
{
  if (form != SOTTO_PICTURES_ITEMS)
    {
      g_autoptr (GArray) marks = find_places (rendered, SOTTO_PICTURE_MARK);

      return marks->len == n_images ? g_steal_pointer (&marks) : NULL;
    }

  for (guint i = 0; i < G_N_ELEMENTS (placeholders); i++)
    {
      g_autoptr (GArray) places = find_places (rendered, placeholders[i]);

      if (places->len == n_images)
        return g_steal_pointer (&places);
    }
  return NULL;
}

SottoRendered *
sotto_model_render_pictures (const SottoModel          *self,
                             const SottoTemplate       *chat_template,
                             const SottoTemplateInput  *input,
                             GArray                   **places,
                             GError                   **error)
{
  static const SottoPictures forms[] = { SOTTO_PICTURES_ITEMS, SOTTO_PICTURES_MARKS, SOTTO_PICTURES_MARK_ITEMS };
  guint n_images = sotto_messages_count_images (input->messages);
  SottoTemplateInput own = *input;
  g_autoptr (GError) first = NULL;

  own.as_items = self->takes_items;
  *places = NULL;
  if (n_images == 0)
    return sotto_template_render (chat_template, &own, NULL, error);

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (SottoRendered) rendered = NULL;
      g_autoptr (GError) problem = NULL;

      own.pictures = forms[i];
      rendered = sotto_template_render (chat_template, &own, NULL, &problem);
      *places = rendered != NULL ? find_pictures (rendered, forms[i], n_images) : NULL;
      if (*places != NULL)
        return g_steal_pointer (&rendered);
      /* What the template says of plain text is what is wrong with the conversation. */
      if (forms[i] == SOTTO_PICTURES_MARKS)
        first = g_steal_pointer (&problem);
    }

  if (first != NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  else
    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                            &(SottoErrorArguments) { .path = self->info.path, .subject = "image" },
                            "the chat template has no place for images");
  return NULL;
}

/* --- What stands there --- */

/* What a picture's rows are said to be, whichever of them. */
static guint64
make_key (const SottoImage *image, const char *stamp)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;
  guint64 key = 0;

  g_checksum_update (checksum, (const guchar *) sotto_image_get_hash (image), -1);
  g_checksum_update (checksum, (const guchar *) stamp, -1);
  g_checksum_get_digest (checksum, digest, &length);
  for (guint i = 0; i < sizeof key; i++)
    key = key << 8 | digest[i];
  return key;
}

/* The finaliser of SplitMix64 (G. Steele and others 2014): each bit of the result depends on all. */
static guint64
mix (guint64 x)
{
  x = (x ^ x >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ x >> 31;
}

void
sotto_image_fill_tokens (const SottoImage *image, const char *stamp, guint first_row, gint32 *tokens, guint n_tokens)
{
  guint64 key = make_key (image, stamp);

  for (guint i = 0; i < n_tokens; i++)
    tokens[i] = -1 - (gint32) (mix (key + first_row + i) >> 33);
}

/* A prompt on its way: what is text so far, and was not tokenised yet. */
typedef struct {
  const SottoModel *model;
  SottoPrompt *prompt;
  const SottoRendered *rendered;
  GArray *spans;           /* (element-type SottoSpan) */
} Placing;

static void
add_span (Placing *self, const char *text, gsize length, gboolean trusted)
{
  SottoSpan span = { text, length, trusted };

  if (length > 0)
    g_array_append_val (self->spans, span);
}

/* What stands between two places of the rendered text, as spans. */
static void
add_rendered (Placing *self, gsize start, gsize end)
{
  for (guint i = 0; i < self->rendered->spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (self->rendered->spans, SottoSpan, i);
      gsize from = (gsize) (span->text - self->rendered->text->str);
      gsize first = MAX (from, start);
      gsize last = MIN (from + span->length, end);

      if (first < last)
        add_span (self, self->rendered->text->str + first, last - first, span->trusted);
    }
}

/* What comes next begins as it would behind a control token. */
static void
tokenise (Placing *self)
{
  if (self->spans->len == 0)
    return;
  for (guint i = 0; i < self->spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (self->spans, SottoSpan, i);

      g_string_append_len (self->prompt->text, span->text, (gssize) span->length);
    }
  sotto_tokenizer_encode (self->model->tokenizer, (const SottoSpan *) (gconstpointer) self->spans->data, self->spans->len,
                          self->prompt->tokens);
  g_array_set_size (self->spans, 0);
}

static void
add_rows (Placing *self, const SottoVisionPiece *piece, SottoImage *image, const char *stamp)
{
  SottoPromptRows rows = { 0, piece->n_rows, piece->first_row, piece->together, piece->n_columns,
                           sotto_image_ref (image) };

  tokenise (self);
  rows.first = self->prompt->tokens->len;
  g_array_set_size (self->prompt->tokens, rows.first + rows.n_rows);
  sotto_image_fill_tokens (image, stamp, rows.first_row, &g_array_index (self->prompt->tokens, gint32, rows.first), rows.n_rows);
  g_array_append_val (self->prompt->rows, rows);
}

static void
rows_clear (gpointer data)
{
  sotto_image_unref (((SottoPromptRows *) data)->image);
}

void
sotto_model_place_pictures (const SottoModel    *self,
                            SottoVision         *vision,
                            const SottoMessages *messages,
                            const SottoRendered *rendered,
                            const GArray        *places,
                            SottoPrompt         *prompt)
{
  const char *stamp = sotto_vision_get_info (vision)->stamp;
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (SottoSpan));
  g_autoptr (GPtrArray) layouts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  Placing placing = { self, prompt, rendered, spans };
  gsize done = 0;

  prompt->rows = g_array_new (FALSE, FALSE, sizeof (SottoPromptRows));
  g_array_set_clear_func (prompt->rows, rows_clear);
  for (guint i = 0; i < places->len; i++)
    {
      const Place *place = &g_array_index (places, Place, i);
      guint message;
      SottoImage *image = sotto_messages_get_image (messages, i, &message);
      GArray *layout = sotto_vision_lay_out (vision, sotto_image_get_width (image), sotto_image_get_height (image));

      g_ptr_array_add (layouts, layout);
      add_rendered (&placing, done, place->start);
      done = place->start + place->length;
      for (guint k = 0; k < layout->len; k++)
        {
          const SottoVisionPiece *piece = &g_array_index (layout, SottoVisionPiece, k);

          if (piece->text != NULL)
            add_span (&placing, piece->text, strlen (piece->text), TRUE);
          else
            add_rows (&placing, piece, image, stamp);
        }
    }
  add_rendered (&placing, done, rendered->text->len);
  tokenise (&placing);
}
