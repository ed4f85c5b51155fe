#pragma once

/* Sotto without its widgets: everything that can be done in the application, as GObjects and
 * GListModels. The only header that others include.
 *
 * All of it lives in the main context; nothing here is to be called from another thread. Nothing
 * prints, exits or blocks: what takes time is asynchronous, and what is refused is a #GError or a
 * #SottoProblem with words for a person. Start with sotto_app_new() and sotto_app_open_async(). */

#define SOTTO_APP_INSIDE

#include "kinds.h"
#include "problem.h"
#include "settings.h"
#include "numbers.h"
#include "model-entry.h"
#include "model-library.h"
#include "gpu-look.h"
#include "document-folder.h"
#include "document-folders.h"
#include "meaning.h"
#include "group.h"
#include "group-list.h"
#include "attachment.h"
#include "pixels.h"
#include "math/parse.h"
#include "math/symbols.h"
#include "math/text.h"
#include "markdown.h"
#include "answer-form.h"
#include "message.h"
#include "tools/tool.h"
#include "conversation.h"
#include "outline.h"
#include "conversation-list.h"
#include "search-hit.h"
#include "transfer.h"
#include "document.h"
#include "app.h"
#include "saved-instructions.h"
#include "search-provider.h"
#include "speaker.h"
#include "ask.h"
#include "guard.h"

#undef SOTTO_APP_INSIDE
