/* Threads for products over all rows and steps: each thread makes some rows of the result. */
#ifndef RECURRA_THREADS_H
#define RECURRA_THREADS_H

#include "matmul.h"

extern void GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);

/* c[M, N] = transposed(a[rows, M]) @ b[rows, N]. */
struct outer_call {
  long M, N, rows;
  const real *a;
  long lda;
  const real *b;
  long ldb;
  real *c;
  long ldc;
  real *scratch; /* scratch_size numbers for each thread */
  long scratch_size;
  long threads;
};

static void outer_share(void *data) {
  const struct outer_call *call = data;
  long me = call->threads > 1 ? omp_get_thread_num() : 0;
  outer(call->M, call->N, call->rows, call->a, call->lda, call->b, call->ldb, call->c, call->ldc,
        call->M * me / call->threads, call->M * (me + 1) / call->threads,
        call->scratch + me * call->scratch_size);
}

#include "digest.h"

void outer_in_threads(struct outer_call *call) {
  if (call->threads > 1) GOMP_parallel(outer_share, call, (unsigned)call->threads, 0);
  else outer_share(call);
}

#endif
