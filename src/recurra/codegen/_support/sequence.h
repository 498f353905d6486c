/* What kernels and the loop over time know of each other: a call, a kernel, and one of its iterations.
 *
 * Streams hold one line of numbers for each step of each row. The line of the s-th step of row b is
 * first[b] + s * stride, whichever way time runs and however rows are packed.
 */
#ifndef RECURRA_SEQUENCE_H
#define RECURRA_SEQUENCE_H

#include "lanes.h"
#include <stdint.h>

struct kernel;
struct call;

typedef void matmul_function(long rows, long K, long N, const real *a, long lda,
                             const real *panels, real *c, long ldc, long first_panel,
                             long last_panel);
typedef void pack_function(const real *w, long K, long N, long row_stride, long column_stride,
                           real *panels, long first_panel, long last_panel);
typedef long count_function(long N);
typedef long size_function(long K, long N);
typedef int run_function(const struct kernel *kernel, const struct call *call);

/* What one call of a kernel works on. */
struct call {
  long rows;                   /* B */
  long chunks;                 /* parts of the batch */
  long threads;                /* that share the chunks, or one chunk */
  long as_team;                /* 1: all threads work on one chunk, each on some columns */
  long stride;                 /* from the line of a step to the line of the next */
  const long *first;           /* [B] line of each row's first step */
  const long *length;          /* [B] steps of each row */
  const long *order;           /* [B] the rows, longest first */
  const unsigned char *resets; /* a mark for each line, or null */
  const real *const *inputs;   /* streams that are read */
  real *const *outputs;        /* streams that are written */
  const real *const *vectors;  /* values of parameters */
  const real *const *weights;  /* matrices, before packing */
  const long *weight_strides;  /* row and column stride of each matrix */
  real *const *panels;         /* the same matrices, packed */
  const real *const *state;    /* [B, width] where rows start */
  real *const *final;          /* [B, width] where they end up */
  const real *const *initial;  /* [B, width] what resets return to; backwards: unused */
  real *const *d_initial;      /* [B, width] gradients of that; forwards: unused */
  matmul_function *matmul, *matmul_onto;
  pack_function *pack;         /* null if the panels are packed already */
  count_function *panel_count;
  size_function *packed_size;
  run_function *run;           /* the loop over time */
  const long *watched;         /* pieces of memory: where they lie, and how many bytes they have */
  long watched_count;          /* how many; none: nothing is watched */
  uint64_t watched_digest;     /* what a sample of them was; the kernel runs only if it still is */
};

/* Threads that work on one chunk: a barrier where all wait for each other. */
struct team {
  long waiting, round;
};

/* The running rows of a chunk at one step. */
struct iteration {
  const struct call *call;
  struct team *team;      /* null for a thread on its own */
  long me, members;       /* which thread of how many */
  long active;           /* rows that run */
  const long *line;      /* [active] their lines in the streams */
  real *const *state;    /* before the step, one line a row */
  real *const *next_state; /* after it */
  real *const *scratch;  /* values of all rows, and of one */
  real *const *ahead;    /* products made some steps ahead */
  long ahead_line;       /* which of their lines belongs to the first row; the others follow */
};

/* A product that does not wait for the state: left @ weight + bias of some steps at once. */
struct ahead_product {
  int left, weight, bias; /* which input, weight and vector; no bias: -1 */
  long left_stride, stride; /* from line to line of the left side when gathered, and of the product */
};

/* A kernel: its work at one step, and how much memory that takes. */
struct kernel {
  void (*iteration)(const struct iteration *iteration);
  int backward;
  int states;
  const long *state_width, *state_stride;
  int scratches;
  const long *scratch_stride; /* from row to row; the whole for values of a single row */
  const int *scratch_of_rows; /* 1 where there is a line for each row */
  int weights;
  const long *weight_heads, *weight_K, *weight_N;
  int aheads;
  const struct ahead_product *ahead;
};

extern int sched_yield(void);

enum { SPINS = 2000 };

/* Wait until all members have come here. They spin, since a step takes microseconds; a thread that
 * lost its processor is not waited for in vain, but given ours. */
static void meet(struct team *team, long members) {
  if (members == 1) return;
  long round = __atomic_load_n(&team->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&team->waiting, 1, __ATOMIC_ACQ_REL) == members) {
    __atomic_store_n(&team->waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  for (long spins = 0; __atomic_load_n(&team->round, __ATOMIC_ACQUIRE) == round; spins++)
    if (spins > SPINS) sched_yield();
}

/* One product of a stage; the members of a team share its panels. */
INLINE void multiply(const struct iteration *iteration, long K, long N, const real *a, long lda,
                     const real *panels, real *c, long ldc) {
  long count = iteration->call->panel_count(N);
  iteration->call->matmul(iteration->active, K, N, a, lda, panels, c, ldc, count * iteration->me / iteration->members,
                     count * (iteration->me + 1) / iteration->members);
}

/* The rows of a stage that this thread works on. */
INLINE long first_row(const struct iteration *iteration) { return iteration->active * iteration->me / iteration->members; }
INLINE long last_row(const struct iteration *iteration) {
  return iteration->active * (iteration->me + 1) / iteration->members;
}
INLINE void end_stage(const struct iteration *iteration) { meet(iteration->team, iteration->members); }

#endif
