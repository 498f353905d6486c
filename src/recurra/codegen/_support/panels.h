/* The layout of packed weights.
 *
 * The columns are cut into vectors of LANES, these into panels of at most PANEL_VECTORS, as
 * evenly as possible: a last panel of one vector would keep few sums in flight and be slow.
 * A panel holds its columns for k = 0, then for k = 1, ...; panels follow each other. Lanes
 * beyond the last column are zero.
 */
#ifndef RECURRA_PANELS_H
#define RECURRA_PANELS_H

#include "matmul.h"

#define PANEL_VECTORS 3

INLINE long smaller(long a, long b) { return a < b ? a : b; }
INLINE long larger(long a, long b) { return a > b ? a : b; }
INLINE long parts_of(long size, long largest) { return (size + largest - 1) / largest; }

INLINE long vector_count(long N) { return parts_of(N, LANES); }

/* Cut `size` into `parts` that differ by one at most, the larger first: where `part` begins. */
INLINE long balanced_start(long size, long parts, long part) {
  return part * (size / parts) + smaller(part, size % parts);
}

long panel_count(long N) { return parts_of(vector_count(N), PANEL_VECTORS); }

static long panel_vector(long N, long panel) {
  return N == 0 ? 0 : balanced_start(vector_count(N), panel_count(N), panel);
}

static long panel_width(long N, long panel) {
  return panel_vector(N, panel + 1) - panel_vector(N, panel);
}

long panel_column(long N, long panel) { return smaller(N, panel_vector(N, panel) * LANES); }

long packed_size(long K, long N) { return K * vector_count(N) * LANES; }

#endif
