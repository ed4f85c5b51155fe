#pragma once

#include <sotto-history.h>

#include "inference.h"

G_BEGIN_DECLS

/**
 * SottoServices:
 * @store: (nullable): the open history; %NULL before and after
 *
 * What conversations work with. Made and filled by #SottoApp, shared by reference.
 */
typedef struct {
  SottoStore *store;
  SottoInference *inference;
  SottoModelLibrary *library;
  SottoSettings *settings;
  char *instructions; /* what a new conversation begins with; "": nothing */
} SottoServices;

SottoServices *sotto_services_new (SottoSettings *settings);
SottoServices *sotto_services_ref (SottoServices *self);
void sotto_services_unref (SottoServices *self);

/**
 * sotto_services_check_store:
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_NOT_READY while there is no open history
 */
gboolean sotto_services_check_store (SottoServices *self, GError **error);

G_END_DECLS
