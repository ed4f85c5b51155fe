#pragma once

#include "sotto-grammar.h"
#include "sotto-placement.h"
#include "sotto-sampler.h"
#include "sotto-session.h"
#include "sotto-timelines.h"

G_BEGIN_DECLS

/**
 * SottoWorker:
 *
 * Owns the inference thread. Requests go in on one GAsyncQueue, events come out on another; nothing
 * else touches models and sessions. All functions may be called from any thread.
 *
 * A worker holds any number of models under one memory budget. The most recently used model stays;
 * loading another frees it first unless both fit the budget and keep_previous is set. Of each that is open it keeps
 * timelines that were left, as far as there is memory to spare, so that coming back to a conversation does not mean reading
 * it anew.
 */
typedef struct _SottoWorker SottoWorker;

/**
 * SottoWorkerOptions:
 * @memory_budget: bytes for weights, KV cache and scratch of all models together; 0: no limit. At most an eighth of it is
 *   for timelines that were left, which are the first to go
 * @n_threads: 0: one a physical core
 * @keep_previous: keep models open as long as the budget allows, and, of those with memory on GPUs, as long as the next
 *   one has the room there that it can use
 * @tier: (nullable): as in sotto_backend_new_cpu()
 * @gpu, @n_gpu_layers: as in #SottoBackendOptions, for models of which sotto_worker_place() says nothing
 * @kv_type: of all sessions
 * @timelines: (nullable): where timelines go that are to outlive the worker; copied
 * @wake: (nullable): called from the worker's thread whenever the event queue becomes non-empty;
 *   must not block; typically g_main_context_wakeup()
 */
typedef struct {
  guint64 memory_budget;
  guint n_threads;
  gboolean keep_previous;
  const char *tier;
  SottoGpuUse gpu;
  guint n_gpu_layers;
  SottoKvType kv_type;
  const SottoTimelines *timelines;
  void (*wake) (gpointer user_data);
  gpointer user_data;
} SottoWorkerOptions;

SottoWorker *sotto_worker_new (const SottoWorkerOptions *options, GError **error);

/**
 * sotto_worker_free:
 *
 * Shuts down in this order: refuse new requests; cancel the running one; drop the waiting ones (each
 * gets a CANCELLED event that nobody will read); join the thread; free sessions, models, backend; free the queues.
 * Returns within 100 ms of compute plus freeing.
 */
void sotto_worker_free (SottoWorker *self);

/* --- Requests --- */

/**
 * sotto_worker_load:
 * @path: the model's file
 * @n_context: tokens; 0: the default
 *
 * Events: LOADING…, then LOADED or FAILED or CANCELLED. A model that is open already is LOADED at
 * once. After LOADED its hash is taken in the background, slowly while a request runs (HASHED).
 *
 * Returns: the request's id, never 0
 */
guint64 sotto_worker_load (SottoWorker *self, const char *path, guint n_context);

/**
 * sotto_worker_unload:
 * @path: (nullable): %NULL: all
 *
 * Event: UNLOADED.
 */
guint64 sotto_worker_unload (SottoWorker *self, const char *path);

/**
 * sotto_worker_forget:
 * @conversation: (nullable): as in #SottoGenerate; %NULL: of all
 *
 * Nothing is left of what was computed of @conversation, behind the requests that were made before: what is kept
 * for coming back to it goes, in memory and where it would outlive the worker, and what it has left in caches and scratch is wiped. A request that did not say whose it was
 * may have been of any. Other conversations stay as they are; models stay open.
 *
 * Event: FORGOTTEN.
 */
guint64 sotto_worker_forget (SottoWorker *self, const char *conversation);

/**
 * sotto_worker_save:
 * @time_us: how long it may take
 *
 * Has what was computed of conversations outlive the worker (SottoWorkerOptions.timelines), as far as there is time; the newest
 * comes first, and what takes longer to bring back than to read anew is left out. A model that is closed saves by itself; a
 * worker that is freed does not. Cancelled, what is on its way is dropped.
 *
 * Event: SAVED.
 */
guint64 sotto_worker_save (SottoWorker *self, gint64 time_us);

/**
 * sotto_worker_forget_saved:
 * @conversation: as in #SottoGenerate
 *
 * What was computed of @conversation, behind the requests that were made before, neither outlives the worker nor has done so;
 * in memory it stays, and what is computed from then on may outlive again. For a conversation of which a part was deleted.
 *
 * Event: FORGOTTEN.
 */
guint64 sotto_worker_forget_saved (SottoWorker *self, const char *conversation);

/**
 * sotto_worker_release_kept:
 *
 * Gives back what timelines that were left take in memory, behind the requests that were made before. What may outlive the worker and
 * is worth it is saved first, as sotto_worker_save() does, for a second at most. Models stay open, and sessions as they are; what was
 * not saved is read anew when somebody comes back to it.
 *
 * Event: FORGOTTEN.
 */
guint64 sotto_worker_release_kept (SottoWorker *self);

typedef enum {
  SOTTO_SPECULATION_AUTOMATIC, /* where it pays */
  SOTTO_SPECULATION_NEVER,     /* for comparing speed */
  SOTTO_SPECULATION_ALWAYS,    /* as much as can be, also where it costs more than it brings; for tests */
} SottoSpeculation;

/**
 * SottoGenerate:
 * @path: the model; loaded first if it is not open
 * @n_context: tokens of context; 0: the default
 * @messages: (nullable): the conversation, and a reply that is to go on, if there is one (without @grammar); or
 * @text: (nullable): raw text to complete, BOS added, no template
 * @sampler: how to draw
 * @max_tokens: 0: until the context is full
 * @stop: (nullable) (array zero-terminated=1): texts that end the reply and are not part of it
 * @date: (nullable): given to the template; %NULL: today
 * @grammar: (nullable): what the answer must look like. A model may reason before it, as it always
 *   does; behind that the reply is text and nothing else, all of it fits, and it ends where nothing can
 *   be added
 * @speculation: whether tokens are guessed ahead. The reply is the same, to the bit
 * @conversation: (nullable): whose words the prompt has: a name for sotto_worker_forget(); %NULL: anybody's
 * @lasts: what is computed of @conversation may outlive the worker, and what has may be used
 *
 * Copied by sotto_worker_generate(); @messages and @grammar are referenced.
 */
typedef struct {
  const char *path;
  guint n_context;
  SottoMessages *messages;
  const char *text;
  SottoSamplerSettings sampler;
  guint max_tokens;
  const char *const *stop;
  GDateTime *date;
  SottoGrammar *grammar;
  SottoSpeculation speculation;
  const char *conversation;
  gboolean lasts;
} SottoGenerate;

/**
 * sotto_worker_generate:
 *
 * Events: (LOADING… LOADED), PREFILL… (LOOKING… between them where there are pictures), REASONING…, TOOL_CALL…, TEXT… as they come, then exactly one of FINISHED, FAILED, CANCELLED.
 */
guint64 sotto_worker_generate (SottoWorker *self, const SottoGenerate *generate);

typedef enum {
  SOTTO_EMBED_PASSAGE,  /* what may be found */
  SOTTO_EMBED_QUESTION, /* what it is found with */
} SottoEmbedKind;

/**
 * SottoEmbed:
 * @path: a model of texts' meanings (#SottoModelInfo.is_embedding)
 * @kind: what the texts are: many models were trained to be told (sotto_model_get_embed_prefix())
 * @texts: (array zero-terminated=1): UTF-8, in which control tokens are text. Of one longer than the model reads its beginning counts
 *   (what the model was trained for, at most 2,048 tokens). An empty one has the vector of nothing between the tokens that begin and
 *   end a text; a few at a time, since a reply that is asked for meanwhile waits for all of them
 *
 * Copied by sotto_worker_embed().
 */
typedef struct {
  const char *path;
  SottoEmbedKind kind;
  const char *const *texts;
} SottoEmbed;

/**
 * sotto_worker_embed:
 *
 * What texts are about, as vectors. The model is opened beside the one that writes, as a helper is, and never in its place: where the
 * memory budget does not allow both the request FAILED with MEMORY and changes nothing. It stays open until it is unloaded, another
 * makes vectors, or a model that writes needs its room. Texts are told neither to the receipt nor to timelines; what they have left in
 * memory goes with sotto_worker_forget() of any conversation.
 *
 * Events: (LOADING… LOADED), then exactly one of EMBEDDED, FAILED (REQUEST: the model gives no vectors, or there are no texts),
 * CANCELLED. After LOADED comes HASHED, as after sotto_worker_load().
 */
guint64 sotto_worker_embed (SottoWorker *self, const SottoEmbed *embed);

/**
 * sotto_worker_cancel:
 *
 * Cancels the request @id, running or waiting; takes effect within 100 ms at every stage. Its last
 * event is CANCELLED (with the receipt of what was generated), unless it had ended already.
 */
void sotto_worker_cancel (SottoWorker *self, guint64 id);

/**
 * sotto_worker_set_threads:
 *
 * Takes effect at the next step, also within a running reply.
 */
void sotto_worker_set_threads (SottoWorker *self, guint n_threads);

/**
 * sotto_worker_place:
 * @path: a model
 * @gpu, @n_gpu_layers: as in sotto_backend_set_gpu()
 *
 * Where @path is computed from the next request on that opens or uses it; one that is open moves then.
 */
void sotto_worker_place (SottoWorker *self, const char *path, SottoGpuUse gpu, guint n_gpu_layers);

/**
 * sotto_worker_set_vision:
 * @model_path: a model
 * @vision_path: (nullable): the file that it sees with; %NULL: it sees nothing
 *
 * What a model sees with from the next request on. It is opened when the first picture is there; where that fails, so does the
 * request that has the picture, and no other.
 */
void sotto_worker_set_vision (SottoWorker *self, const char *model_path, const char *vision_path);

/**
 * sotto_worker_set_library:
 * @paths: (array zero-terminated=1): models on this computer; copied
 *
 * From now on a smaller one of them guesses for a larger one of the same vocabulary where that makes replies quicker
 * and the memory budget allows both. It is opened when there is nothing else to do.
 */
void sotto_worker_set_library (SottoWorker *self, const char *const *paths);

/**
 * sotto_worker_tell_hash:
 * @stamp: as it came with HASHED
 * @hash: likewise
 *
 * A hash that was taken before, maybe by another process: it is believed, and a file of that stamp is not read for it.
 */
void sotto_worker_tell_hash (SottoWorker *self, const char *stamp, const char *hash);

/* --- Events --- */

typedef enum {
  SOTTO_EVENT_LOADING,      /* done, total */
  SOTTO_EVENT_LOADED,       /* model, memory, placement */
  SOTTO_EVENT_UNLOADED,     /* path */
  SOTTO_EVENT_FORGOTTEN,    /* memory */
  SOTTO_EVENT_SAVED,
  SOTTO_EVENT_HASHED,       /* path, hash, stamp (of the file: sotto_model_dup_stamp()) */
  SOTTO_EVENT_LOOKING,      /* done, total (work): at a picture, before it is read as part of the prompt */
  SOTTO_EVENT_PREFILL,      /* done, total (tokens), reused */
  SOTTO_EVENT_TEXT,         /* text (whole characters), done (tokens so far), tokens_per_second */
  SOTTO_EVENT_REASONING,    /* as TEXT: what the model thinks before it answers */
  SOTTO_EVENT_TOOL_CALL,    /* call_step, and what it says; done, tokens_per_second */
  SOTTO_EVENT_EMBEDDED,     /* path, vectors */
  SOTTO_EVENT_FINISHED,     /* reason, receipt */
  SOTTO_EVENT_CANCELLED,    /* receipt (nullable) */
  SOTTO_EVENT_FAILED,       /* error, receipt (nullable) */
} SottoEventKind;

/* A tool call as it is written. What does not parse in the end is TAKEN_BACK and follows as TEXT. */
typedef enum {
  SOTTO_CALL_BEGUN = 1,     /* text: the tool's name; call_id (nullable) */
  SOTTO_CALL_ARGUMENTS,     /* text: bytes of one JSON object */
  SOTTO_CALL_ENDED,         /* call_id (nullable): may be known only now */
  SOTTO_CALL_TAKEN_BACK,
} SottoCallStep;

typedef enum {
  SOTTO_FINISH_END,          /* the model ended its turn */
  SOTTO_FINISH_STOP,         /* a stop text */
  SOTTO_FINISH_MAX_TOKENS,
  SOTTO_FINISH_CONTEXT_FULL, /* done: tokens held, total: tokens of the context */
} SottoFinishReason;

/**
 * SottoReceipt:
 *
 * What is needed to have the same answer again, and what it cost.
 */
typedef struct {
  char *model_path;
  char *model_hash;          /* (nullable): not known yet when the reply ended */
  char *template_hash;
  char *grammar_hash;        /* (nullable): sotto_grammar_get_hash() of what constrained it */
  char *prompt_hash;         /* SHA-256 of the prompt's token ids, little-endian int32; of pictures the numbers that their hashes
                              * give, whatever looks at them */
  char *vision_path;         /* (nullable): what it saw the prompt's pictures with; %NULL: there are none */
  char *vision_stamp;        /* of that file, on this computer: SottoVisionInfo */
  char *date;                /* (nullable): date the template was given */
  char **tools;              /* (nullable): names of the tools it was given: sotto_messages_set_tools() */
  char *backend;             /* sotto_session_describe_backend() */
  char *build;               /* version and commit */
  guint numerics_version;
  SottoKvType kv_type;
  guint n_context;
  SottoSamplerSettings sampler;
  guint n_prompt;            /* tokens */
  guint n_continued;         /* of those, a reply that was to go on: sotto_messages_begin_reply() */
  guint n_image_rows;        /* of those, what stands for pictures */
  guint n_reused;            /* of those, taken from the session or what was kept aside for it */
  guint n_generated;
  guint n_reasoning;         /* of those, spent on thinking before the answer */
  guint n_drafted;           /* tokens guessed ahead and evaluated */
  guint n_accepted;          /* of those, such as came then */
  GArray *stretches;         /* (element-type SottoStretch): the timeline by how it was computed */
  gint64 load_us;
  gint64 prefill_us;
  gint64 looking_us;         /* of that, at pictures */
  gint64 decode_us;
  gint64 reasoning_us;       /* of that */
  const char *ended;         /* "end", "stop", "max-tokens", "context-full", "cancelled", "failed" */
} SottoReceipt;

/**
 * SottoStretch:
 *
 * A stretch of the timeline that was evaluated in one way.
 */
typedef struct {
  guint first;
  guint length;
  gboolean decoded;          /* TRUE: step by step; FALSE: prefilled */
} SottoStretch;

char *sotto_receipt_to_json (const SottoReceipt *self);
SottoReceipt *sotto_receipt_copy (const SottoReceipt *self);
void sotto_receipt_free (SottoReceipt *self);

typedef struct {
  guint64 request;           /* 0: not of a request (HASHED) */
  SottoEventKind kind;
  guint64 done;
  guint64 total;
  guint reused;
  double tokens_per_second;
  char *text;
  SottoCallStep call_step;
  char *call_id;
  char *path;
  char *hash;
  char *stamp;
  SottoModel *model;
  SottoMemory memory;        /* of all that is open and kept */
  SottoPlacement *placement; /* of the model */
  SottoFinishReason reason;
  SottoReceipt *receipt;
  GBytes *vectors;           /* (n_texts, n_embedding) floats, each vector of length 1 */
  GError *error;
} SottoEvent;

/**
 * sotto_worker_next_event:
 *
 * Takes the oldest event. The queue is bounded: while it is not drained, TEXT is joined to the TEXT before
 * it (REASONING and arguments likewise) and progress replaces progress, so that nothing is lost and nothing grows without end but the text itself.
 *
 * Returns: (transfer full) (nullable): %NULL: none is waiting
 */
SottoEvent *sotto_worker_next_event (SottoWorker *self);

/**
 * sotto_worker_has_event:
 */
gboolean sotto_worker_has_event (SottoWorker *self);

/**
 * sotto_worker_wait_event:
 * @timeout_us: how long to wait; -1: for ever
 *
 * For programs without a main loop.
 */
SottoEvent *sotto_worker_wait_event (SottoWorker *self, gint64 timeout_us);

void sotto_event_free (SottoEvent *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoWorker, sotto_worker_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoReceipt, sotto_receipt_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoEvent, sotto_event_free)

G_END_DECLS
