#pragma once

/* What a helper writes, and what app/document/document-pages.c and app/document/picture-helper.c read: the text of one document, or a picture, in a
 * row of records.
 *
 *   kind     1 byte, one of those below
 *   length   4 bytes, least significant first: of what follows
 *   content  so many bytes
 *
 * First comes COUNT, then a PAGE for each page in its order, then END, and nothing behind it; of a document that has no
 * pages WHOLE comes in place of all of them, and then END; of a picture PICTURE, and then END. Wherever one of them could stand there may be a REFUSAL
 * instead, with which the stream ends, too. Whatever else arrives, or a stream that breaks off, was not written by a
 * helper that is well, and nothing of it is used. */

#define SOTTO_PAGE_STREAM_HEAD 5 /* bytes of kind and length */

#define SOTTO_PAGE_STREAM_COUNT 'n'   /* 4 bytes, least significant first: how many pages there are, 1 or more */
#define SOTTO_PAGE_STREAM_PAGE 'p'    /* the text of the next page: UTF-8, without a zero at its end */
#define SOTTO_PAGE_STREAM_WHOLE 'w'   /* the text of a document without pages: UTF-8, without a zero at its end */
#define SOTTO_PAGE_STREAM_PICTURE 'i' /* 4 bytes of width and 4 of height, least significant first, and (height, width, 3) of RGB */
#define SOTTO_PAGE_STREAM_REFUSAL 'x' /* 1 byte: SottoPageStreamRefusal */
#define SOTTO_PAGE_STREAM_END 'z'     /* nothing */

#define SOTTO_PAGE_STREAM_MAX_SIDE 2048 /* of a picture */

/* Why there is no text: bytes in the stream, never to be numbered anew. */
typedef enum {
  SOTTO_PAGE_STREAM_NONE = 0,    /* there is; never sent */
  SOTTO_PAGE_STREAM_DAMAGED = 1, /* nothing can be made of it */
  SOTTO_PAGE_STREAM_LOCKED = 2,  /* it opens with a password only */
  SOTTO_PAGE_STREAM_LARGE = 3,   /* more bytes than the helper takes */
  SOTTO_PAGE_STREAM_UNSAFE = 4,  /* the kernel does not let the helper give up its rights */
  SOTTO_PAGE_STREAM_FOREIGN = 5, /* it is of another kind than the helper reads */
  SOTTO_PAGE_STREAM_OLD = 6,     /* a kind that went out of use, and is not read */
} SottoPageStreamRefusal;
