#include "sidebar/group-menu.h"

#include <glib/gi18n.h>

/* A menu is as wide as the longest of its names. */
#define MAX_CHARACTERS 28

/* A menu takes what stands behind an underscore for its key. */
static char *
create_label (const char *name)
{
  g_autofree char *beginning = g_utf8_substring (name, 0, MIN (g_utf8_strlen (name, -1), MAX_CHARACTERS));
  g_auto (GStrv) parts = g_strsplit (beginning, "_", -1);
  g_autofree char *escaped = g_strjoinv ("__", parts);

  return g_strconcat (escaped, g_utf8_strlen (name, -1) > MAX_CHARACTERS ? "…" : "", NULL);
}

static void
append (GMenu      *menu,
        const char *label,
        const char *prefix,
        const char *action,
        const char *hidden_when)
{
  g_autofree char *name = g_strconcat (prefix, ".", action, NULL);
  g_autoptr (GMenuItem) item = g_menu_item_new (label, name);

  if (hidden_when != NULL)
    g_menu_item_set_attribute (item, "hidden-when", "s", hidden_when);
  g_menu_append_item (menu, item);
}

void
sotto_group_menu_fill (GMenu             *menu,
                       SottoGroupList    *groups,
                       SottoConversation *conversation,
                       const char        *prefix)
{
  g_autoptr (GMenu) names = g_menu_new ();
  g_autoptr (GMenu) others = g_menu_new ();
  g_autofree char *move = g_strconcat (prefix, ".move-to-group", NULL);

  g_menu_remove_all (menu);
  if (conversation == NULL || sotto_conversation_is_temporary (conversation))
    return;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (groups)); i++)
    {
      g_autoptr (SottoGroup) group = g_list_model_get_item (G_LIST_MODEL (groups), i);
      g_autofree char *label = create_label (sotto_group_get_name (group));
      g_autoptr (GMenuItem) item = NULL;

      if (group == sotto_conversation_get_group (conversation))
        continue;
      item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target (item, move, "s", sotto_group_get_id (group));
      g_menu_append_item (names, item);
    }
  append (others, _("_New Group…"), prefix, "move-to-new-group", NULL);
  append (others, _("_Remove From Group"), prefix, "leave-group", "action-disabled");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (names));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (others));
}
