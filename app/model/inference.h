#pragma once

#include <sotto-engine.h>
#include <sotto-history.h>

#include "model/model-library.h"
#include "settings.h"

G_BEGIN_DECLS

/**
 * SottoInference:
 *
 * The worker as the main context sees it. Makes it when it is first needed, with the person's
 * settings; hands each event to whoever made its request, drops those of requests that nobody wants
 * any more, and keeps the library's entries up to date (loading, loaded, hash).
 *
 * ::hashed (SottoInference *self, const char *path, const char *hash): the hash of a model's file is known
 */
#define SOTTO_TYPE_INFERENCE (sotto_inference_get_type ())
G_DECLARE_FINAL_TYPE (SottoInference, sotto_inference, SOTTO, INFERENCE, GObject)

/* How far a base model writes on its own where the person has set no length: seldom does it come to
 * an end by itself, and it can be asked to go on. */
#define SOTTO_INFERENCE_COMPLETION_TOKENS 256

/**
 * SottoInferenceFunc:
 * @event: (transfer none): of the request; the last one is FINISHED, CANCELLED or FAILED
 */
typedef void (*SottoInferenceFunc) (const SottoEvent *event, gpointer user_data);

SottoInference *sotto_inference_new (SottoSettings *settings, SottoModelLibrary *library);

/**
 * sotto_inference_generate:
 * @path: the model
 * @messages: the conversation
 * @conversation: its id, by which sotto_inference_forget_conversation() knows it
 * @lasts: what is computed of it may be kept with the history (sotto_inference_set_sealed())
 * @grammar: (nullable): what the answer has to look like
 * @summary_tokens: 0: a reply, as the settings say; else a summary of at most so many tokens
 * @func: called in the main context until the request has ended or been forgotten
 *
 * Sampler and context are taken from the settings; a summary is drawn more soberly.
 *
 * Returns: the request, or 0 with an error (no worker can be made; closed)
 */
guint64 sotto_inference_generate (SottoInference      *self,
                                  const char          *path,
                                  SottoMessages       *messages,
                                  const char          *conversation,
                                  gboolean             lasts,
                                  SottoGrammar        *grammar,
                                  guint                summary_tokens,
                                  SottoInferenceFunc   func,
                                  gpointer             user_data,
                                  GError             **error);

/**
 * sotto_inference_embed:
 * @path: an embedding model
 * @kind: what @texts are
 * @texts: (array zero-terminated=1): a few, as no reply begins before it has ended
 * @func: called in the main context until the request has ended or been forgotten; its last event is EMBEDDED, CANCELLED or FAILED
 *
 * What texts are about, as vectors. Not a reply: nothing that waits for replies waits for it.
 *
 * Returns: the request, or 0 with an error as sotto_inference_generate()
 */
guint64 sotto_inference_embed (SottoInference      *self,
                               const char          *path,
                               SottoEmbedKind       kind,
                               const char *const   *texts,
                               SottoInferenceFunc   func,
                               gpointer             user_data,
                               GError             **error);

/**
 * sotto_inference_get_context:
 * @path: the model
 *
 * Returns: how many tokens a conversation with it may have: as the settings say, but not more than it was trained for
 */
guint sotto_inference_get_context (SottoInference *self, const char *path);

/**
 * sotto_inference_load:
 *
 * Loads @path so that the next reply begins sooner, unless replies are being made; tells the
 * library's entry only. Errors come with the reply.
 */
void sotto_inference_load (SottoInference *self, const char *path);

/**
 * sotto_inference_unload:
 *
 * Closes the model and gives its memory back, after the replies that were asked for before; tells the library's entry.
 */
void sotto_inference_unload (SottoInference *self, const char *path);

/**
 * sotto_inference_release_memory:
 * @closes: models that do not answer are closed as well
 *
 * Gives back what timelines that were left take, and with @closes the models, unless one of them is answering, is about to or is being
 * opened. What is worth it is saved before; the next question opens its model again.
 */
void sotto_inference_release_memory (SottoInference *self, gboolean closes);

void sotto_inference_cancel (SottoInference *self, guint64 request);

/**
 * sotto_inference_forget:
 *
 * Cancels @request, and its function is not called again.
 */
void sotto_inference_forget (SottoInference *self, guint64 request);

/**
 * sotto_inference_forget_conversation:
 * @conversation: (nullable): its id; %NULL: all
 *
 * Behind the replies that were asked for before, nothing is left of what models have computed of it, and
 * coming back to it means reading it anew.
 */
void sotto_inference_forget_conversation (SottoInference *self, const char *conversation);

/**
 * sotto_inference_forget_kept:
 *
 * What is kept of @conversation on the disk goes, and what models have read of it up to now does not come there. For one of which
 * a message was deleted.
 */
void sotto_inference_forget_kept (SottoInference *self, const char *conversation);

/**
 * sotto_inference_is_first:
 *
 * Returns: whether no other reply comes before @request
 */
gboolean sotto_inference_is_first (SottoInference *self, guint64 request);

/**
 * sotto_inference_set_sealed:
 * @sealed: (nullable): of the history that is open; %NULL: none is, or nothing is to be kept
 *
 * Where what models have computed of conversations is kept while they are closed, if the person wants it ("keep-timelines").
 */
void sotto_inference_set_sealed (SottoInference *self, SottoSealed *sealed);

/* Returns: bytes that it takes on the disk */
guint64 sotto_inference_measure_sealed (SottoInference *self);

/**
 * sotto_inference_save:
 * @milliseconds: how long it may take
 *
 * Before closing: cancels everything, and begins to keep what is worth it.
 *
 * Returns: whether it has begun; sotto_inference_is_saving() until it has ended
 */
gboolean sotto_inference_save (SottoInference *self, guint milliseconds);
gboolean sotto_inference_is_saving (SottoInference *self);

/**
 * sotto_inference_close:
 *
 * Cancels everything, joins the thread and frees models and sessions; blocks for about 100 ms at
 * most.
 */
void sotto_inference_close (SottoInference *self);

/* After closing: the next request makes a worker again. */
void sotto_inference_reopen (SottoInference *self);

/**
 * sotto_inference_fill_sampler:
 *
 * The sampler of @settings; where they name no seed, a random one (which the receipt will name).
 */
void sotto_inference_fill_sampler (SottoSettings *settings, SottoSamplerSettings *sampler);

/**
 * sotto_inference_memory_budget:
 *
 * Returns: bytes that models may take of this computer's memory; 0: not known
 */
guint64 sotto_inference_memory_budget (void);

G_END_DECLS
