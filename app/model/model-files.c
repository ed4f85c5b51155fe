#include "model/model-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sotto-engine.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/embedder-name.h"

/* Of a folder that was added: more than anybody has, so that choosing the root of the disk does not last. */
#define MOST_DEPTH 6
#define MOST_FILES 10000

void
sotto_model_facts_free (SottoModelFacts *facts)
{
  g_free (facts->path);
  g_clear_error (&facts->error);
  g_free (facts->name);
  g_free (facts->embedder);
  g_free (facts->own_name);
  g_free (facts->family);
  g_free (facts->licence);
  g_free (facts->size_label);
  g_free (facts->quantisation);
  g_free (facts->default_template);
  g_free (facts);
}

SottoModelRank
sotto_model_facts_rank (const SottoModelFacts *facts)
{
  if (facts->error != NULL || facts->is_embedding)
    return SOTTO_MODEL_RANK_UNUSABLE;
  return facts->is_base ? SOTTO_MODEL_RANK_COMPLETES : SOTTO_MODEL_RANK_ANSWERS;
}

char **
sotto_model_files_folders (void)
{
  const char *const *system = g_get_system_data_dirs ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_take (builder, g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL));
  for (guint i = 0; system[i] != NULL; i++)
    g_strv_builder_take (builder, g_build_filename (system[i], "sotto", "models", NULL));

  /* Where a Flatpak mounts models that are installed as extensions */
  if (g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS))
    g_strv_builder_add (builder, "/app/extensions/models");

  return g_strv_builder_end (builder);
}

/* A model split over several files goes by its first; where that is missing, by the one there is.
 * Takes @path. */
static char *
find_first_part (char *path)
{
  g_autofree char *first = sotto_model_dup_part_path (path, 1, NULL);

  if (first == NULL || !g_file_test (first, G_FILE_TEST_EXISTS))
    return path;

  g_free (path);
  return g_steal_pointer (&first);
}

/* @path: (transfer full) */
static void
add_path (GPtrArray *paths, GHashTable *seen, char *path)
{
  path = find_first_part (path);
  /* g_hash_table_add() would put this one in the place of the one that is known. */
  if (g_hash_table_contains (seen, path))
    {
      g_free (path);
      return;
    }

  g_hash_table_add (seen, path);
  g_ptr_array_add (paths, path);
}

static void
add_folder (GPtrArray *paths, GHashTable *seen, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  if (dir == NULL)
    return;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.' && g_str_has_suffix (name, ".gguf"))
      add_path (paths, seen, g_build_filename (folder, name, NULL));
}

/* As llama.cpp calls what models see with ("multimodal projector"), and everybody else after it */
static gboolean
is_called_vision (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *folded = g_ascii_strdown (name, -1);

  return strstr (folded, "mmproj") != NULL && g_str_has_suffix (folded, ".gguf");
}

static void
add_visions (GPtrArray *paths, GHashTable *seen, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.' && is_called_vision (name))
      add_path (paths, seen, g_build_filename (folder, name, NULL));
}

GPtrArray *
sotto_model_files_list_visions (const char *path)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *folder = g_path_get_dirname (path);

  add_visions (paths, seen, folder);
  return g_steal_pointer (&paths);
}

/* The file of a model that Ollama fetched is called after its hash. */
static gboolean
is_blob (const char *folder, const char *name)
{
  g_autofree char *path = NULL;
  char magic[4];
  gboolean is_gguf = FALSE;
  int fd;

  if (!g_regex_match_simple ("^sha256-[0-9a-f]{64}$", name, 0, 0))
    return FALSE;

  path = g_build_filename (folder, name, NULL);
  fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd >= 0)
    {
      is_gguf = read (fd, magic, sizeof magic) == sizeof magic && memcmp (magic, "GGUF", 4) == 0;
      close (fd);
    }
  return is_gguf;
}

/* Another program's folder has folders for authors and models. A link to a file is followed, one to a
 * folder is not: it might lead back. */
static void
add_tree (GPtrArray *paths, GHashTable *seen, const char *folder, guint depth)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  if (dir == NULL)
    return;

  while (paths->len < MOST_FILES && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (name[0] == '.')
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          if (depth < MOST_DEPTH && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
            add_tree (paths, seen, path, depth + 1);
        }
      else if (g_str_has_suffix (name, ".gguf") || is_blob (folder, name))
        add_path (paths, seen, g_steal_pointer (&path));
    }
}

GPtrArray *
sotto_model_files_list_tree (const char *folder)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  add_tree (paths, seen, folder, 0);
  return g_steal_pointer (&paths);
}

GPtrArray *
sotto_model_files_list (const char *const *added)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) folders = sotto_model_files_folders ();

  for (guint i = 0; folders[i] != NULL; i++)
    add_folder (paths, seen, folders[i]);
  for (guint i = 0; added != NULL && added[i] != NULL; i++)
    {
      g_autofree char *path = g_canonicalize_filename (added[i], "/");
      g_autofree char *folder = NULL;

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          add_tree (paths, seen, path, 0);
          continue;
        }
      folder = g_path_get_dirname (path);
      add_path (paths, seen, g_steal_pointer (&path));
      add_visions (paths, seen, folder);
    }

  return g_steal_pointer (&paths);
}

static gint64
get_time (const struct stat *status)
{
  return (gint64) status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static gboolean
set_errno_error (GError **error, const char *path, int number)
{
  SottoErrorArguments arguments = { .path = path, .subject = g_strerror (number) };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_OPEN, &arguments, "%s: %s", path,
                          g_strerror (number));
  return FALSE;
}

/* The sizes of the other parts of a split model, and the latest time. One that is missing is left
 * out: opening the model will tell. */
static void
add_other_parts (const char *path, guint64 *size, gint64 *modified)
{
  g_autofree char *first = NULL;
  guint n_parts;

  first = sotto_model_dup_part_path (path, 1, &n_parts);
  for (guint part = 1; first != NULL && part <= n_parts; part++)
    {
      g_autofree char *other = sotto_model_dup_part_path (path, part, NULL);
      struct stat status;

      if (g_str_equal (other, path) || stat (other, &status) != 0)
        continue;
      *size += (guint64) status.st_size;
      *modified = MAX (*modified, get_time (&status));
    }
}

gboolean
sotto_model_files_stat (const char *path, guint64 *size, gint64 *modified, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0)
    return set_errno_error (error, path, errno);

  /* A pipe or a device would block whoever opens it. */
  if (!S_ISREG (status.st_mode))
    return set_errno_error (error, path, S_ISDIR (status.st_mode) ? EISDIR : EINVAL);

  if (access (path, R_OK) != 0)
    return set_errno_error (error, path, errno);

  *size = (guint64) status.st_size;
  *modified = get_time (&status);
  add_other_parts (path, size, modified);
  return TRUE;
}

/* "Q4_K_M", "IQ3_XXS", "F16", "bf16": how a file name ends where it names the block type */
static gboolean
is_quantisation (const char *text)
{
  return g_regex_match_simple ("^(i?q[0-9](_[0-9a-z]+)*|b?f16|f32)$", text, G_REGEX_CASELESS, 0);
}

/* Names that say nothing about the model */
static gboolean
is_generic (const char *name)
{
  return g_regex_match_simple ("^((ggml|gguf|model|unnamed|[ ._-])*([0-9]+)?|sha256 [0-9a-f]{64})$",
                               name, G_REGEX_CASELESS, 0);
}

char *
sotto_model_files_create_name (const char *path, const char *own_name)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autofree char *part = sotto_model_dup_part_path (path, 1, NULL);
  char *end = g_strrstr (name, ".gguf");

  if (end != NULL && end != name)
    {
      if (part != NULL)
        end -= strlen ("-00001-of-00001");
      *end = '\0';
    }
  for (char *p = name + strlen (name); p > name; p--)
    if ((*p == '.' || *p == '-' || *p == '_') && is_quantisation (p + 1))
      *p = '\0';

  g_strdelimit (name, "-_", ' ');
  g_strstrip (name);
  if (is_generic (name) && own_name != NULL && own_name[0] != '\0')
    return g_utf8_make_valid (own_name, -1);
  return g_steal_pointer (&name);
}

/* Whether a file that is no model is what some models see with */
static gboolean
is_vision (const SottoModelFacts *facts)
{
  const char *family;

  if (!g_error_matches (facts->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY))
    return FALSE;
  family = sotto_engine_error_get_arguments (facts->error)->subject;
  return family != NULL && g_str_equal (family, "clip");
}

/* Fills @facts with what is to be said of it, or why it cannot be used. */
static void
look_at_vision (SottoModelFacts *facts)
{
  g_autoptr (SottoVision) vision = NULL;
  const SottoVisionInfo *info;

  g_clear_error (&facts->error);
  facts->is_vision = TRUE;
  vision = sotto_vision_open (facts->path, NULL, &facts->error);
  if (vision == NULL)
    return;

  info = sotto_vision_get_info (vision);
  facts->own_name = g_strdup (info->name);
  facts->family = g_strdup (info->kind);
  facts->n_embedding = info->n_embedding;
}

SottoModelFacts *
sotto_model_files_look (const char *path)
{
  g_autoptr (SottoModelFacts) facts = g_new0 (SottoModelFacts, 1);
  g_autoptr (SottoModel) model = NULL;
  const SottoModelInfo *info;

  facts->path = find_first_part (g_strdup (path));
  facts->name = sotto_model_files_create_name (facts->path, NULL);
  if (!sotto_model_files_stat (facts->path, &facts->size, &facts->modified, &facts->error))
    {
      facts->is_vision = is_called_vision (facts->path);
      return g_steal_pointer (&facts);
    }

  model = sotto_model_open (facts->path, NULL, NULL, NULL, &facts->error);
  if (is_vision (facts))
    look_at_vision (facts);
  /* Of one that is damaged only its name is known. */
  else if (model == NULL)
    facts->is_vision = is_called_vision (facts->path);
  if (model == NULL)
    return g_steal_pointer (&facts);

  info = sotto_model_get_info (model);
  g_free (facts->name);
  facts->name = sotto_model_files_create_name (facts->path, info->name);
  facts->own_name = g_strdup (info->name);
  facts->family = g_strdup (info->family);
  facts->n_embedding = info->n_embedding;
  facts->licence = g_strdup (info->licence);
  facts->size_label = g_strdup (info->size_label);
  facts->quantisation = g_strdup (info->quantisation);
  facts->n_parameters = info->n_parameters;
  facts->n_context_trained = info->n_context_trained;
  facts->n_layers = info->n_layers;
  facts->is_embedding = info->is_embedding;
  if (facts->is_embedding)
    {
      facts->embedder = sotto_embedder_name_create (model, facts->size);
      return g_steal_pointer (&facts);
    }

  facts->default_template = g_strdup (info->default_template);
  facts->has_template = info->has_template;
  facts->is_base = info->is_base;
  facts->has_tools = info->has_tools;
  return g_steal_pointer (&facts);
}

int
sotto_model_files_compare (const char     *name_a,
                           SottoModelRank  rank_a,
                           const char     *name_b,
                           SottoModelRank  rank_b)
{
  g_autofree char *folded_a = NULL;
  g_autofree char *folded_b = NULL;
  g_autofree char *key_a = NULL;
  g_autofree char *key_b = NULL;

  if (rank_a != rank_b)
    return rank_a < rank_b ? -1 : 1;

  folded_a = g_utf8_casefold (name_a, -1);
  folded_b = g_utf8_casefold (name_b, -1);
  key_a = g_utf8_collate_key_for_filename (folded_a, -1);
  key_b = g_utf8_collate_key_for_filename (folded_b, -1);
  return strcmp (key_a, key_b);
}

static gboolean
equal_folded (const char *a, const char *b)
{
  g_autofree char *folded_a = g_utf8_casefold (a, -1);
  g_autofree char *folded_b = g_utf8_casefold (b, -1);

  return g_str_equal (folded_a, folded_b);
}

gboolean
sotto_model_files_matches (const char *path, const char *name, const char *wanted)
{
  g_autofree char *base = g_filename_display_basename (path);
  g_autofree char *valid = g_utf8_make_valid (wanted, -1);

  if (g_str_equal (path, wanted) || equal_folded (base, valid))
    return TRUE;
  if (name != NULL && equal_folded (name, valid))
    return TRUE;

  if (g_str_has_suffix (base, ".gguf"))
    base[strlen (base) - strlen (".gguf")] = '\0';
  return equal_folded (base, valid);
}
