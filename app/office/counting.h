#pragma once

#include <glib.h>

/* Numbers as lists count: 1, a, A, i, I */
void sotto_counting_append (GString *text, char how, int number);
