#pragma once

#include "text/reply-json.h"
#include "text/reply.h"

G_BEGIN_DECLS

#define SOTTO_REPLY_MAX_WORD 256
#define SOTTO_REPLY_NOWHERE G_MAXSIZE

struct _SottoReply {
  /* How it is read */
  const SottoReplyFormat *format;
  SottoReplyMarker markers[24];
  guint n_markers;
  guint32 starts[256];    /* fields in which a marker may begin with that byte */
  yyjson_val *tools;
  SottoReplySink sink;
  gpointer user_data;

  /* Where it stands */
  SottoReplyField field;
  GString *held;          /* may be the beginning of a marker */
  GString *held_sources;  /* SottoReplySource of each byte in it */
  gboolean is_begun;
  gboolean goes_on;       /* the part ends with a token that usually ends the turn */
  gboolean has_reasoned;
  gboolean is_announced;  /* a header said that text comes */
  char prompt_end;        /* the last byte of the prompt; 0: there was none */

  /* What is given out next */
  GString *out;
  SottoReplyKind out_kind;

  /* Text */
  GString *blank;         /* white space that may stand beside a marker */
  gboolean after_marker;
  gboolean line_begins;
  gboolean in_fence;
  guint n_ticks;          /* at the beginning of the line */
  char last;

  /* A section: all of its bytes since its last complete call, to be text if it does not parse */
  GString *section;
  SottoReplyField origin; /* TEXT or REASONING */
  gboolean wants_call;    /* more than a header has been read */
  gboolean is_bare;       /* no marker says that it is a call */
  guint n_calls;
  GString *word;          /* what the field holds */
  char quote;             /* of a string in it; 0: outside of strings */
  gboolean is_escaped;

  /* The call that is being read */
  gboolean in_call;
  gboolean is_told;
  gboolean has_arguments; /* their "{" has been told */
  GString *name;
  GString *id;
  GString *key;
  SottoJsonPlace place;
  gsize json_begin;       /* in section; G_MAXSIZE: not begun */

  /* A call in CALLS */
  guint item_depth;       /* of the objects that are calls */
  gsize item_begin;       /* in section, as all of these; G_MAXSIZE: none */
  gsize key_begin, key_end;
  gsize value_begin;
  gsize arguments_begin, arguments_end;
  gboolean is_streaming;  /* the arguments are told as they come … */
  gboolean in_arguments;  /* … and they do */
};

/* --- reply.c --- */

void sotto_reply_put (SottoReply *self, SottoReplyKind kind, const char *text, gsize length);
void sotto_reply_flush (SottoReply *self);

/* Behind @text, which was given out, in @field */
void sotto_reply_stand_in (SottoReply *self, SottoReplyField field, const char *text);

static inline gboolean
sotto_reply_is_text (SottoReplyField field)
{
  return field == SOTTO_FIELD_TEXT || field == SOTTO_FIELD_REASONING;
}

/* --- reply-marker.c --- */

/* The marker that the held bytes begin with; %NULL: none. @undecided: (out): they may be the beginning of one */
const SottoReplyMarker *sotto_reply_find_marker (const SottoReply *self, gboolean *undecided);

/* --- reply-call.c: each returns FALSE where the section does not parse --- */

/* Another byte of a field of calls; it is in section already. */
gboolean sotto_reply_call_push (SottoReply *self, char c);

/* The field ends. */
gboolean sotto_reply_call_leave (SottoReply *self);

/* The call that is being read, if there is one, is complete. */
gboolean sotto_reply_call_finish (SottoReply *self);

/* Forgets it; takes back what was told of it. */
void sotto_reply_call_drop (SottoReply *self);

/* A field of JSON begins. */
void sotto_reply_call_begin_json (SottoReply *self);

/* What is told of a call: its name, all of it at once (@arguments: JSON; empty: none), its end. */
gboolean sotto_reply_tell_call (SottoReply *self);
gboolean sotto_reply_tell_whole (SottoReply *self, const char *arguments, gsize length);
void sotto_reply_end_call (SottoReply *self);

/* --- reply-object.c --- */

/* (nullable) (transfer full): what is no JSON object is %NULL */
yyjson_doc *sotto_reply_read_object (const char *text, gsize length);

/* @written: (nullable): the arguments as the model wrote them */
gboolean sotto_reply_read_call (SottoReply *self, yyjson_val *call, const char *written, gsize length);

/* Another byte of a field of objects. FALSE: they do not parse. */
gboolean sotto_reply_push_calls (SottoReply *self, char c);

G_END_DECLS
