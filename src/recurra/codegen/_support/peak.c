/* The most that one thread can do: fused multiply-adds in registers, and nothing else. */
#include "lanes.h"

extern long clock(void); /* of the C library: processor time in microseconds */

#define CHAINS 16 /* more than the latency of an addition times the additions begun per cycle */
#define STEPS 4096

static vec run_chains(vec *sums) {
  vec factor = splat((real)0.5);
  for (int k = 0; k < STEPS; k++)
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) sums[i] = multiply_add(sums[i], factor, factor);
  return sums[0];
}

/* Floating-point operations per second of `real`, in billions; takes that many seconds. */
double multiply_add_peak(double seconds) {
  vec sums[CHAINS];
  long begin = clock(), now = begin;
  double runs = 0;
  for (int i = 0; i < CHAINS; i++) sums[i] = splat((real)i);
  while ((double)(now - begin) < seconds * 1e6) {
    for (int i = 0; i < 100; i++) run_chains(sums);
    runs += 100;
    now = clock();
  }
  real sum = 0; /* used, so that the compiler may not leave the work out */
  for (int i = 0; i < CHAINS; i++) sum += sum_lanes(sums[i]);
  double operations = 2.0 * LANES * CHAINS * STEPS * runs;
  return sum > 0 ? operations / (double)(now - begin) / 1e3 : 0;
}
