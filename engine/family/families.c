/* The registry: which families there are. The families themselves stand in families-*.c. */

#include "family/family.h"

static const SottoFamily *const tables[] = {
  sotto_families_decoders,
  sotto_families_gemma,
  sotto_families_experts,
  sotto_families_recurrent,
  sotto_families_others,
};

static gboolean
is_called (const SottoFamily *self, const char *name)
{
  gboolean called = g_str_equal (self->name, name);

  for (guint i = 0; i < G_N_ELEMENTS (self->also) && self->also[i] != NULL; i++)
    called |= g_str_equal (self->also[i], name);
  return called;
}

const SottoFamily *
sotto_family_lookup (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const SottoFamily *family = tables[i]; family->name != NULL; family++)
      if (is_called (family, name))
        return family;

  return NULL;
}

char *
sotto_family_list (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const SottoFamily *family = tables[i]; family->name != NULL; family++)
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", family->name);

  return g_string_free (list, FALSE);
}
