/* Random numbers that depend on nothing but their place: Philox-2x32, ten rounds, 24 bits. */
#ifndef RECURRA_RANDOM_H
#define RECURRA_RANDOM_H

#include "lanes.h"

INLINE uint32_t philox(uint32_t key, uint32_t step, uint32_t element) {
  uint32_t left = element, right = step;
  for (int round = 0; round < 10; round++) {
    uint64_t product = (uint64_t)0xD256D193u * left;
    left = (uint32_t)(product >> 32) ^ key ^ right;
    right = (uint32_t)product;
    key += 0x9E3779B9u;
  }
  return left >> 8;
}

INLINE vec v_uniform(vec key, vec step, vec element) {
  real keys[LANES], steps[LANES], elements[LANES], numbers[LANES];
  store(keys, key);
  store(steps, step);
  store(elements, element);
  EACH_LANE(i)
    numbers[i] = (real)philox((uint32_t)(int64_t)keys[i], (uint32_t)(int64_t)steps[i],
                              (uint32_t)(int64_t)elements[i]) * (real)0x1p-24;
  return load(numbers);
}

#endif
