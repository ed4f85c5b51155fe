#pragma once

/* Sotto without its widgets: everything that can be done in the application, as GObjects and
 * GListModels. The only header that others include.
 *
 * All of it lives in the main context; nothing here is to be called from another thread. Nothing
 * prints, exits or blocks: what takes time is asynchronous, and what is refused is a #GError or a
 * #SottoProblem with words for a person. Start with sotto_app_new() and sotto_app_open_async(). */

#define SOTTO_APP_INSIDE

#include "app.h"
#include "ask.h"
#include "conversation/answer-form.h"
#include "conversation/attachment.h"
#include "conversation/conversation-list.h"
#include "conversation/conversation.h"
#include "conversation/group-list.h"
#include "conversation/group.h"
#include "conversation/message.h"
#include "conversation/outline.h"
#include "conversation/pixels.h"
#include "conversation/search-hit.h"
#include "document/document-folder.h"
#include "document/document-folders.h"
#include "document/document.h"
#include "document/meaning.h"
#include "file-write.h"
#include "guard.h"
#include "kinds.h"
#include "markdown/markdown.h"
#include "math/parse.h"
#include "math/symbols.h"
#include "math/text.h"
#include "model/gpu-look.h"
#include "model/model-entry.h"
#include "model/model-library.h"
#include "numbers.h"
#include "problem.h"
#include "saved-instructions.h"
#include "search-provider.h"
#include "settings.h"
#include "speaker.h"
#include "tools/tool.h"
#include "transfer/transfer.h"

#undef SOTTO_APP_INSIDE
