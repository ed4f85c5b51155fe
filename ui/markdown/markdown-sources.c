#include "markdown/markdown-sources.h"

#include <string.h>

#define SCHEME "sotto-source:"

/* A number of more digits names no passage. */
#define MAX_DIGITS 3

/* Texts with more of such brackets are about something else, or about nothing. */
#define MAX_LINKED 500

/* Between one pair of brackets */
#define MAX_NUMBERS 20

/* What distinguishes our links from those that a reply has written: no address does. */
static char mark;

/* --- Reading --- */

/* Returns: the number that begins at @p and ends at @end; 0 if there is none */
static guint
read_number (const char  *p,
             const char **end)
{
  guint number = 0;

  for (*end = p; g_ascii_isdigit (**end) && *end - p < MAX_DIGITS; (*end)++)
    number = number * 10 + (guint) (**end - '0');

  return g_ascii_isdigit (**end) ? 0 : number;
}

/* Returns: (nullable): behind the bracket that closes the one at @p, if numbers up to @n stand between them */
static const char *
find_end (const char *p,
          guint       n)
{
  for (guint i = 0; i < MAX_NUMBERS; i++)
    {
      guint number = read_number (p + 1, &p);

      if (number == 0 || number > n)
        return NULL;
      if (*p == ']')
        return p + 1;
      if (*p != ',')
        return NULL;
      if (p[1] == ' ')
        p++;
    }

  return NULL;
}

/* --- Linking --- */

static void
insert_text (cmark_node *before,
             const char *text,
             gsize       length)
{
  g_autofree char *copy = g_strndup (text, length);
  cmark_node *node;

  if (length == 0)
    return;

  node = cmark_node_new (CMARK_NODE_TEXT);
  cmark_node_set_literal (node, copy);
  cmark_node_insert_before (before, node);
}

static void
insert_link (cmark_node        *before,
             const char        *text,
             gsize              length,
             guint              number,
             const char *const *titles)
{
  g_autofree char *copy = g_strndup (text, length);
  g_autofree char *address = g_strdup_printf (SCHEME "%u", number);
  cmark_node *link = cmark_node_new (CMARK_NODE_LINK);
  cmark_node *child = cmark_node_new (CMARK_NODE_TEXT);

  cmark_node_set_url (link, address);
  cmark_node_set_title (link, titles[number - 1]);
  cmark_node_set_user_data (link, &mark);
  cmark_node_set_literal (child, copy);
  cmark_node_append_child (link, child);
  cmark_node_insert_before (before, link);
}

/* A number that stands alone is a link with its brackets, which is easier to hit. */
static void
insert_numbers (cmark_node        *before,
                const char        *begin,
                const char        *end,
                const char *const *titles)
{
  const char *p;
  guint number = read_number (begin + 1, &p);

  if (p + 1 == end)
    {
      insert_link (before, begin, end - begin, number, titles);
      return;
    }

  for (p = begin; p < end;)
    {
      const char *digits = p + strcspn (p, "0123456789");

      if (digits >= end)
        digits = end;
      insert_text (before, p, digits - p);
      p = digits;
      if (p < end)
        {
          number = read_number (digits, &p);
          insert_link (before, digits, p - digits, number, titles);
        }
    }
}

static void
link_text (cmark_node        *node,
           const char *const *titles,
           guint              n,
           guint             *n_left)
{
  g_autofree char *literal = g_strdup (cmark_node_get_literal (node));
  const char *text = literal;
  gboolean is_changed = FALSE;

  for (const char *p = literal; *n_left > 0 && (p = strchr (p, '[')) != NULL;)
    {
      const char *end = find_end (p, n);

      if (end == NULL)
        {
          p++;
          continue;
        }
      insert_text (node, text, p - text);
      insert_numbers (node, p, end, titles);
      text = p = end;
      is_changed = TRUE;
      (*n_left)--;
    }
  if (!is_changed)
    return;

  insert_text (node, text, strlen (text));
  cmark_node_free (node);
}

static gboolean
is_within_link (cmark_node *node)
{
  for (; node != NULL; node = cmark_node_parent (node))
    if (cmark_node_get_type (node) == CMARK_NODE_LINK || cmark_node_get_type (node) == CMARK_NODE_IMAGE)
      return TRUE;

  return FALSE;
}

void
sotto_markdown_link_sources (cmark_node        *document,
                             const char *const *titles)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  const guint n = g_strv_length ((char **) titles);
  guint n_left = MAX_LINKED;
  cmark_iter *iter;
  cmark_event_type event;

  if (n == 0)
    return;

  /* A bracket may end a node, for one can begin a link. */
  cmark_consolidate_text_nodes (document);
  iter = cmark_iter_new (document);
  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      cmark_node *node = cmark_iter_get_node (iter);

      if (event == CMARK_EVENT_ENTER && cmark_node_get_type (node) == CMARK_NODE_TEXT && strchr (cmark_node_get_literal (node), '[') != NULL)
        g_ptr_array_add (nodes, node);
    }
  cmark_iter_free (iter);

  for (guint i = 0; i < nodes->len; i++)
    if (!is_within_link (nodes->pdata[i]))
      link_text (nodes->pdata[i], titles, n, &n_left);
}

gboolean
sotto_markdown_is_source (cmark_node *node)
{
  return cmark_node_get_type (node) == CMARK_NODE_LINK && cmark_node_get_user_data (node) == &mark;
}

guint
sotto_markdown_parse_source (const char *address)
{
  const char *end;

  if (!g_str_has_prefix (address, SCHEME))
    return 0;

  return read_number (address + strlen (SCHEME), &end);
}

/* --- Following --- */

/* Returns: whether the pointer is in @label, and where */
static gboolean
find_pointer (GtkWidget        *label,
              graphene_point_t *point)
{
  GtkNative *native = gtk_widget_get_native (label);
  GdkSurface *surface = gtk_native_get_surface (native);
  GdkDevice *pointer = gdk_seat_get_pointer (gdk_display_get_default_seat (gtk_widget_get_display (label)));
  double x, y, left, top;

  if (pointer == NULL || !gdk_surface_get_device_position (surface, pointer, &x, &y, NULL))
    return FALSE;

  gtk_native_get_surface_transform (native, &left, &top);
  return gtk_widget_compute_point (GTK_WIDGET (native), label, &GRAPHENE_POINT_INIT ((float) (x - left), (float) (y - top)), point) &&
         gtk_widget_contains (label, point->x, point->y);
}

/* A label does not say where the link stands that is followed: it is the one nearest to the pointer, or the first. */
static GdkRectangle
find_place (GtkWidget *label,
            guint      number)
{
  const char *text = gtk_label_get_text (GTK_LABEL (label));
  PangoLayout *layout = gtk_label_get_layout (GTK_LABEL (label));
  GdkRectangle found = { 0, 0, gtk_widget_get_width (label), gtk_widget_get_height (label) };
  graphene_point_t pointer;
  gboolean has_pointer = find_pointer (label, &pointer);
  double nearest = G_MAXDOUBLE;
  int left, top;

  gtk_label_get_layout_offsets (GTK_LABEL (label), &left, &top);
  for (const char *p = text; *p != '\0'; p++)
    {
      const char *end = p;
      PangoRectangle at;
      double distance;

      if (!g_ascii_isdigit (*p) || (p > text && g_ascii_isdigit (p[-1])) || read_number (p, &end) != number ||
          (*end != ']' && *end != ','))
        continue;
      pango_layout_index_to_pos (layout, (int) (p - text), &at);
      pango_extents_to_pixels (&at, NULL);
      distance = has_pointer ? ABS (at.x + left - pointer.x) + ABS (at.y + top + at.height / 2 - pointer.y) : 0;
      if (distance < nearest)
        {
          nearest = distance;
          found = (GdkRectangle) { at.x + left, at.y + top, at.width, at.height };
        }
    }

  return found;
}

void
sotto_markdown_activate_source (GtkWidget *label,
                                guint      number)
{
  GdkRectangle place = find_place (label, number);
  graphene_point_t corner;

  if (gtk_widget_compute_point (label, GTK_WIDGET (gtk_widget_get_root (label)),
                                &GRAPHENE_POINT_INIT ((float) place.x, (float) place.y), &corner))
    gtk_widget_activate_action (label, "message.source", "(uiiii)", number, (int) corner.x, (int) corner.y, place.width, place.height);
}
