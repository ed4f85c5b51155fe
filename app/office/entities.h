#pragma once

#include <glib.h>

/* The character that a page of the web, or XML, has under a name, such as "eacute"; 0: there is none */
gunichar sotto_entity_find (const char *name, gsize length);
