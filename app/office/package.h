#pragma once

#include "markup.h"
#include "zip.h"

/* Parts of an archive that name each other: Office Open XML has a list beside each part of what that refers to. */

/* A part as XML; %NULL: there is none, or sotto_zip_get_problem() */
SottoMarkup *sotto_package_open (SottoZip *zip, const char *name);

/* What @target, as it stands in @part, is called in the archive: (transfer full) */
char *sotto_package_resolve (const char *part, const char *target);

typedef struct _SottoRelations SottoRelations;

/* Of the part; "": of the archive itself. What lies outside of it is left out. */
SottoRelations *sotto_relations_new (SottoZip *zip, const char *part);
void sotto_relations_free (SottoRelations *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoRelations, sotto_relations_free)

/* Returns: (transfer none) (nullable): a part's name; by what it is called there, or by the last word of its type */
const char *sotto_relations_get (SottoRelations *self, const char *id);
const char *sotto_relations_find (SottoRelations *self, const char *type);
