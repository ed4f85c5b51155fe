#include "config.h"

#include "model/model-entry-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "model/model-place.h"
#include "model/model-summary.h"

struct _SottoModelEntry
{
  GObject parent_instance;

  char *path;
  char *name;
  gboolean is_named; /* by more than its file: an unreadable one keeps its name */
  char *summary;
  char *note; /* NULL: there is nothing to say */
  char *hash; /* NULL until the worker has taken it */
  SottoModelFacts *facts; /* NULL while CHECKING for the first time */
  char *vision; /* NULL: it sees nothing */
  guint64 vision_size; /* 0 with it */
  char *vision_text; /* NULL: there is nothing to say */
  SottoProblem *problem;
  SottoModelState state;
  double fraction;
  SottoPlacement *placement; /* NULL: not loaded, or not known yet */
  char *runs_on; /* NULL with it */
  char *place_text;
  double speed; /* 0: none yet */
  gboolean is_default;
};

enum {
  PROP_0,
  PROP_PATH,
  PROP_NAME,
  PROP_SUMMARY,
  PROP_NOTE,
  PROP_FAMILY,
  PROP_QUANTISATION,
  PROP_LICENCE,
  PROP_SIZE,
  PROP_PARAMETERS,
  PROP_CONTEXT_TRAINED,
  PROP_SEES,
  PROP_HAS_TEMPLATE,
  PROP_IS_BASE,
  PROP_STATE,
  PROP_FRACTION,
  PROP_PROBLEM,
  PROP_IS_DEFAULT,
  PROP_USABLE,
  PROP_RUNS_ON,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoModelEntry, sotto_model_entry, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
sotto_model_entry_finalize (GObject *object)
{
  SottoModelEntry *self = SOTTO_MODEL_ENTRY (object);

  g_free (self->path);
  g_free (self->name);
  g_free (self->summary);
  g_free (self->note);
  g_free (self->hash);
  g_free (self->vision);
  g_free (self->vision_text);
  g_free (self->runs_on);
  g_free (self->place_text);
  g_clear_pointer (&self->placement, sotto_placement_free);
  g_clear_pointer (&self->facts, sotto_model_facts_free);
  g_clear_object (&self->problem);
  G_OBJECT_CLASS (sotto_model_entry_parent_class)->finalize (object);
}

static void
sotto_model_entry_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoModelEntry *self = SOTTO_MODEL_ENTRY (object);

  switch (prop_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_SUMMARY:
      g_value_set_string (value, self->summary);
      break;
    case PROP_NOTE:
      g_value_set_string (value, self->note);
      break;
    case PROP_FAMILY:
      g_value_set_string (value, sotto_model_entry_get_family (self));
      break;
    case PROP_QUANTISATION:
      g_value_set_string (value, sotto_model_entry_get_quantisation (self));
      break;
    case PROP_LICENCE:
      g_value_set_string (value, sotto_model_entry_get_licence (self));
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, sotto_model_entry_get_size (self));
      break;
    case PROP_PARAMETERS:
      g_value_set_uint64 (value, sotto_model_entry_get_parameters (self));
      break;
    case PROP_CONTEXT_TRAINED:
      g_value_set_uint (value, sotto_model_entry_get_context_trained (self));
      break;
    case PROP_SEES:
      g_value_set_boolean (value, sotto_model_entry_sees (self));
      break;
    case PROP_HAS_TEMPLATE:
      g_value_set_boolean (value, self->facts != NULL && self->facts->has_template);
      break;
    case PROP_IS_BASE:
      g_value_set_boolean (value, sotto_model_entry_is_base (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    case PROP_IS_DEFAULT:
      g_value_set_boolean (value, self->is_default);
      break;
    case PROP_USABLE:
      g_value_set_boolean (value, sotto_model_entry_is_usable (self));
      break;
    case PROP_RUNS_ON:
      g_value_set_string (value, self->runs_on);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_model_entry_class_init (SottoModelEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_model_entry_finalize;
  object_class->get_property = sotto_model_entry_get_property;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_SUMMARY] = g_param_spec_string ("summary", NULL, NULL, NULL, flags);
  properties[PROP_NOTE] = g_param_spec_string ("note", NULL, NULL, NULL, flags);
  properties[PROP_FAMILY] = g_param_spec_string ("family", NULL, NULL, NULL, flags);
  properties[PROP_QUANTISATION] = g_param_spec_string ("quantisation", NULL, NULL, NULL, flags);
  properties[PROP_LICENCE] = g_param_spec_string ("licence", NULL, NULL, NULL, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_PARAMETERS] =
    g_param_spec_uint64 ("parameters", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_CONTEXT_TRAINED] =
    g_param_spec_uint ("context-trained", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SEES] = g_param_spec_boolean ("sees", NULL, NULL, FALSE, flags);
  properties[PROP_HAS_TEMPLATE] = g_param_spec_boolean ("has-template", NULL, NULL, FALSE, flags);
  properties[PROP_IS_BASE] = g_param_spec_boolean ("is-base", NULL, NULL, FALSE, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SOTTO_TYPE_MODEL_STATE,
                                              SOTTO_MODEL_STATE_CHECKING, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  properties[PROP_IS_DEFAULT] = g_param_spec_boolean ("is-default", NULL, NULL, FALSE, flags);
  properties[PROP_USABLE] = g_param_spec_boolean ("usable", NULL, NULL, FALSE, flags);
  properties[PROP_RUNS_ON] = g_param_spec_string ("runs-on", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_model_entry_init (SottoModelEntry *self)
{
}

SottoModelEntry *
sotto_model_entry_new (const char *path)
{
  SottoModelEntry *self = g_object_new (SOTTO_TYPE_MODEL_ENTRY, NULL);

  self->path = g_strdup (path);
  self->name = g_filename_display_basename (path);
  self->summary = g_strdup ("");
  return self;
}

static void
set_state (SottoModelEntry *self, SottoModelState state)
{
  gboolean was_usable = sotto_model_entry_is_usable (self);

  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (was_usable != sotto_model_entry_is_usable (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USABLE]);
}

/* What is said of it and of what it sees with together */
static void
update_words (SottoModelEntry *self)
{
  g_free (self->summary);
  g_free (self->note);
  self->summary = sotto_model_summary_create (self->facts, self->vision_size);
  self->note = sotto_model_summary_create_note (self->facts, self->vision_size);
}

void
sotto_model_entry_take_facts (SottoModelEntry *self, SottoModelFacts *facts)
{
  GObject *object = G_OBJECT (self);

  g_clear_pointer (&self->facts, sotto_model_facts_free);
  g_clear_pointer (&self->hash, g_free);
  g_clear_object (&self->problem);
  self->facts = facts;

  g_object_freeze_notify (object);
  update_words (self);
  if (facts->error == NULL || !self->is_named)
    g_set_str (&self->name, facts->name);
  self->is_named = TRUE;
  if (facts->error != NULL)
    {
      const gboolean missing = !g_file_test (self->path, G_FILE_TEST_EXISTS);

      if (missing)
        {
          g_autoptr (GError) error = g_error_new_literal (SOTTO_APP_ERROR,
                                                          SOTTO_APP_ERROR_MODEL_MISSING,
                                                          facts->error->message);
          self->problem = sotto_problem_new (error);
        }
      else
        {
          self->problem = sotto_problem_new (facts->error);
        }
      g_set_str (&self->summary, missing ? _("File not found") : _("Cannot be used"));
      set_state (self, missing ? SOTTO_MODEL_STATE_MISSING : SOTTO_MODEL_STATE_UNREADABLE);
    }
  else
    {
      set_state (self, SOTTO_MODEL_STATE_AVAILABLE);
    }

  for (guint i = PROP_NAME; i <= PROP_IS_BASE; i++)
    g_object_notify_by_pspec (object, properties[i]);
  g_object_notify_by_pspec (object, properties[PROP_PROBLEM]);
  g_object_thaw_notify (object);
}

void
sotto_model_entry_set_vision (SottoModelEntry *self, const SottoModelFacts *vision, const char *text)
{
  GObject *object = G_OBJECT (self);
  const guint64 size = vision != NULL ? vision->size : 0;

  g_object_freeze_notify (object);
  if (g_set_str (&self->vision_text, text))
    g_object_notify_by_pspec (object, properties[PROP_SEES]);
  if (g_set_str (&self->vision, vision != NULL ? vision->path : NULL) || self->vision_size != size)
    {
      self->vision_size = size;
      if (self->facts != NULL && self->facts->error == NULL)
        update_words (self);
      for (guint i = PROP_SUMMARY; i <= PROP_SEES; i++)
        g_object_notify_by_pspec (object, properties[i]);
    }
  g_object_thaw_notify (object);
}

const SottoModelFacts *
sotto_model_entry_peek_facts (SottoModelEntry *self)
{
  return self->facts;
}

void
sotto_model_entry_set_loading (SottoModelEntry *self, double fraction)
{
  if (!sotto_model_entry_is_usable (self))
    return;

  self->fraction = CLAMP (fraction, 0, 1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
  set_state (self, SOTTO_MODEL_STATE_LOADING);
}

void
sotto_model_entry_set_loaded (SottoModelEntry *self, gboolean loaded)
{
  if (!loaded && self->placement != NULL)
    sotto_model_entry_set_placement (self, NULL, NULL);
  if (sotto_model_entry_is_usable (self))
    set_state (self, loaded ? SOTTO_MODEL_STATE_LOADED : SOTTO_MODEL_STATE_AVAILABLE);
}

/* --- Where it is computed --- */

void
sotto_model_entry_set_placement (SottoModelEntry      *self,
                                 const SottoPlacement *placement,
                                 const char           *place_text)
{
  g_clear_pointer (&self->placement, sotto_placement_free);
  g_clear_pointer (&self->runs_on, g_free);
  if (placement != NULL)
    {
      self->placement = sotto_placement_copy (placement);
      self->runs_on = placement->gpus != NULL ? sotto_model_place_shorten (placement->gpus)
                                              : g_strdup (_("CPU"));
    }
  g_set_str (&self->place_text, place_text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNS_ON]);
}

void
sotto_model_entry_set_speed (SottoModelEntry *self, double speed)
{
  self->speed = speed;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNS_ON]);
}

const char *
sotto_model_entry_get_runs_on (SottoModelEntry *self)
{
  return self->runs_on;
}

const char *
sotto_model_entry_get_gpus (SottoModelEntry *self)
{
  return self->placement != NULL ? self->placement->gpus : NULL;
}

const char *
sotto_model_entry_get_place_text (SottoModelEntry *self)
{
  return self->place_text;
}

char *
sotto_model_entry_dup_placement (SottoModelEntry *self)
{
  return self->placement != NULL ? sotto_model_place_describe (self->placement) : NULL;
}

char *
sotto_model_entry_dup_memory (SottoModelEntry *self)
{
  return self->placement != NULL ? sotto_model_place_describe_memory (self->placement) : NULL;
}

char *
sotto_model_entry_dup_speed (SottoModelEntry *self)
{
  return self->speed > 0 ? g_strdup_printf (_("%.0f tokens/s"), self->speed) : NULL;
}

guint
sotto_model_entry_get_n_layers (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->n_layers : 0;
}

/* --- The rest --- */

void
sotto_model_entry_set_default (SottoModelEntry *self, gboolean is_default)
{
  if (self->is_default == is_default)
    return;

  self->is_default = is_default;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IS_DEFAULT]);
}

void
sotto_model_entry_set_hash (SottoModelEntry *self, const char *hash)
{
  g_set_str (&self->hash, hash);
}

const char *
sotto_model_entry_get_hash (SottoModelEntry *self)
{
  return self->hash;
}

void
sotto_model_entry_set_remembered_name (SottoModelEntry *self, const char *name)
{
  if (self->facts != NULL || name == NULL || name[0] == '\0')
    return;

  self->is_named = TRUE;
  if (g_set_str (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

const char *
sotto_model_entry_get_path (SottoModelEntry *self)
{
  return self->path;
}

const char *
sotto_model_entry_get_name (SottoModelEntry *self)
{
  return self->name;
}

const char *
sotto_model_entry_get_summary (SottoModelEntry *self)
{
  return self->summary;
}

const char *
sotto_model_entry_get_note (SottoModelEntry *self)
{
  return self->note;
}

const char *
sotto_model_entry_get_family (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->family : NULL;
}

const char *
sotto_model_entry_get_quantisation (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->quantisation : NULL;
}

const char *
sotto_model_entry_get_licence (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->licence : NULL;
}

guint64
sotto_model_entry_get_size (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->size + self->vision_size : 0;
}

const char *
sotto_model_entry_get_vision_path (SottoModelEntry *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (self), NULL);
  return self->vision;
}

gboolean
sotto_model_entry_sees (SottoModelEntry *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (self), FALSE);
  return self->vision != NULL;
}

const char *
sotto_model_entry_get_vision_text (SottoModelEntry *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (self), NULL);
  return self->vision_text;
}

guint64
sotto_model_entry_get_parameters (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->n_parameters : 0;
}

guint
sotto_model_entry_get_context_trained (SottoModelEntry *self)
{
  return self->facts != NULL ? self->facts->n_context_trained : 0;
}

gboolean
sotto_model_entry_has_tools (SottoModelEntry *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (self), FALSE);
  return self->facts != NULL && self->facts->has_tools;
}

gboolean
sotto_model_entry_is_base (SottoModelEntry *self)
{
  return self->facts != NULL && self->facts->is_base;
}

gboolean
sotto_model_entry_fits (SottoModelEntry *self)
{
  return self->facts == NULL || sotto_model_summary_fits (self->facts, self->vision_size);
}

SottoModelRank
sotto_model_entry_get_rank (SottoModelEntry *self)
{
  return self->facts != NULL ? sotto_model_facts_rank (self->facts) : SOTTO_MODEL_RANK_ANSWERS;
}

SottoModelState
sotto_model_entry_get_state (SottoModelEntry *self)
{
  return self->state;
}

double
sotto_model_entry_get_fraction (SottoModelEntry *self)
{
  return self->fraction;
}

SottoProblem *
sotto_model_entry_get_problem (SottoModelEntry *self)
{
  return self->problem;
}

gboolean
sotto_model_entry_is_default (SottoModelEntry *self)
{
  return self->is_default;
}

gboolean
sotto_model_entry_is_usable (SottoModelEntry *self)
{
  return self->state == SOTTO_MODEL_STATE_AVAILABLE
         || self->state == SOTTO_MODEL_STATE_LOADING
         || self->state == SOTTO_MODEL_STATE_LOADED;
}
