#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoFolderPicker:
 *
 * The button beside where one writes that says which folders of documents a conversation asks and which tools its model may use,
 * and chooses them.
 */
#define SOTTO_TYPE_FOLDER_PICKER (sotto_folder_picker_get_type ())
G_DECLARE_FINAL_TYPE (SottoFolderPicker, sotto_folder_picker, SOTTO, FOLDER_PICKER, AdwBin)

void sotto_folder_picker_set_folders (SottoFolderPicker *self, SottoDocumentFolders *folders);

/* @conversation: (nullable) */
void sotto_folder_picker_set_conversation (SottoFolderPicker *self, SottoConversation *conversation);
void sotto_folder_picker_open (SottoFolderPicker *self);

G_END_DECLS
