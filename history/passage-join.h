#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_passage_join:
 * @candidates: (element-type SottoCandidate): found by words, the best first; becomes those of both ways, in the order of their
 *   new scores, which are up to 1
 * @asked: from sotto_passage_rank()
 * @near: (element-type SottoNearness): found by meaning, the nearest first
 *
 * Joins what was found in two ways. Without anything in @near nothing happens.
 */
void sotto_passage_join (GArray *candidates, double asked, GArray *near);

G_END_DECLS
