/* Copying weights into panels, at about the speed of memory for either order of strides. */
#ifndef RECURRA_PACKING_H
#define RECURRA_PACKING_H

#include "panels.h"

/* Where one vector of columns comes from and goes to. */
struct packing {
  const real *from; /* its first column at k = 0 */
  long columns;     /* how many of its lanes exist, 1 .. LANES */
  long row_stride, column_stride;
  real *to;
  long to_stride; /* from one k to the next: the width of the panel */
};

INLINE vec load_first(const real *from, long n) {
  return n < LANES ? load_part(from, n) : load(from);
}

/* Columns lie beside each other in memory. */
static void copy_vectors(const struct packing *p, long first, long last) {
  for (long k = first; k < last; k++)
    store(p->to + k * p->to_stride, load_first(p->from + k * p->row_stride, p->columns));
}

/* Exchange the off-diagonal blocks of `distance` lanes between two vectors. */
INLINE void exchange_blocks(vec *x, vec *y, int distance) {
  vec a = *x, b = *y;
#if defined(__GNUC__) && !defined(__clang__)
  mask low, high;
  EACH_LANE(i) {
    low[i] = i & distance ? LANES + i - distance : i;
    high[i] = i & distance ? LANES + i : i + distance;
  }
  *x = __builtin_shuffle(a, b, low);
  *y = __builtin_shuffle(a, b, high);
#else
  EACH_LANE(i) {
    (*x)[i] = i & distance ? b[i - distance] : a[i];
    (*y)[i] = i & distance ? b[i] : a[(i + distance) % LANES];
  }
#endif
}

INLINE void transpose_block(vec *block) {
#pragma GCC unroll 4
  for (int distance = 1; distance < LANES; distance *= 2)
#pragma GCC unroll 16
    EACH_LANE(i) if (!(i & distance)) exchange_blocks(&block[i], &block[i + distance], distance);
}

/* Each column is contiguous in memory: LANES x LANES blocks are transposed in registers. */
static void transpose_vectors(const struct packing *p, long first, long last) {
  for (long k = first; k < last; k += LANES) {
    long steps = smaller(LANES, last - k);
    vec block[LANES];
    if (steps == LANES && p->columns == LANES) {
#pragma GCC unroll 16
      EACH_LANE(i) block[i] = load(p->from + i * p->column_stride + k);
    } else {
      EACH_LANE(i) block[i] = i < p->columns
          ? load_first(p->from + i * p->column_stride + k, steps) : splat(0);
    }
    transpose_block(block);
    for (long i = 0; i < steps; i++) store(p->to + (k + i) * p->to_stride, block[i]);
  }
}

static void gather_vectors(const struct packing *p, long first, long last) {
  for (long k = first; k < last; k++)
    store(p->to + k * p->to_stride,
          load_gather_part(p->from + k * p->row_stride, p->column_stride, p->columns));
}

static void pack_vectors(const struct packing *p, long first, long last) {
  if (p->column_stride == 1)
    copy_vectors(p, first, last);
  else if (p->row_stride == 1)
    transpose_vectors(p, first, last);
  else
    gather_vectors(p, first, last);
}

#define PACKED_ROWS 1024 /* as many as pages are at hand */

struct weights {
  const real *w;
  long K, N, row_stride, column_stride;
  real *panels;
};

/* The rows from k on, PACKED_ROWS at most, of one panel. */
static void pack_block(const struct weights *s, long panel, long k) {
  long begin = panel_vector(s->N, panel), width = panel_width(s->N, panel);
  for (long v = 0; v < width; v++) {
    long column = (begin + v) * LANES;
    struct packing p = {s->w + column * s->column_stride, smaller(LANES, s->N - column),
                        s->row_stride, s->column_stride,
                        s->panels + begin * LANES * s->K + v * LANES, width * LANES};
    pack_vectors(&p, k, smaller(s->K, k + PACKED_ROWS));
  }
}

/* The inner loop goes along what is contiguous in memory. */
void pack_panels(const real *w, long K, long N, long row_stride, long column_stride, real *panels,
                 long first_panel, long last_panel) {
  struct weights s = {w, K, N, row_stride, column_stride, panels};
  if (row_stride < column_stride)
    for (long panel = first_panel; panel < last_panel; panel++)
      for (long k = 0; k < K; k += PACKED_ROWS) pack_block(&s, panel, k);
  else
    for (long k = 0; k < K; k += PACKED_ROWS)
      for (long panel = first_panel; panel < last_panel; panel++) pack_block(&s, panel, k);
}

void pack(const real *w, long K, long N, long row_stride, long column_stride, real *panels) {
  pack_panels(w, K, N, row_stride, column_stride, panels, 0, panel_count(N));
}

#endif
