#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoAnswerNotice:
 *
 * Says above what is written that replies will be JSON, and why they cannot be; a button leads to where that is chosen. Not there
 * while they are text.
 */
#define SOTTO_TYPE_ANSWER_NOTICE (sotto_answer_notice_get_type ())
G_DECLARE_FINAL_TYPE (SottoAnswerNotice, sotto_answer_notice, SOTTO, ANSWER_NOTICE, AdwBin)

/* @conversation: (nullable) */
void sotto_answer_notice_set_conversation (SottoAnswerNotice *self, SottoConversation *conversation);

G_END_DECLS
