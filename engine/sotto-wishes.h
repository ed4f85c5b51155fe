#pragma once

#include "sotto-residents.h"

G_BEGIN_DECLS

/* What a worker was told of models by their paths, whether they are open or not. Any thread. */
typedef struct _SottoWishes SottoWishes;

/* @place: of models of which nothing is told */
SottoWishes *sotto_wishes_new (SottoResidentPlace place);
void sotto_wishes_free (SottoWishes *self);

void sotto_wishes_set_place (SottoWishes *self, const char *path, SottoResidentPlace place);

/* @path: (nullable) */
SottoResidentPlace sotto_wishes_get_place (SottoWishes *self, const char *path);

/* @vision: (nullable): the file that the model sees with */
void sotto_wishes_set_vision (SottoWishes *self, const char *path, const char *vision);

/* (transfer full) (nullable). @path: (nullable) */
char *sotto_wishes_dup_vision (SottoWishes *self, const char *path);

G_END_DECLS
