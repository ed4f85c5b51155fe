#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoPictureNotice:
 *
 * A line that says that the model of a conversation is given no pictures, as long as there are some.
 */
#define SOTTO_TYPE_PICTURE_NOTICE (sotto_picture_notice_get_type ())
G_DECLARE_FINAL_TYPE (SottoPictureNotice, sotto_picture_notice, SOTTO, PICTURE_NOTICE, AdwBin)

void sotto_picture_notice_set_library (SottoPictureNotice *self, SottoModelLibrary *library);

/* @conversation: (nullable) */
void sotto_picture_notice_set_conversation (SottoPictureNotice *self, SottoConversation *conversation);

G_END_DECLS
