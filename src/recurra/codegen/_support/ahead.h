/* Products made ahead: what an iteration reads of its input, multiplied for some steps at once.
 *
 * With few rows a single step would use each weight for too little work; with all steps at once the
 * result would leave the cache before it is read. Part of sequence.c.
 */
#ifndef RECURRA_AHEAD_H
#define RECURRA_AHEAD_H

INLINE long lines_ahead(long rows) { return rows > AHEAD_LINES ? rows : AHEAD_LINES; }

static long widest_left(const struct kernel *kernel) {
  long widest = 0;
  for (int k = 0; k < kernel->aheads; k++)
    if (kernel->ahead[k].left_stride > widest) widest = kernel->ahead[k].left_stride;
  return widest;
}

/* Decide for which steps to look ahead, and where their lines begin; returns how many lines. */
static long plan_ahead(struct chunk *chunk, long s, long active) {
  long steps = active < AHEAD_LINES ? AHEAD_LINES / active : 1, lines = 0, n = 0;
  chunk->ahead_first = s;
  for (; n < steps && active > 0; n++) {
    chunk->ahead_line[n] = lines;
    lines += active;
    while (active > 0 && chunk->call->length[chunk->row[active - 1]] <= s + n + 1) active--;
  }
  chunk->ahead_line[n] = lines;
  chunk->ahead_end = s + n;
  return lines;
}

/* Bring this member's lines of the left side together, and begin their sums with the bias. */
static void gather_ahead(struct chunk *chunk, int k, long lines) {
  const struct call *call = chunk->call;
  const struct ahead_product *product = chunk->kernel->ahead + k;
  long K = chunk->kernel->weight_K[product->weight], N = chunk->kernel->weight_N[product->weight];
  long first = lines * chunk->me / chunk->members, last = lines * (chunk->me + 1) / chunk->members;
  for (long line = first, n = 0; line < last; line++) {
    while (chunk->ahead_line[n + 1] <= line) n++;
    long row = chunk->row[line - chunk->ahead_line[n]];
    long source = call->first[row] + (chunk->ahead_first + n) * call->stride;
    copy_line(chunk->left + line * product->left_stride, call->inputs[product->left] + source * K, K);
    if (product->bias >= 0)
      copy_line(chunk->ahead[k] + line * product->stride, call->vectors[product->bias], N);
  }
}

/* Make all products of the steps from s on. */
static void prefetch_inputs(struct chunk *chunk, long s, long active) {
  const struct call *call = chunk->call;
  long lines = plan_ahead(chunk, s, active);
  for (int k = 0; k < chunk->kernel->aheads; k++) {
    const struct ahead_product *product = chunk->kernel->ahead + k;
    long K = chunk->kernel->weight_K[product->weight], N = chunk->kernel->weight_N[product->weight];
    long panels = call->panel_count(N);
    gather_ahead(chunk, k, lines);
    follow(chunk);
    (product->bias >= 0 ? call->matmul_onto : call->matmul)(
        lines, K, N, chunk->left, product->left_stride, call->panels[product->weight],
        chunk->ahead[k], product->stride, panels * chunk->me / chunk->members,
        panels * (chunk->me + 1) / chunk->members);
    follow(chunk); /* before the left side of the next product comes */
  }
}

#endif
