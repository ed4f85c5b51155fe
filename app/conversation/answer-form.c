#include "conversation/answer-form-private.h"

#include <string.h>

/* Looking at a schema is making the grammar of it, which may take most of a second: in a thread, one schema at a time. What is
 * typed meanwhile gives it up.
 *
 *   changed ──(typing rests)──► begin ──► run (thread) ──► on_checked: grammar or error; whoever waits is told */

/* What is looked at next; the engine's own bounds hold for what a schema may cost. */
#define REST_MS 200

/* A number or a word is JSON, too, but nobody asks for JSON to be given one. */
static const char any_json[] = "{\"type\": [\"object\", \"array\"]}";

struct _SottoAnswerForm
{
  GObject parent_instance;

  SottoAnswerFormat format;
  char *schema;

  /* What is known of them */
  gboolean is_known;
  SottoGrammar *grammar; /* (nullable) */
  GError *error;         /* (nullable) */
  SottoProblem *problem; /* (nullable): its words */

  /* Until then */
  guint rest_source;
  SottoCancel *cancel;   /* of what is being looked at; NULL: nothing is */
  GPtrArray *waiting;    /* of GTask */
};

enum { PROP_0, PROP_FORMAT, PROP_SCHEMA, PROP_CHECKING, PROP_PROBLEM, PROP_PROBLEM_LINE, N_PROPS };

G_DEFINE_FINAL_TYPE (SottoAnswerForm, sotto_answer_form, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

/* --- What is known --- */

static void
notify_all (SottoAnswerForm *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHECKING]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM_LINE]);
}

static void
answer (SottoAnswerForm *self, GTask *task)
{
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_pointer (task, self->grammar != NULL ? sotto_grammar_ref (self->grammar) : NULL,
                           (GDestroyNotify) sotto_grammar_unref);
}

/* @grammar: (transfer full) (nullable), @error: (transfer full) (nullable) */
static void
settle (SottoAnswerForm *self, SottoGrammar *grammar, GError *error)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  g_clear_pointer (&self->cancel, sotto_cancel_unref);
  self->is_known = TRUE;
  self->grammar = grammar;
  self->error = error;
  self->problem = error != NULL ? sotto_problem_new (error) : NULL;
  for (guint i = 0; waiting != NULL && i < waiting->len; i++)
    answer (self, g_ptr_array_index (waiting, i));
  notify_all (self);
}

static void
forget (SottoAnswerForm *self)
{
  g_clear_handle_id (&self->rest_source, g_source_remove);
  if (self->cancel != NULL)
    sotto_cancel_raise (self->cancel);
  g_clear_pointer (&self->cancel, sotto_cancel_unref);
  g_clear_pointer (&self->grammar, sotto_grammar_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->problem);
  self->is_known = self->format == SOTTO_ANSWER_FORMAT_TEXT;
}

/* --- Looking at it --- */

typedef struct {
  char *text;
  SottoCancel *cancel;
} Check;

static void
check_free (gpointer data)
{
  Check *check = data;

  g_free (check->text);
  sotto_cancel_unref (check->cancel);
  g_free (check);
}

static void
run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Check *check = data;
  GError *error = NULL;
  SottoGrammar *grammar = sotto_grammar_new_json_schema (check->text, -1, check->cancel, &error);

  if (grammar != NULL)
    g_task_return_pointer (task, grammar, (GDestroyNotify) sotto_grammar_unref);
  else
    g_task_return_error (task, error);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoAnswerForm *self = SOTTO_ANSWER_FORM (source);
  const Check *check = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  SottoGrammar *grammar = g_task_propagate_pointer (G_TASK (result), &error);

  /* It is another one by now. */
  if (check->cancel != self->cancel)
    {
      g_clear_pointer (&grammar, sotto_grammar_unref);
      g_clear_error (&error);
      return;
    }
  settle (self, grammar, error);
}

const char *
sotto_answer_form_get_held (SottoAnswerForm *self)
{
  return self->format == SOTTO_ANSWER_FORMAT_SCHEMA ? self->schema
         : self->format == SOTTO_ANSWER_FORMAT_JSON ? any_json : NULL;
}

gboolean
sotto_answer_form_is_any (const char *held)
{
  return g_str_equal (held, any_json);
}

static GError *
refuse (SottoAnswerForm *self)
{
  const char *text = sotto_answer_form_get_held (self);

  if (strlen (text) > SOTTO_ANSWER_SCHEMA_MOST)
    return g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_SCHEMA_LARGE, "The schema is too large");
  if (text[strspn (text, " \t\r\n")] == '\0')
    return g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_SCHEMA, "There is no schema");
  return NULL;
}

static void
begin (SottoAnswerForm *self)
{
  g_autoptr (GTask) task = NULL;
  GError *error;
  Check *check;

  g_clear_handle_id (&self->rest_source, g_source_remove);
  if (self->is_known || self->cancel != NULL)
    return;
  error = refuse (self);
  if (error != NULL)
    {
      settle (self, NULL, error);
      return;
    }

  self->cancel = sotto_cancel_new ();
  check = g_new0 (Check, 1);
  check->text = g_strdup (sotto_answer_form_get_held (self));
  check->cancel = sotto_cancel_ref (self->cancel);
  task = g_task_new (self, NULL, on_checked, NULL);
  g_task_set_task_data (task, check, check_free);
  g_task_run_in_thread (task, run);
}

static gboolean
on_rested (gpointer user_data)
{
  SottoAnswerForm *self = user_data;

  self->rest_source = 0;
  begin (self);
  return G_SOURCE_REMOVE;
}

/* What waits for a reply waits for what is written now, without a rest. */
static void
changed (SottoAnswerForm *self)
{
  forget (self);
  if (self->is_known)
    {
      settle (self, NULL, NULL);
      return;
    }
  if (self->waiting != NULL || self->format == SOTTO_ANSWER_FORMAT_JSON)
    begin (self);
  else
    self->rest_source = g_timeout_add (REST_MS, on_rested, self);
  notify_all (self);
}

void
sotto_answer_form_check (SottoAnswerForm *self)
{
  g_return_if_fail (SOTTO_IS_ANSWER_FORM (self));

  if (self->is_known || self->cancel != NULL || self->rest_source != 0)
    return;
  begin (self);
  notify_all (self);
}

void
sotto_answer_form_compile_async (SottoAnswerForm     *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  if (self->is_known)
    {
      answer (self, task);
      g_object_unref (task);
      return;
    }
  if (self->waiting == NULL)
    self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiting, task);
  begin (self);
}

gboolean
sotto_answer_form_compile_finish (SottoAnswerForm  *self,
                                  GAsyncResult     *result,
                                  SottoGrammar    **grammar,
                                  GError          **error)
{
  GError *local = NULL;

  *grammar = g_task_propagate_pointer (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

void
sotto_answer_form_abandon (SottoAnswerForm *self)
{
  g_clear_handle_id (&self->rest_source, g_source_remove);
  if (self->cancel != NULL)
    sotto_cancel_raise (self->cancel);
}

/* --- The object --- */

void
sotto_answer_form_take (SottoAnswerForm *self, SottoAnswerFormat format, const char *schema)
{
  self->format = format;
  g_set_str (&self->schema, schema != NULL ? schema : "");
  forget (self);
}

void
sotto_answer_form_set_format (SottoAnswerForm *self, SottoAnswerFormat format)
{
  g_return_if_fail (SOTTO_IS_ANSWER_FORM (self));

  if (self->format == format)
    return;
  self->format = format;
  changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FORMAT]);
}

void
sotto_answer_form_set_schema (SottoAnswerForm *self, const char *schema)
{
  g_autofree char *valid = g_utf8_make_valid (schema != NULL ? schema : "", -1);

  g_return_if_fail (SOTTO_IS_ANSWER_FORM (self));

  if (!g_set_str (&self->schema, valid))
    return;
  if (self->format == SOTTO_ANSWER_FORMAT_SCHEMA)
    changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SCHEMA]);
}

SottoAnswerFormat
sotto_answer_form_get_format (SottoAnswerForm *self)
{
  g_return_val_if_fail (SOTTO_IS_ANSWER_FORM (self), SOTTO_ANSWER_FORMAT_TEXT);
  return self->format;
}

const char *
sotto_answer_form_get_schema (SottoAnswerForm *self)
{
  g_return_val_if_fail (SOTTO_IS_ANSWER_FORM (self), NULL);
  return self->schema;
}

gboolean
sotto_answer_form_is_checking (SottoAnswerForm *self)
{
  g_return_val_if_fail (SOTTO_IS_ANSWER_FORM (self), FALSE);
  return !self->is_known;
}

SottoProblem *
sotto_answer_form_get_problem (SottoAnswerForm *self)
{
  g_return_val_if_fail (SOTTO_IS_ANSWER_FORM (self), NULL);
  return self->problem;
}

guint
sotto_answer_form_get_problem_line (SottoAnswerForm *self)
{
  const SottoErrorArguments *arguments;

  g_return_val_if_fail (SOTTO_IS_ANSWER_FORM (self), 0);

  if (!g_error_matches (self->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GRAMMAR))
    return 0;
  arguments = sotto_engine_error_get_arguments (self->error);
  return (guint) MIN (arguments->wanted, G_MAXINT);
}

static void
sotto_answer_form_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoAnswerForm *self = SOTTO_ANSWER_FORM (object);

  switch (prop_id)
    {
    case PROP_FORMAT:
      g_value_set_enum (value, self->format);
      break;
    case PROP_SCHEMA:
      g_value_set_string (value, self->schema);
      break;
    case PROP_CHECKING:
      g_value_set_boolean (value, !self->is_known);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    case PROP_PROBLEM_LINE:
      g_value_set_uint (value, sotto_answer_form_get_problem_line (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_answer_form_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SottoAnswerForm *self = SOTTO_ANSWER_FORM (object);

  switch (prop_id)
    {
    case PROP_FORMAT:
      sotto_answer_form_set_format (self, g_value_get_enum (value));
      break;
    case PROP_SCHEMA:
      sotto_answer_form_set_schema (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_answer_form_finalize (GObject *object)
{
  SottoAnswerForm *self = SOTTO_ANSWER_FORM (object);

  forget (self);
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  g_free (self->schema);
  G_OBJECT_CLASS (sotto_answer_form_parent_class)->finalize (object);
}

static void
sotto_answer_form_class_init (SottoAnswerFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags shown = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags changing = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sotto_answer_form_finalize;
  object_class->get_property = sotto_answer_form_get_property;
  object_class->set_property = sotto_answer_form_set_property;

  properties[PROP_FORMAT] = g_param_spec_enum ("format", NULL, NULL, SOTTO_TYPE_ANSWER_FORMAT, SOTTO_ANSWER_FORMAT_TEXT,
                                               changing);
  properties[PROP_SCHEMA] = g_param_spec_string ("schema", NULL, NULL, "", changing);
  properties[PROP_CHECKING] = g_param_spec_boolean ("checking", NULL, NULL, FALSE, shown);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, shown);
  properties[PROP_PROBLEM_LINE] = g_param_spec_uint ("problem-line", NULL, NULL, 0, G_MAXUINT, 0, shown);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_answer_form_init (SottoAnswerForm *self)
{
  self->schema = g_strdup ("");
  self->is_known = TRUE;
}

SottoAnswerForm *
sotto_answer_form_new (void)
{
  return g_object_new (SOTTO_TYPE_ANSWER_FORM, NULL);
}
