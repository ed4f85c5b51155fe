#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Model files as they lie on the disk. Everything here blocks and may be called from any thread;
 * the library calls it in a task, --ask directly. */

/**
 * SottoModelFacts:
 * @path: of a model split over several files: of the first
 * @size: bytes of all its files; with @modified what tells a changed one
 * @error: (nullable): why it cannot be used; what follows @name is empty then
 * @is_vision: no model, but what some models see with; then @family is the kind of it, and what follows @n_embedding empty
 * @is_embedding: it writes nothing, and tells what texts are about; it has no template
 * @embedder: (nullable): of such a one, a name that is another as soon as its vectors may be
 * @own_name: (nullable): what the file calls itself, or the model it was made for
 * @n_embedding: of the model, or of the models that it is made for
 * @default_template: (nullable): what stands in for a chat template of its own, as in #SottoModelInfo
 *
 * What is known of one file.
 */
typedef struct {
  char *path;
  guint64 size;
  gint64 modified; /* nanoseconds */
  GError *error;

  char *name;
  gboolean is_vision;
  gboolean is_embedding;
  char *embedder;
  char *own_name;
  char *family;
  guint n_embedding;
  char *licence;
  char *size_label;
  char *quantisation;
  guint64 n_parameters;
  guint n_context_trained;
  guint n_layers;
  char *default_template;
  gboolean has_template;
  gboolean is_base;
  gboolean has_tools;
} SottoModelFacts;

/* What a model is good for, best first */
typedef enum {
  SOTTO_MODEL_RANK_ANSWERS,
  SOTTO_MODEL_RANK_COMPLETES,
  SOTTO_MODEL_RANK_UNUSABLE, /* one of texts' meanings, too: it says nothing */
} SottoModelRank;

SottoModelRank sotto_model_facts_rank (const SottoModelFacts *facts);
void sotto_model_facts_free (SottoModelFacts *facts);

/**
 * sotto_model_files_folders:
 *
 * Returns: (transfer full): folders that may hold models, the user's own first; they need not exist
 */
char **sotto_model_files_folders (void);

/**
 * sotto_model_files_list_tree:
 *
 * Returns: (transfer full) (element-type filename): *.gguf in @folder and the folders in it, as other
 *   programs keep them, and Ollama's files, which have no names
 */
GPtrArray *sotto_model_files_list_tree (const char *folder);

/**
 * sotto_model_files_list:
 * @added: (nullable): further paths, of files and of folders like the above
 *
 * Returns: (transfer full) (element-type filename): *.gguf of all folders and @added, and what by its name models see with
 *   beside a file of @added, without doubles; of a model split over several files the first
 */
GPtrArray *sotto_model_files_list (const char *const *added);

/**
 * sotto_model_files_list_visions:
 *
 * Returns: (transfer full) (element-type filename): what by its name models see with in the folder of @path
 */
GPtrArray *sotto_model_files_list_visions (const char *path);

/**
 * sotto_model_files_stat:
 *
 * Size of the files of the model, and the latest time of them.
 *
 * Returns: whether @path is a file that can be read
 */
gboolean sotto_model_files_stat (const char *path, guint64 *size, gint64 *modified, GError **error);

/**
 * sotto_model_files_look:
 *
 * Opens and validates the header of @path.
 *
 * Returns: (transfer full): never %NULL
 */
SottoModelFacts *sotto_model_files_look (const char *path);

/**
 * sotto_model_files_create_name:
 * @own_name: (nullable): what the file calls itself
 *
 * What a model is called here: its file's name without suffix and block type ("Qwen2.5 Coder 0.5B
 * Instruct"), which is what a person chose it by; @own_name, often a training run's, only where the
 * file's name says nothing.
 *
 * Returns: (transfer full): UTF-8
 */
char *sotto_model_files_create_name (const char *path, const char *own_name);

/**
 * sotto_model_files_compare:
 *
 * The order in which models are shown and the default is chosen: those that answer, those that only
 * complete, those that cannot be used; each by name.
 */
int sotto_model_files_compare (const char     *name_a,
                               SottoModelRank  rank_a,
                               const char     *name_b,
                               SottoModelRank  rank_b);

/**
 * sotto_model_files_matches:
 *
 * Returns: whether @wanted is the path, the file's name (with or without suffix) or @name
 */
gboolean sotto_model_files_matches (const char *path, const char *name, const char *wanted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoModelFacts, sotto_model_facts_free)

G_END_DECLS
