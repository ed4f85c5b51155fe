#pragma once

#include "conversation/group-list.h"
#include "conversation/outline.h"

G_BEGIN_DECLS

/* @conversations: of SottoConversation, which lives as long as this; others tell it when they have changed */
SottoOutline *sotto_outline_new (GPtrArray *conversations, SottoGroupList *groups);

/* Something has changed: an item, its group, or which there are. */
void sotto_outline_update (SottoOutline *self);

/* The conversations are gone: it is empty, and stays so. */
void sotto_outline_end (SottoOutline *self);

G_END_DECLS
