#include "encodings.h"

#include <string.h>

struct _SottoEncoding {
  const char *name;       /* as pages of the web say it */
  const char *library;    /* as the C library does */
  int number;             /* on Windows; 0: none */
  gboolean is_known;
  gunichar high[128];     /* from 128 on; 0: the number of the byte */
};

static SottoEncoding encodings[] = {
  { "windows-1252", NULL, 1252, TRUE,
    { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
      0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178 } },
  { "windows-1250", "CP1250", 1250, FALSE, { 0 } },
  { "windows-1251", "CP1251", 1251, FALSE, { 0 } },
  { "windows-1253", "CP1253", 1253, FALSE, { 0 } },
  { "windows-1254", "CP1254", 1254, FALSE, { 0 } },
  { "windows-1255", "CP1255", 1255, FALSE, { 0 } },
  { "windows-1256", "CP1256", 1256, FALSE, { 0 } },
  { "windows-1257", "CP1257", 1257, FALSE, { 0 } },
  { "windows-1258", "CP1258", 1258, FALSE, { 0 } },
  { "windows-874", "CP874", 874, FALSE, { 0 } },
  { "iso-8859-2", "ISO-8859-2", 0, FALSE, { 0 } },
  { "iso-8859-5", "ISO-8859-5", 0, FALSE, { 0 } },
  { "iso-8859-7", "ISO-8859-7", 0, FALSE, { 0 } },
  { "iso-8859-15", "ISO-8859-15", 0, FALSE, { 0 } },
  { "koi8-r", "KOI8-R", 0, FALSE, { 0 } },
  { "koi8-u", "KOI8-U", 0, FALSE, { 0 } },
};

/* What the same ones are called, too. A browser takes Latin 1 for Windows-1252, which has letters where that has none, and
 * Latin 5 for Windows-1254. */
static const struct { const char *name; const char *meant; } others[] = {
  { "iso-8859-1", "windows-1252" }, { "iso8859-1", "windows-1252" }, { "latin1", "windows-1252" }, { "us-ascii", "windows-1252" },
  { "ascii", "windows-1252" }, { "cp1252", "windows-1252" }, { "utf-8", "windows-1252" }, { "utf8", "windows-1252" },
  { "cp1250", "windows-1250" }, { "cp1251", "windows-1251" }, { "iso-8859-9", "windows-1254" },
};

static gunichar
convert (GIConv converter, guint8 byte)
{
  char from[1] = { (char) byte };
  char to[16] = { 0 };
  char *in = from;
  char *out = to;
  gsize in_left = 1;
  gsize out_left = sizeof to - 1;

  /* Some wait for what may combine with it. */
  if (g_iconv (converter, &in, &in_left, &out, &out_left) == (gsize) -1
      || g_iconv (converter, NULL, NULL, &out, &out_left) == (gsize) -1 || out == to)
    {
      g_iconv (converter, NULL, NULL, NULL, NULL);
      return 0xfffd;
    }
  return g_utf8_get_char (to);
}

void
sotto_encodings_load (void)
{
  for (gsize i = 1; i < G_N_ELEMENTS (encodings); i++)
    {
      GIConv converter = g_iconv_open ("UTF-8", encodings[i].library);

      encodings[i].is_known = converter != (GIConv) -1;
      for (int byte = 128; byte < 256 && encodings[i].is_known; byte++)
        encodings[i].high[byte - 128] = convert (converter, (guint8) byte);
      if (encodings[i].is_known)
        g_iconv_close (converter);
    }
}

static gboolean
is_called (const char *said, const char *name)
{
  const gsize length = strlen (name);

  return g_ascii_strncasecmp (said, name, length) == 0 && !g_ascii_isalnum (said[length]) && said[length] != '-';
}

const SottoEncoding *
sotto_encoding_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (is_called (name, others[i].name))
      {
        name = others[i].meant;
        break;
      }
  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    if (encodings[i].is_known && is_called (name, encodings[i].name))
      return &encodings[i];
  return NULL;
}

const SottoEncoding *
sotto_encoding_find_windows (int number)
{
  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    if (encodings[i].is_known && encodings[i].number == number)
      return &encodings[i];
  return NULL;
}

gunichar
sotto_encoding_get (const SottoEncoding *self, guint8 byte)
{
  return byte < 128 || self->high[byte - 128] == 0 ? byte : self->high[byte - 128];
}
