#pragma once

/* The engine's only header for others: language models, run inside this process.
 *
 * Nothing here prints, exits or aborts. Start with sotto_worker_new() for an application, with
 * sotto_model_open() and sotto_session_new() for a tool. */

#define SOTTO_ENGINE_INSIDE

#include "sotto-cancel.h"
#include "sotto-error.h"
#include "sotto-gpu.h"
#include "sotto-grammar.h"
#include "sotto-image.h"
#include "sotto-message.h"
#include "sotto-model.h"
#include "sotto-placement.h"
#include "sotto-sampler.h"
#include "sotto-session.h"
#include "sotto-vision.h"
#include "sotto-worker.h"

#undef SOTTO_ENGINE_INSIDE
