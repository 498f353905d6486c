/* Matrix products for recurrent steps: few rows (a batch), large weights, the same at every step.
 *
 * The weights are packed once per call into panels, then multiplied at every step. Every element
 * of a result is one chain of fused multiply-adds over k = 0, 1, 2, ... that starts from zero.
 * So a row has the same bits however many rows are computed with it, and however the columns are
 * shared among threads.
 *
 * All strides and leading dimensions count elements. Rows of results must not overlap inputs.
 */
#ifndef RECURRA_MATMUL_H
#define RECURRA_MATMUL_H

#include "lanes.h"

/* ---- c[rows, N] = a[rows, K] @ w[K, N] ------------------------------------------------------- */

/* Panels are independent: threads may share the range 0 .. panel_count(N). Panel p holds the
 * columns panel_column(N, p) .. panel_column(N, p + 1). */
long panel_count(long N);
long panel_column(long N, long panel);

/* Reals that the packed weights take. Align them to 64 bytes. */
long packed_size(long K, long N);

/* w[k, n] is w[k * row_stride + n * column_stride]. */
void pack(const real *w, long K, long N, long row_stride, long column_stride, real *panels);
void pack_panels(const real *w, long K, long N, long row_stride, long column_stride, real *panels,
                 long first_panel, long last_panel);

/* Row r of a begins at a + r * lda, row r of c at c + r * ldc. Overwrites c; `onto` goes on from
 * what is in it. */
void matmul(long rows, long K, long N, const real *a, long lda, const real *panels, real *c,
            long ldc);
void matmul_panels(long rows, long K, long N, const real *a, long lda, const real *panels, real *c,
                   long ldc, long first_panel, long last_panel);
void matmul_onto_panels(long rows, long K, long N, const real *a, long lda, const real *panels,
                        real *c, long ldc, long first_panel, long last_panel);

/* ---- c[M, N] = transposed(a[rows, M]) @ b[rows, N]: gradients of weights --------------------- */

/* Reals of scratch memory that one thread needs. Align them to 64 bytes. */
long outer_scratch_size(long N);

/* Only the rows first_row .. last_row of c, so that threads can share them. Overwrites these. */
void outer(long M, long N, long rows, const real *a, long lda, const real *b, long ldb, real *c,
           long ldc, long first_row, long last_row, real *scratch);

/* ---- The first with weights in bfloat16, sums in float --------------------------------------- */

#if !REAL_IS_DOUBLE
/* Words of 32 bits that the packed weights take. Align them to 64 bytes. */
long packed_size_bf16(long K, long N);
void pack_bf16(const uint16_t *w, long K, long N, long row_stride, long column_stride,
               uint32_t *panels);
/* Rounds to the nearest bfloat16, ties to even. */
void pack_bf16_from_float(const float *w, long K, long N, long row_stride, long column_stride,
                          uint32_t *panels);
void matmul_bf16(long rows, long K, long N, const float *a, long lda, const uint32_t *panels,
                 float *c, long ldc);
void matmul_bf16_panels(long rows, long K, long N, const float *a, long lda,
                        const uint32_t *panels, float *c, long ldc, long first_panel,
                        long last_panel);
#endif

#endif
