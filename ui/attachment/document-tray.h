#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoDocumentTray:
 *
 * Where files are read that will be part of what is written: one after another, each for the conversation in which it was
 * chosen. A row stands there for one that takes a while, as long as its conversation is shown. So are pictures that are pasted.
 *
 * Signals:
 * - "read" (SottoDocument, SottoConversation, SottoAttachment): what it has become
 * - "refused" (SottoDocument, GError, boolean): why it has not, and whether it may be a model instead
 * - "pasted" (SottoConversation, string): a picture without a file has become part of what is written; its name
 * - "text-pasted" (): what was to be pasted is text
 * - "changed" (): sotto_document_tray_is_reading() may say something else
 */
#define SOTTO_TYPE_DOCUMENT_TRAY (sotto_document_tray_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocumentTray, sotto_document_tray, SOTTO, DOCUMENT_TRAY, GtkBox)

void sotto_document_tray_add (SottoDocumentTray *self,
                              GFile             *file,
                              SottoConversation *conversation,
                              gboolean           may_be_model);

/* What was copied or dropped: files, or a picture that has none; a toast says why that cannot be taken. @source: a #GdkClipboard
 * or a #GdkDrop, which is ended */
void sotto_document_tray_paste (SottoDocumentTray *self, GObject *source, SottoConversation *conversation);

/* Says why a file cannot be attached. */
void sotto_document_tray_refuse (SottoDocumentTray *self, const char *words);

/* Asks for files, and adds them. */
void sotto_document_tray_choose (SottoDocumentTray *self, SottoConversation *conversation);

/* @conversation: (nullable): the one that is shown */
void sotto_document_tray_set_conversation (SottoDocumentTray *self, SottoConversation *conversation);

/* Whether something for @conversation (nullable) has yet to come */
gboolean sotto_document_tray_is_reading (SottoDocumentTray *self, SottoConversation *conversation);

G_END_DECLS
