/* What models see with: a file of its own, opened and described here, with what stands in a prompt for a picture. How its rows come
 * about is in sotto-vision-encode.c. */

#include "sotto-vision-private.h"

#include "backend.h"
#include "sotto-error.h"
#include "sotto-model-private.h"

#include <string.h>

#define ARCHITECTURE "clip"

/* --- Opening --- */

/* FALSE with FAMILY: "FILE: "@subject" @reason" */
static gboolean
refuse (SottoGguf *gguf, const char *subject, const char *reason, GError **error)
{
  const char *path = sotto_gguf_get_path (gguf);
  g_autofree char *name = g_filename_display_name (path);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_FAMILY, &(SottoErrorArguments) { .path = path, .subject = subject },
                          "%s: \"%s\" %s", name, subject, reason);
  return FALSE;
}

/* Files with eyes and ears name both. */
static char *
read_kind (const SottoKeys *keys)
{
  char *name = sotto_keys_dup_string (keys, "vision.projector_type");

  return name != NULL ? name : sotto_keys_dup_string (keys, "projector_type");
}

static gboolean
find_kind (SottoVision *self, const SottoKeys *keys)
{
  g_autofree char *architecture = sotto_gguf_dup_string (self->gguf, "general.architecture");
  g_autofree char *known = NULL;
  g_autofree char *reason = NULL;
  gboolean has_eyes;

  if (architecture == NULL)
    {
      SottoKeys general = *keys;

      general.name = "general";
      return sotto_keys_refuse (&general, "architecture", "is missing");
    }
  if (!g_str_equal (architecture, ARCHITECTURE))
    return refuse (self->gguf, architecture, "is no file that a model sees with", keys->error);
  if (!sotto_keys_read_flag (keys, "has_vision_encoder", FALSE, &has_eyes))
    return FALSE;
  if (!has_eyes)
    return refuse (self->gguf, architecture, "has no encoder of pictures in it", keys->error);

  self->info.kind = read_kind (keys);
  if (self->info.kind == NULL)
    return sotto_keys_refuse (keys, "projector_type", "is missing");
  self->kind = sotto_vision_kind_lookup (self->info.kind);
  if (self->kind != NULL)
    return TRUE;

  known = sotto_vision_kind_list ();
  reason = g_strdup_printf ("is a projector that is not known; these are: %s", known);
  return refuse (self->gguf, self->info.kind, reason, keys->error);
}

static void
fill_info (SottoVision *self)
{
  g_autoptr (GString) version = g_string_new (NULL);

  sotto_gguf_append_version (self->gguf, version);
  self->info.path = g_strdup (sotto_gguf_get_path (self->gguf));
  self->info.name = sotto_gguf_dup_string (self->gguf, "general.name");
  self->info.n_embedding = self->sizes.n_output;
  self->info.stamp = g_compute_checksum_for_string (G_CHECKSUM_SHA256, version->str, (gssize) version->len);
  for (guint i = 0; i < sotto_gguf_get_n_tensors (self->gguf); i++)
    self->info.weight_bytes += sotto_gguf_get_tensor (self->gguf, i)->n_bytes;
}

static gboolean
read_file (SottoVision *self, GError **error)
{
  g_autofree gboolean *used = g_new0 (gboolean, sotto_gguf_get_n_tensors (self->gguf) + 1);
  SottoTensors tensors = { .keys = { .gguf = self->gguf, .name = ARCHITECTURE, .error = error },
                           .used = used,
                           .owner = self->memory };

  if (!find_kind (self, &tensors.keys) || !sotto_vision_sizes_read (&self->sizes, self->kind, &tensors)
      || !sotto_vision_plans_init (&self->plans, self->kind, &self->sizes, &tensors))
    return FALSE;
  self->sizes.n_output = self->plans.projector.n_output;
  return TRUE;
}

SottoVision *
sotto_vision_new (SottoGguf *gguf, GError **error)
{
  g_autoptr (SottoVision) self = g_new0 (SottoVision, 1);

  g_atomic_ref_count_init (&self->references);
  self->memory = g_ptr_array_new_with_free_func (g_free);
  self->gguf = sotto_gguf_ref (gguf);
  if (!read_file (self, error))
    return NULL;

  fill_info (self);
  return g_steal_pointer (&self);
}

SottoVision *
sotto_vision_open (const char *path, SottoCancel *cancel, GError **error)
{
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, cancel, error);
  g_autoptr (SottoVision) self = gguf != NULL ? sotto_vision_new (gguf, error) : NULL;

  /* All that was built came out of the mapping: it counts if the file is still the one we opened. */
  if (self == NULL || !sotto_cancel_check (cancel, error) || !sotto_gguf_check_unchanged (gguf, error))
    return NULL;

  return g_steal_pointer (&self);
}

SottoVision *
sotto_vision_ref (SottoVision *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_vision_unref (SottoVision *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;

  sotto_vision_plans_clear (&self->plans);
  g_clear_pointer (&self->memory, g_ptr_array_unref);
  g_clear_pointer (&self->gguf, sotto_gguf_unref);
  g_free (self->info.path);
  g_free (self->info.kind);
  g_free (self->info.name);
  g_free (self->info.stamp);
  g_free (self);
}

const SottoVisionInfo *
sotto_vision_get_info (const SottoVision *self)
{
  return &self->info;
}

/* --- Models --- */

static gboolean
is_listed (const char *list, const char *word)
{
  g_auto (GStrv) words = g_strsplit (list, " ", -1);

  return g_strv_contains ((const char *const *) words, word);
}

static gboolean
knows_tokens (const SottoModel *model, const char *list)
{
  g_auto (GStrv) tokens = g_strsplit (list != NULL ? list : "", " ", -1);

  for (guint i = 0; tokens[i] != NULL; i++)
    {
      g_autoptr (GArray) ids = sotto_model_tokenize (model, tokens[i], -1, TRUE);

      if (ids->len != 1)
        return FALSE;
    }
  return TRUE;
}

gboolean
sotto_vision_fits (const SottoVision *self, const SottoModel *model)
{
  const SottoProgram *program = sotto_model_get_program (model);
  const SottoModelInfo *info = sotto_model_get_info (model);

  return program != NULL && !info->is_embedding && program->plan.n_embedding == self->sizes.n_output
         && program->plan.n_deep == self->plans.deep->len && (program->plan.has_axes || !self->kind->is_grid) && is_listed (self->kind->families, info->family) && knows_tokens (model, self->kind->tokens);
}

/* --- What stands in a prompt --- */

static void
clear_piece (gpointer piece)
{
  g_free (((SottoVisionPiece *) piece)->text);
}

static void
write_text (GArray *pieces, const char *text)
{
  SottoVisionPiece piece = { .text = g_strdup (text) };

  if (text != NULL && *text != '\0')
    g_array_append_val (pieces, piece);
  else
    g_free (piece.text);
}

static void
write_rows (const SottoVision *self, const SottoGrid *grid, GArray *pieces, guint first_square, guint n_squares)
{
  SottoVisionPiece piece = { .first_row = first_square * grid->frame.n_rows,
                             .n_rows = n_squares * grid->frame.n_rows,
                             .together = self->kind->together,
                             .n_columns = self->kind->is_grid ? grid->frame.n_across / self->sizes.scale : 0 };

  g_array_append_val (pieces, piece);
}

/* Texts that touch each other are one piece, since they may be one token. */
static void
write_grid (const SottoVision *self, const SottoGrid *grid, GArray *pieces)
{
  for (guint i = 0; i < grid->n_squares - 1; i++)
    {
      guint row = i / grid->n_columns;
      guint column = i % grid->n_columns;
      g_autofree char *text = g_strdup_printf ("%s<fake_token_around_image><row_%u_col_%u>", column == 0 && row > 0 ? "\n" : "",
                                               row + 1, column + 1);

      write_text (pieces, text);
      write_rows (self, grid, pieces, i, 1);
    }
  write_text (pieces, grid->n_squares > 1 ? "\n\n<fake_token_around_image><global-img>" : "<fake_token_around_image><global-img>");
  write_rows (self, grid, pieces, grid->n_squares - 1, 1);
  write_text (pieces, "<fake_token_around_image>");
}

static void
write_lines (const SottoVision *self, const SottoGrid *grid, GArray *pieces)
{
  const guint n = grid->frame.n_across / self->sizes.scale;

  for (guint first = 0; first < grid->frame.n_rows; first += n)
    {
      SottoVisionPiece piece = { .first_row = first, .n_rows = n };

      g_array_append_val (pieces, piece);
      write_text (pieces, first + n < grid->frame.n_rows ? self->kind->begin : self->kind->end);
    }
}

GArray *
sotto_vision_lay_out (const SottoVision *self, guint width, guint height)
{
  SottoGrid grid = sotto_grid_find (&self->sizes, self->kind, width, height);
  GArray *pieces = g_array_new (FALSE, TRUE, sizeof (SottoVisionPiece));

  g_array_set_clear_func (pieces, clear_piece);
  if (self->kind->writing == SOTTO_WRITE_GRID)
    {
      write_grid (self, &grid, pieces);
      return pieces;
    }
  if (self->kind->writing == SOTTO_WRITE_LINES)
    {
      write_lines (self, &grid, pieces);
      return pieces;
    }
  write_text (pieces, self->kind->begin);
  write_rows (self, &grid, pieces, 0, grid.n_squares);
  write_text (pieces, self->kind->end);
  return pieces;
}
