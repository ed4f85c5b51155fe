/* Panels (template-panel.h) of weights in the file's order: eight rows' bytes are unpacked and brought side by side. */

static inline void
transpose_eight (__m256i v[8])
{
  __m256i a[8];
  __m256i b[8];

  for (guint i = 0; i < 8; i += 2)
    {
      a[i] = _mm256_unpacklo_epi32 (v[i], v[i + 1]);
      a[i + 1] = _mm256_unpackhi_epi32 (v[i], v[i + 1]);
    }
  for (guint i = 0; i < 8; i += 4)
    {
      b[i] = _mm256_unpacklo_epi64 (a[i], a[i + 2]);
      b[i + 1] = _mm256_unpackhi_epi64 (a[i], a[i + 2]);
      b[i + 2] = _mm256_unpacklo_epi64 (a[i + 1], a[i + 3]);
      b[i + 3] = _mm256_unpackhi_epi64 (a[i + 1], a[i + 3]);
    }
  for (guint i = 0; i < 4; i++)
    {
      v[i] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x20);
      v[i + 4] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x31);
    }
}

/* v holds eight blocks of a row each; n of them go to the panel, eight rows of a block at once. */
G_ALWAYS_INLINE static inline void
store_transposed (__m256i v[8], guint n, float *target)
{
  transpose_eight (v);
  for (guint b = 0; b < n; b++)
    _mm256_storeu_si256 ((__m256i *) (target + b * PANEL_ROWS), v[b]);
}

/* Block b of eight rows to quads, their place in the panel. */
G_ALWAYS_INLINE static inline void
pack_block_of_eight (BlockKind kind, const guint8 *const rows[8], guint b, gint32 *quads)
{
  __m256i bias = _mm256_set1_epi8 ((char) panel_bias ((PanelKind) { kind.form, kind.n_bits }));
  __m256i bytes[8];

  for (guint i = 0; i < 8; i++)
    bytes[i] = kind.bytes (rows[i], b);
  transpose_eight (bytes);
  for (guint q = 0; q < 8; q++)
    _mm256_storeu_si256 ((__m256i *) (quads + q * PANEL_ROWS), _mm256_add_epi8 (bytes[q], bias));
}

/* scales *= the integers that a block or its half is multiplied with, which are pairs of 16 bits in its lane */
static inline void
multiply_factors (const guint8 *row, FactorsFunc factors, BlockForm form, __m256 scales[2])
{
  __m256i pairs = factors (row);
  __m256 scale = scales[0];

  scales[0] = _mm256_mul_ps (scale, _mm256_cvtepi32_ps (_mm256_srai_epi32 (_mm256_slli_epi32 (pairs, 16), 16)));
  if (has_scales (form, 1))
    scales[1] = _mm256_mul_ps (scale, _mm256_cvtepi32_ps (_mm256_srai_epi32 (pairs, 16)));
}

/* Eight rows of one group, from row first_row and block first_block of the panel on. rows[i] is the group of row i;
 * those of the next panel, which lie ahead bytes behind, are asked for. */
G_ALWAYS_INLINE static inline void
pack_group (BlockKind           kind,
            const guint8 *const rows[8],
            gsize               ahead,
            guint               n,
            const Panel        *panel,
            guint               first_block,
            guint               first_row)
{
  gsize index = (gsize) first_block * PANEL_ROWS + first_row;
  __m256i scales[2][8];
  __m256i offsets[2][8];

  for (guint i = 0; i < 8; i++)
    for (guint line = 0; line < kind.group_bytes; line += 64)
      _mm_prefetch ((const char *) rows[i] + ahead + line, _MM_HINT_T1);
  for (guint b = 0; b < 8; b++)
    {
      if (b >= n)
        break;
      pack_block_of_eight (kind, rows, b, panel->quads + (gsize) (first_block + b) * 8 * PANEL_ROWS + first_row);
    }
  for (guint i = 0; i < 8; i++)
    {
      GroupScales group;

      kind.scale (rows[i], n, group.scales, group.offsets);
      if (kind.factors != NULL)
        multiply_factors (rows[i], kind.factors, kind.form, group.scales);
      for (guint half = 0; half < 2; half++)
        {
          if (has_scales (kind.form, half))
            scales[half][i] = _mm256_castps_si256 (group.scales[half]);
          if (has_offsets (kind.form, half))
            offsets[half][i] = _mm256_castps_si256 (group.offsets[half]);
        }
    }
  for (guint half = 0; half < 2; half++)
    {
      if (has_scales (kind.form, half))
        store_transposed (scales[half], n, panel->scales[half] + index);
      if (has_offsets (kind.form, half))
        store_transposed (offsets[half], n, panel->offsets[half] + index);
    }
}

/* rows: at the panel's columns of the first of n_rows. Rows that are missing repeat the last one; their results are
 * not stored. */
G_ALWAYS_INLINE static inline void
pack_panel (BlockKind kind, const guint8 *rows, gsize row_bytes, guint n_rows, const Panel *panel)
{
  for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
    {
      const guint8 *groups[8];

      for (guint i = 0; i < 8; i++)
        groups[i] = rows + MIN (first_row + i, n_rows - 1) * row_bytes;
      for (guint first = 0; first < panel->n_blocks; first += 8)
        {
          if (kind.is_whole || panel->n_blocks - first >= 8)
            pack_group (kind, groups, PANEL_ROWS * row_bytes, 8, panel, first, first_row);
          else
            pack_group (kind, groups, PANEL_ROWS * row_bytes, panel->n_blocks - first, panel, first, first_row);
          for (guint i = 0; i < 8; i++)
            groups[i] += kind.group_bytes;
        }
    }
}
