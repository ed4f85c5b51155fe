/* Templates that nobody can trust over messages that nobody can trust.
 *
 * An input is the template, a NUL, the messages as JSON, a NUL, further variables as JSON; what is
 * missing has a default. Asked for: no crash, spans that make up the text, UTF-8, and that a sign that
 * only the messages have is trusted nowhere. */

#include "text/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define SIGN "\xe2\x98\x83" /* U+2603 */
#define MESSAGES                                                                                   \
  "[{\"role\": \"system\", \"content\": \"" SIGN "s\"}, {\"role\": \"user\", \"content\": [{\"type\":" \
  " \"text\", \"text\": \"a" SIGN "b\\n c\"}]}, {\"role\": \"assistant\", \"content\": null,"     \
  " \"tool_calls\": [{\"type\": \"function\", \"function\": {\"name\": \"f" SIGN "\","            \
  " \"arguments\": {\"x\": 1.5, \"y\": [true, null, \"" SIGN "\"]}}}]}, {\"role\": \"tool\","     \
  " \"content\": \"" SIGN "\"}]"
#define TOOLS                                                                                      \
  "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"" SIGN "\","      \
  " \"parameters\": {\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"number\"}}}}}]"

/* The next part of the input, and what is behind it. */
static char *
take_part (const guint8 **data,
           gsize         *size)
{
  const guint8 *end = *size > 0 ? memchr (*data, 0, *size) : NULL;
  gsize length = end != NULL ? (gsize) (end - *data) : *size;
  char *part = g_strndup ((const char *) *data, length);

  *data += length + (end != NULL);
  *size -= length + (end != NULL);

  return part;
}

static void
check (const SottoRendered *rendered,
       gboolean             sign_is_text)
{
  const char *at = rendered->text->str;

  for (guint i = 0; i < rendered->spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (rendered->spans, SottoSpan, i);

      g_assert_true (span->text == at);
      g_assert_cmpuint (span->length, >, 0);
      if (span->trusted && sign_is_text)
        g_assert_null (memmem (span->text, span->length, SIGN, strlen (SIGN)));
      at += span->length;
    }
  g_assert_true (at == rendered->text->str + rendered->text->len);

  for (const char *p = rendered->text->str; p < at; p++)
    if (g_utf8_validate_len (p, (gsize) (at - p), &p))
      break;
    else
      g_assert_cmpint (*p, ==, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *source = take_part (&data, &size);
  g_autofree char *json = take_part (&data, &size);
  g_autofree char *extra = take_part (&data, &size);
  g_autoptr (SottoTemplate) template = sotto_template_new (source, -1, NULL);
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new (utc, 2024, 2, 29, 23, 59, 59);
  g_autoptr (SottoRendered) rendered = NULL;
  g_autoptr (GError) error = NULL;
  SottoTemplateInput input = { .bos = "<s>", .eos = "</s>", .date = date, .max_steps = 300000 };

  messages = sotto_messages_new_from_json (json[0] != 0 ? json : MESSAGES, -1, TOOLS, -1, NULL);
  if (template == NULL || messages == NULL)
    return 0;

  input.messages = messages;
  input.extra_json = extra[0] != 0 ? extra : NULL;
  input.add_generation_prompt = strlen (source) % 2;
  rendered = sotto_template_render (template, &input, NULL, &error);
  g_assert_true ((rendered != NULL) != (error != NULL));
  if (rendered != NULL)
    check (rendered, strstr (source, SIGN) == NULL && strchr (source, '\\') == NULL);

  return 0;
}
