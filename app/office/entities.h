#pragma once

#include <glib.h>

/* The character that a page of the web, or XML, has under a name, such as "eacute"; 0: there is none */
gunichar sotto_entity_find (const char *name, gsize length);

/* What a byte of Windows-1252 stands for */
gunichar sotto_markup_from_windows (guint8 byte);
