#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * SottoAppState:
 * @SOTTO_APP_STATE_CLOSED: not opened yet, or closed again
 * @SOTTO_APP_STATE_OPENING: the history is being opened or made
 * @SOTTO_APP_STATE_READY: conversations are there
 * @SOTTO_APP_STATE_FIRST_START: there is no history and no keyring to hold its key: ask for a new
 *   passphrase (sotto_app_create_async()), or offer to keep nothing (sotto_app_start_temporary())
 * @SOTTO_APP_STATE_LOCKED: it was locked (sotto_app_lock_async()), and the keyring has its key:
 *   sotto_app_open_async(), or the recovery code
 * @SOTTO_APP_STATE_NEEDS_PASSPHRASE: ask for the passphrase or the recovery code
 *   (sotto_app_unlock_async(), sotto_app_recover_async()); #SottoApp:problem says if the last one
 *   was wrong
 * @SOTTO_APP_STATE_KEYRING_LOCKED: the keyring was not unlocked: try again or take the recovery
 *   code
 * @SOTTO_APP_STATE_KEYRING_DENIED: the keyring refused: try again or take the recovery code
 * @SOTTO_APP_STATE_KEYRING_ABSENT: no keyring service, or it does not hold the key: recovery code
 * @SOTTO_APP_STATE_WRONG: the keyring holds a key that does not open this history: recovery code
 * @SOTTO_APP_STATE_CORRUPT: the file is damaged; nothing was changed
 * @SOTTO_APP_STATE_IN_USE: another Sotto has it open
 * @SOTTO_APP_STATE_NEWER: a newer Sotto wrote it
 * @SOTTO_APP_STATE_FAILED: another reason (permissions, disk full): see #SottoApp:problem
 *
 * In every state but READY and FIRST_START, opening can be tried again with sotto_app_open_async(),
 * and sotto_app_start_temporary() works without touching what is on the disk.
 */
typedef enum {
  SOTTO_APP_STATE_CLOSED,
  SOTTO_APP_STATE_OPENING,
  SOTTO_APP_STATE_READY,
  SOTTO_APP_STATE_FIRST_START,
  SOTTO_APP_STATE_LOCKED,
  SOTTO_APP_STATE_NEEDS_PASSPHRASE,
  SOTTO_APP_STATE_KEYRING_LOCKED,
  SOTTO_APP_STATE_KEYRING_DENIED,
  SOTTO_APP_STATE_KEYRING_ABSENT,
  SOTTO_APP_STATE_WRONG,
  SOTTO_APP_STATE_CORRUPT,
  SOTTO_APP_STATE_IN_USE,
  SOTTO_APP_STATE_NEWER,
  SOTTO_APP_STATE_FAILED,
} SottoAppState;

/**
 * SottoProtection:
 * @SOTTO_PROTECTION_NONE: no history is open
 * @SOTTO_PROTECTION_KEYRING: the desktop's keyring holds the key
 * @SOTTO_PROTECTION_PASSPHRASE: the person knows it, through Argon2id
 * @SOTTO_PROTECTION_TEMPORARY: nothing is kept
 *
 * What opens the history, day by day.
 */
typedef enum {
  SOTTO_PROTECTION_NONE,
  SOTTO_PROTECTION_KEYRING,
  SOTTO_PROTECTION_PASSPHRASE,
  SOTTO_PROTECTION_TEMPORARY,
} SottoProtection;

/**
 * SottoRole:
 *
 * Whose turn a message is.
 */
typedef enum {
  SOTTO_ROLE_USER,
  SOTTO_ROLE_ASSISTANT,
} SottoRole;

/**
 * SottoMessageStatus:
 * @SOTTO_MESSAGE_STATUS_COMPLETE: ended by itself (all messages of the person are complete)
 * @SOTTO_MESSAGE_STATUS_WAITING: a reply that has not begun: queued, loading or prefill
 * @SOTTO_MESSAGE_STATUS_STREAMING: a reply whose text is growing
 * @SOTTO_MESSAGE_STATUS_STOPPED: a reply stopped by the person or by quitting
 * @SOTTO_MESSAGE_STATUS_INTERRUPTED: a reply that was cut off by a crash or a power cut
 * @SOTTO_MESSAGE_STATUS_LIMITED: a reply cut off because the context was full
 * @SOTTO_MESSAGE_STATUS_FAILED: a reply that failed: see #SottoMessage:problem
 */
typedef enum {
  SOTTO_MESSAGE_STATUS_COMPLETE,
  SOTTO_MESSAGE_STATUS_WAITING,
  SOTTO_MESSAGE_STATUS_STREAMING,
  SOTTO_MESSAGE_STATUS_STOPPED,
  SOTTO_MESSAGE_STATUS_INTERRUPTED,
  SOTTO_MESSAGE_STATUS_LIMITED,
  SOTTO_MESSAGE_STATUS_FAILED,
} SottoMessageStatus;

/**
 * SottoReplyState:
 * @SOTTO_REPLY_STATE_IDLE: no reply is being made
 * @SOTTO_REPLY_STATE_SAVING: the message is being written to the disk
 * @SOTTO_REPLY_STATE_QUEUED: another conversation's reply runs first
 * @SOTTO_REPLY_STATE_LOADING: the model is being loaded (#SottoConversation:fraction)
 * @SOTTO_REPLY_STATE_LOOKING: the model looks at a picture that is part of the prompt (#SottoConversation:fraction)
 * @SOTTO_REPLY_STATE_PREFILL: the prompt is being read (#SottoConversation:fraction)
 * @SOTTO_REPLY_STATE_GENERATING: text arrives (#SottoConversation:tokens-per-second)
 * @SOTTO_REPLY_STATE_CALLING: a tool runs that the model has called
 * @SOTTO_REPLY_STATE_SUMMARISING: no reply, but a summary of what was said is being made
 */
typedef enum {
  SOTTO_REPLY_STATE_IDLE,
  SOTTO_REPLY_STATE_SAVING,
  SOTTO_REPLY_STATE_QUEUED,
  SOTTO_REPLY_STATE_LOADING,
  SOTTO_REPLY_STATE_LOOKING,
  SOTTO_REPLY_STATE_PREFILL,
  SOTTO_REPLY_STATE_GENERATING,
  SOTTO_REPLY_STATE_CALLING,
  SOTTO_REPLY_STATE_SUMMARISING,
} SottoReplyState;

/**
 * SottoModelState:
 * @SOTTO_MODEL_STATE_CHECKING: being looked at
 * @SOTTO_MODEL_STATE_AVAILABLE: can be used
 * @SOTTO_MODEL_STATE_MISSING: the file is gone (or its drive is not there)
 * @SOTTO_MODEL_STATE_UNREADABLE: the file cannot be used for a chat: see #SottoModelEntry:problem
 * @SOTTO_MODEL_STATE_LOADING: being loaded (#SottoModelEntry:fraction)
 * @SOTTO_MODEL_STATE_LOADED: in memory
 */
typedef enum {
  SOTTO_MODEL_STATE_CHECKING,
  SOTTO_MODEL_STATE_AVAILABLE,
  SOTTO_MODEL_STATE_MISSING,
  SOTTO_MODEL_STATE_UNREADABLE,
  SOTTO_MODEL_STATE_LOADING,
  SOTTO_MODEL_STATE_LOADED,
} SottoModelState;

/**
 * SottoModelPlace:
 * @SOTTO_MODEL_PLACE_AUTOMATIC: on the GPU as far as it fits, else on the CPU
 * @SOTTO_MODEL_PLACE_GPU: not without a GPU
 * @SOTTO_MODEL_PLACE_CPU: on the CPU alone
 * @SOTTO_MODEL_PLACE_LAYERS: so many layers on the GPU
 *
 * Where the person wants a model computed.
 */
typedef enum {
  SOTTO_MODEL_PLACE_AUTOMATIC,
  SOTTO_MODEL_PLACE_GPU,
  SOTTO_MODEL_PLACE_CPU,
  SOTTO_MODEL_PLACE_LAYERS,
} SottoModelPlace;

/**
 * SottoRemedy:
 *
 * What a person can do about a problem; #SottoProblem:remedy-label is a label for its button.
 */
typedef enum {
  SOTTO_REMEDY_NONE,
  SOTTO_REMEDY_RETRY,            /* try the same again */
  SOTTO_REMEDY_CHOOSE_MODEL,     /* open the model picker */
  SOTTO_REMEDY_ADD_MODEL,        /* choose a GGUF file */
  SOTTO_REMEDY_NEW_CONVERSATION, /* start a new conversation */
  SOTTO_REMEDY_SETTINGS,         /* open the preferences (context length, sampling) */
  SOTTO_REMEDY_PASSPHRASE,       /* enter the passphrase again */
  SOTTO_REMEDY_RECOVERY_CODE,    /* enter the recovery code */
  SOTTO_REMEDY_QUIT,             /* quit this Sotto */
  SOTTO_REMEDY_SUMMARISE,        /* go on in a new conversation that begins with a summary of this one */
  SOTTO_REMEDY_ANSWER_FORMAT,    /* say anew what the conversation's answers look like */
} SottoRemedy;

/**
 * SottoAnswerFormat:
 *
 * What a conversation's answers look like.
 */
typedef enum {
  SOTTO_ANSWER_FORMAT_TEXT,
  SOTTO_ANSWER_FORMAT_JSON,
  SOTTO_ANSWER_FORMAT_SCHEMA, /* JSON for which a schema holds */
} SottoAnswerFormat;

/**
 * SottoDateGroup:
 *
 * Under which heading a conversation stands, in this order; temporary and pinned ones and those in a #SottoGroup have their
 * own, whatever their date; SOTTO_DATE_GROUP_MONTH is one heading a month.
 */
typedef enum {
  SOTTO_DATE_GROUP_TEMPORARY,
  SOTTO_DATE_GROUP_PINNED,
  SOTTO_DATE_GROUP_GROUPED,
  SOTTO_DATE_GROUP_TODAY,
  SOTTO_DATE_GROUP_YESTERDAY,
  SOTTO_DATE_GROUP_WEEK,
  SOTTO_DATE_GROUP_30_DAYS,
  SOTTO_DATE_GROUP_MONTH,
} SottoDateGroup;

#define SOTTO_TYPE_APP_STATE (sotto_app_state_get_type ())
GType sotto_app_state_get_type (void);

#define SOTTO_TYPE_PROTECTION (sotto_protection_get_type ())
GType sotto_protection_get_type (void);

#define SOTTO_TYPE_ROLE (sotto_role_get_type ())
GType sotto_role_get_type (void);

#define SOTTO_TYPE_MESSAGE_STATUS (sotto_message_status_get_type ())
GType sotto_message_status_get_type (void);

#define SOTTO_TYPE_REPLY_STATE (sotto_reply_state_get_type ())
GType sotto_reply_state_get_type (void);

#define SOTTO_TYPE_MODEL_STATE (sotto_model_state_get_type ())
GType sotto_model_state_get_type (void);

#define SOTTO_TYPE_ANSWER_FORMAT (sotto_answer_format_get_type ())
GType sotto_answer_format_get_type (void);

#define SOTTO_TYPE_REMEDY (sotto_remedy_get_type ())
GType sotto_remedy_get_type (void);

#define SOTTO_TYPE_DATE_GROUP (sotto_date_group_get_type ())
GType sotto_date_group_get_type (void);

G_END_DECLS
