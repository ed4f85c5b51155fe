#include "problem.h"

#include "words.h"

struct _SottoProblem
{
  GObject parent_instance;

  char *text;
  char *detail;
  SottoRemedy remedy;
};

enum {
  PROP_0,
  PROP_TEXT,
  PROP_DETAIL,
  PROP_REMEDY,
  PROP_REMEDY_LABEL,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoProblem, sotto_problem, G_TYPE_OBJECT)
G_DEFINE_QUARK (sotto-app-error-quark, sotto_app_error)

static void
sotto_problem_finalize (GObject *object)
{
  SottoProblem *self = SOTTO_PROBLEM (object);

  g_free (self->text);
  g_free (self->detail);
  G_OBJECT_CLASS (sotto_problem_parent_class)->finalize (object);
}

static void
sotto_problem_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoProblem *self = SOTTO_PROBLEM (object);

  switch (prop_id)
    {
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    case PROP_DETAIL:
      g_value_set_string (value, self->detail);
      break;
    case PROP_REMEDY:
      g_value_set_enum (value, self->remedy);
      break;
    case PROP_REMEDY_LABEL:
      g_value_set_string (value, sotto_words_for_remedy (self->remedy));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_problem_class_init (SottoProblemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sotto_problem_finalize;
  object_class->get_property = sotto_problem_get_property;

  g_object_class_install_property (object_class, PROP_TEXT,
                                   g_param_spec_string ("text", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_DETAIL,
                                   g_param_spec_string ("detail", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_REMEDY,
                                   g_param_spec_enum ("remedy", NULL, NULL, SOTTO_TYPE_REMEDY,
                                                      SOTTO_REMEDY_NONE, flags));
  g_object_class_install_property (object_class, PROP_REMEDY_LABEL,
                                   g_param_spec_string ("remedy-label", NULL, NULL, NULL, flags));
}

static void
sotto_problem_init (SottoProblem *self)
{
}

SottoProblem *
sotto_problem_new (const GError *error)
{
  SottoProblem *self = g_object_new (SOTTO_TYPE_PROBLEM, NULL);

  g_return_val_if_fail (error != NULL, self);

  self->text = sotto_words_for_error (error, &self->remedy);
  self->detail = g_strdup (error->message);
  return self;
}

SottoProblem *
sotto_problem_new_in_words (char *text, const char *detail, SottoRemedy remedy)
{
  SottoProblem *self = g_object_new (SOTTO_TYPE_PROBLEM, NULL);

  self->text = text;
  self->detail = g_strdup (detail);
  self->remedy = remedy;
  return self;
}

const char *
sotto_problem_get_text (SottoProblem *self)
{
  g_return_val_if_fail (SOTTO_IS_PROBLEM (self), NULL);
  return self->text;
}

const char *
sotto_problem_get_detail (SottoProblem *self)
{
  g_return_val_if_fail (SOTTO_IS_PROBLEM (self), NULL);
  return self->detail;
}

SottoRemedy
sotto_problem_get_remedy (SottoProblem *self)
{
  g_return_val_if_fail (SOTTO_IS_PROBLEM (self), SOTTO_REMEDY_NONE);
  return self->remedy;
}

const char *
sotto_problem_get_remedy_label (SottoProblem *self)
{
  g_return_val_if_fail (SOTTO_IS_PROBLEM (self), NULL);
  return sotto_words_for_remedy (self->remedy);
}
