/* The loop over time: which rows run, where their numbers lie, and what happens at their ends.
 *
 * A sequence is run in chunks of rows, each for all of its steps, so that threads never wait for
 * each other. The rows of a chunk are sorted by length: those that still run are the first ones.
 *
 * Compiled once a machine, for all kernels of a dtype; they call it by `run` of `struct call`.
 */
#include "sequence.h"

extern void *aligned_alloc(unsigned long alignment, unsigned long size);
extern void free(void *memory);
extern void GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);

enum { CACHE_LINE = 64, MOST_STATES = 32, MOST_SCRATCHES = 256, MOST_AHEADS = 16 };

/* Lines that are made ahead at once, if the rows of a single step are not more: enough to use each
 * weight often, few enough to be in the cache still when they are read. */
enum { AHEAD_LINES = 128 };

/* A chunk while it runs. */
struct chunk {
  struct team *team;
  long me, members;
  const struct kernel *kernel;
  const struct call *call;
  long rows;
  const long *row; /* [rows] which rows of the batch */
  long *line;      /* [rows] where they are in the streams */
  real *before[MOST_STATES], *after[MOST_STATES], *scratch[MOST_SCRATCHES];
  real *ahead[MOST_AHEADS], *left; /* products made ahead, and the lines they are made from */
  long ahead_first, ahead_end;     /* of which steps */
  long ahead_line[AHEAD_LINES + 1]; /* where the lines of each of these steps begin */
};

INLINE void copy_line(real *to, const real *from, long width) {
  for (long j = 0; j < width; j++) to[j] = from[j];
}

/* Set the state of the i-th row of a chunk to that row of `source`. */
static void load_state(struct chunk *chunk, const real *const *source, long i) {
  for (int k = 0; k < chunk->kernel->states; k++) {
    long width = chunk->kernel->state_width[k];
    copy_line(chunk->before[k] + i * chunk->kernel->state_stride[k],
              source[k] + chunk->row[i] * width, width);
  }
}

/* Hand out a state of the i-th row as its final one. */
static void store_state(const struct chunk *chunk, real *const *state, long i) {
  for (int k = 0; k < chunk->kernel->states; k++) {
    long width = chunk->kernel->state_width[k];
    copy_line(chunk->call->final[k] + chunk->row[i] * width,
              state[k] + i * chunk->kernel->state_stride[k], width);
  }
}

/* Gradients stop at a reset: they belong to the initial state. */
static void cut_gradient(struct chunk *chunk, long i) {
  for (int k = 0; k < chunk->kernel->states; k++) {
    long width = chunk->kernel->state_width[k];
    real *gradient = chunk->after[k] + i * chunk->kernel->state_stride[k];
    real *sum = chunk->call->d_initial[k] + chunk->row[i] * width;
    for (long j = 0; j < width; j++) {
      sum[j] += gradient[j];
      gradient[j] = 0;
    }
  }
}

static void take_iteration(struct chunk *chunk, long active, long ahead_line) {
  struct iteration iteration = {chunk->call,    chunk->team,  chunk->me,     chunk->members,
                                active,         chunk->line,  chunk->before, chunk->after,
                                chunk->scratch, chunk->ahead, ahead_line};
  chunk->kernel->iteration(&iteration);
}

/* What one member does for all stands between these. */
static int leads(const struct chunk *chunk) { return chunk->me == 0; }
static void follow(const struct chunk *chunk) { meet(chunk->team, chunk->members); }

static void swap_states(struct chunk *chunk) {
  for (int k = 0; k < chunk->kernel->states; k++) {
    real *after = chunk->after[k];
    chunk->after[k] = chunk->before[k];
    chunk->before[k] = after;
  }
}

#include "ahead.h"
#include "digest.h"

static void run_forward(struct chunk *chunk) {
  const struct call *call = chunk->call;
  long active = chunk->rows;
  for (long i = 0; leads(chunk) && i < chunk->rows; i++) load_state(chunk, call->state, i);
  for (long s = 0;; s++) {
    while (active > 0 && call->length[chunk->row[active - 1]] <= s) {
      active--;
      if (leads(chunk)) store_state(chunk, chunk->before, active);
    }
    if (active == 0) return;
    for (long i = 0; leads(chunk) && i < active; i++) {
      chunk->line[i] = call->first[chunk->row[i]] + s * call->stride;
      if (call->resets && call->resets[chunk->line[i]]) load_state(chunk, call->initial, i);
    }
    if (s == chunk->ahead_end) prefetch_inputs(chunk, s, active);
    follow(chunk);
    take_iteration(chunk, active, chunk->ahead_line[s - chunk->ahead_first]);
    swap_states(chunk);
  }
}

static void run_backward(struct chunk *chunk) {
  const struct call *call = chunk->call;
  long active = 0;
  for (long s = chunk->rows ? call->length[chunk->row[0]] - 1 : -1; s >= 0; s--) {
    for (; active < chunk->rows && call->length[chunk->row[active]] > s; active++)
      if (leads(chunk)) load_state(chunk, call->state, active);
    for (long i = 0; leads(chunk) && i < active; i++)
      chunk->line[i] = call->first[chunk->row[i]] + s * call->stride;
    follow(chunk);
    take_iteration(chunk, active, 0);
    for (long i = 0; leads(chunk) && call->resets && i < active; i++)
      if (call->resets[chunk->line[i]]) cut_gradient(chunk, i);
    swap_states(chunk);
  }
  if (!leads(chunk)) return;
  for (; active < chunk->rows; active++) load_state(chunk, call->state, active);
  for (long i = 0; i < chunk->rows; i++) store_state(chunk, chunk->before, i);
}

/* Cut `size` numbers off the memory, from one cache line to another. */
static real *take(char **memory, long size) {
  real *taken = (real *)*memory;
  *memory += (size * (long)sizeof(real) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
  return taken;
}

static long scratch_size(const struct kernel *kernel, int k, long rows, long members) {
  return (kernel->scratch_of_rows[k] ? rows : members) * kernel->scratch_stride[k];
}

static long lines_in_memory(const struct kernel *kernel, long rows, long members) {
  long reals = 0;
  for (int k = 0; k < kernel->states; k++) reals += 2 * rows * kernel->state_stride[k];
  for (int k = 0; k < kernel->scratches; k++)
    reals += scratch_size(kernel, k, rows, members);
  for (int k = 0; k < kernel->aheads; k++) reals += lines_ahead(rows) * kernel->ahead[k].stride;
  reals += lines_ahead(rows) * widest_left(kernel);
  long pieces = 2 * kernel->states + kernel->scratches + kernel->aheads + 3;
  return (reals * (long)sizeof(real) + 2 * rows * (long)sizeof(long)) / CACHE_LINE + pieces + 1;
}

/* Rows are dealt out like cards, so that long and short ones come to every chunk. */
static long rows_of_chunk(const struct call *call, long number) {
  return (call->rows - number + call->chunks - 1) / call->chunks;
}

/* Prepare a chunk in memory of the size that `lines_in_memory` says. */
static struct chunk lay_out_chunk(const struct kernel *kernel, const struct call *call,
                                  long number, long members, char *rest) {
  long rows = rows_of_chunk(call, number);
  struct chunk chunk = {.members = members, .kernel = kernel, .call = call, .rows = rows};
  for (int k = 0; k < kernel->states; k++) {
    chunk.before[k] = take(&rest, rows * kernel->state_stride[k]);
    chunk.after[k] = take(&rest, rows * kernel->state_stride[k]);
  }
  for (int k = 0; k < kernel->scratches; k++)
    chunk.scratch[k] = take(&rest, scratch_size(kernel, k, rows, members));
  for (int k = 0; k < kernel->aheads; k++)
    chunk.ahead[k] = take(&rest, lines_ahead(rows) * kernel->ahead[k].stride);
  chunk.left = take(&rest, lines_ahead(rows) * widest_left(kernel));
  long *row = (long *)rest;
  chunk.row = row;
  chunk.line = row + rows;
  for (long i = 0; i < rows; i++) row[i] = call->order[number + i * call->chunks];
  return chunk;
}

static char *memory_for(const struct kernel *kernel, long rows, long members) {
  return aligned_alloc(CACHE_LINE, lines_in_memory(kernel, rows, members) * CACHE_LINE);
}

/* Run one chunk for all of its steps; returns 0 if there is no memory. */
static int run_chunk(const struct kernel *kernel, const struct call *call, long number) {
  char *memory = memory_for(kernel, rows_of_chunk(call, number), 1);
  if (!memory) return 0;
  struct chunk chunk = lay_out_chunk(kernel, call, number, 1, memory);
  (kernel->backward ? run_backward : run_forward)(&chunk);
  free(memory);
  return 1;
}

/* What the threads share. */
struct work {
  const struct kernel *kernel;
  const struct call *call;
  int failed;
  struct chunk chunk; /* of a team */
};

static void pack_share(void *data) {
  struct work *work = data;
  const struct kernel *kernel = work->kernel;
  const struct call *call = work->call;
  long me = call->threads > 1 ? omp_get_thread_num() : 0;
  for (int k = 0; k < kernel->weights; k++) {
    long K = kernel->weight_K[k], N = kernel->weight_N[k], heads = kernel->weight_heads[k];
    long panels = call->panel_count(N), size = call->packed_size(K, N);
    long first = panels * me / call->threads, last = panels * (me + 1) / call->threads;
    const long *strides = call->weight_strides + 3 * k;
    for (long head = 0; head < heads; head++)
      call->pack(call->weights[k] + head * strides[0], K, N, strides[1], strides[2],
                 call->panels[k] + head * size, first, last);
  }
}

static void run_share(void *data) {
  struct work *work = data;
  long me = work->call->threads > 1 ? omp_get_thread_num() : 0;
  for (long number = me; number < work->call->chunks; number += work->call->threads)
    if (!run_chunk(work->kernel, work->call, number)) work->failed = 1;
}

/* All threads run the same chunk. Few rows make little work at a step, but weights to be read. */
static void run_as_member(void *data) {
  struct work *work = data;
  struct chunk mine = work->chunk;
  mine.me = omp_get_thread_num();
  for (int k = 0; k < mine.kernel->scratches; k++)
    if (!mine.kernel->scratch_of_rows[k]) mine.scratch[k] += mine.me * mine.kernel->scratch_stride[k];
  (mine.kernel->backward ? run_backward : run_forward)(&mine);
}

static void run_team(struct work *work) {
  struct team team = {0, 0};
  char *memory = memory_for(work->kernel, work->call->rows, work->call->threads);
  work->failed = !memory;
  if (!memory) return;
  work->chunk = lay_out_chunk(work->kernel, work->call, 0, work->call->threads, memory);
  work->chunk.team = &team;
  GOMP_parallel(run_as_member, work, (unsigned)work->call->threads, 0);
  free(memory);
}

/* Run a kernel; returns 0, 1 if there was no memory, or 2 if what is watched was written to. */
int run_kernel(const struct kernel *kernel, const struct call *call) {
  if (call->watched_count &&
      digest_sample(call->watched, call->watched_count) != call->watched_digest)
    return 2;
  struct work work = {.kernel = kernel, .call = call};
  int packs = kernel->weights && call->pack; /* unless the panels are ready */
  if (call->threads > 1) {
    if (packs) GOMP_parallel(pack_share, &work, (unsigned)call->threads, 0);
    if (call->as_team) run_team(&work);
    else GOMP_parallel(run_share, &work, (unsigned)call->threads, 0);
  } else {
    if (packs) pack_share(&work);
    run_share(&work);
  }
  return work.failed;
}
