#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoDocumentTray:
 *
 * Where files are read that will be part of what is written: one after another, each for the conversation in which it was
 * chosen. A row stands there for one that takes a while, as long as its conversation is shown.
 *
 * Signals:
 * - "read" (SottoDocument, SottoConversation, SottoAttachment): what it has become
 * - "refused" (SottoDocument, GError, boolean): why it has not, and whether it may be a model instead
 * - "changed" (): sotto_document_tray_is_reading() may say something else
 */
#define SOTTO_TYPE_DOCUMENT_TRAY (sotto_document_tray_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocumentTray, sotto_document_tray, SOTTO, DOCUMENT_TRAY, GtkBox)

void sotto_document_tray_add (SottoDocumentTray *self,
                              GFile             *file,
                              SottoConversation *conversation,
                              gboolean           may_be_model);

/* Asks for files, and adds them. */
void sotto_document_tray_choose (SottoDocumentTray *self, SottoConversation *conversation);

/* @conversation: (nullable): the one that is shown */
void sotto_document_tray_set_conversation (SottoDocumentTray *self, SottoConversation *conversation);

/* Whether something for @conversation (nullable) has yet to come */
gboolean sotto_document_tray_is_reading (SottoDocumentTray *self, SottoConversation *conversation);

G_END_DECLS
