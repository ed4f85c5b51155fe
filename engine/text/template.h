#pragma once

#include "sotto-message.h"
#include "text/tokenizer.h"

G_BEGIN_DECLS

/* A chat template: a bounded Jinja program. Immutable after compiling; any thread.
 *
 * Strings carry where they come from, byte run by byte run, through every operator and filter: the
 * template's own literals are trusted, everything out of messages and tools is not. */
typedef struct _SottoTemplate SottoTemplate;

/**
 * sotto_template_new:
 * @source: Jinja source, UTF-8
 *
 * Returns: %NULL with TEMPLATE_SYNTAX
 */
SottoTemplate *sotto_template_new (const char *source, gssize length, GError **error);
void sotto_template_free (SottoTemplate *self);

/* SHA-256 of the source, hex; (transfer none) */
const char *sotto_template_get_hash (const SottoTemplate *self);

/* How a template is given the pictures of messages, and with that their text. */
typedef enum {
  SOTTO_PICTURES_NONE,      /* not at all */
  SOTTO_PICTURES_ITEMS,     /* {"type": "image"} in a list with the text: it writes what it writes for them */
  SOTTO_PICTURES_MARKS,     /* SOTTO_PICTURE_MARK before the text, in one string */
  SOTTO_PICTURES_MARK_ITEMS, /* the same, as a list with one text */
} SottoPictures;

/* The template's own text where a picture is to stand (U+FFFC, object replacement character): only trusted bytes of it count, and
 * nobody types those. */
#define SOTTO_PICTURE_MARK "\xef\xbf\xbc"

/**
 * SottoTemplateInput:
 * @messages: messages and tools; a role of the protocol ("user" …) is the template's own text, as
 *   nobody types it, everything else in them is not
 * @bos, @eos: (nullable): texts of those tokens; trusted
 * @date: (nullable): for strftime_now; %NULL: now in local time
 * @add_generation_prompt: as in transformers
 * @extra_json: (nullable): a JSON object of further variables (enable_thinking …); trusted to be
 *   harmless but its strings count as text
 * @pictures: of messages that have some
 * @as_items: the text of all messages is a list of one item
 * @max_steps: 0: the usual bound on steps; tests set a lower one
 */
typedef struct {
  const SottoMessages *messages;
  const char *bos;
  const char *eos;
  GDateTime *date;
  gboolean add_generation_prompt;
  const char *extra_json;
  SottoPictures pictures;
  gboolean as_items;
  guint64 max_steps;
} SottoTemplateInput;

/**
 * SottoRendered:
 * @text: the whole text
 * @spans: (element-type SottoSpan): the same as runs of trusted and untrusted bytes, pointing into @text
 * @used_date: whether the template asked for the date
 */
typedef struct {
  GString *text;
  GArray *spans;
  gboolean used_date;
} SottoRendered;

/**
 * sotto_template_render:
 *
 * Renders as Python's jinja2 does with trim_blocks, lstrip_blocks, loop controls and the globals of
 * transformers (raise_exception, strftime_now, tojson). Bounded: steps, recursion, output, time.
 *
 * Returns: %NULL with TEMPLATE_RAISED (the template's own message), TEMPLATE_SYNTAX (an error of
 *   evaluation, with its line) or TEMPLATE_LIMIT
 */
SottoRendered *sotto_template_render (const SottoTemplate       *self,
                                      const SottoTemplateInput  *input,
                                      SottoCancel               *cancel,
                                      GError                   **error);
void sotto_rendered_free (SottoRendered *self);

/**
 * sotto_template_get_default:
 *
 * The plain template for files without one: each message as "Role: content", told to the person
 * as such.
 */
const char *sotto_template_get_default (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoTemplate, sotto_template_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoRendered, sotto_rendered_free)

G_END_DECLS
