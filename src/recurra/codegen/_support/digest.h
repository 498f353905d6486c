/* A digest of memory: 64 bits that differ, but for one case in 2^64, where the memory does.
 *
 * Several chains run side by side, so that it takes no longer than reading. No secret is kept by it.
 */
#ifndef RECURRA_DIGEST_H
#define RECURRA_DIGEST_H

#include <stdint.h>

enum { DIGEST_LANES = 8, DIGEST_CHAINS = 8, DIGEST_BLOCK = 1 << 20 };

typedef uint64_t digest_vec __attribute__((vector_size(8 * DIGEST_LANES)));

static const uint64_t DIGEST_PRIME = 0x9E3779B185EBCA87u;

/* The shift carries high bits to the low ones: else two signs that change would cancel out. */
INLINE uint64_t digest_word(uint64_t sum, uint64_t word) {
  sum = (sum ^ word) * DIGEST_PRIME;
  return sum ^ sum >> 29;
}

static uint64_t digest_block(const char *data, long bytes) {
  digest_vec sums[DIGEST_CHAINS];
  for (int c = 0; c < DIGEST_CHAINS; c++)
    for (int i = 0; i < DIGEST_LANES; i++) sums[c][i] = (uint64_t)(c * DIGEST_LANES + i + 1);
  const long step = sizeof sums;
  long at = 0;
  for (; at + step <= bytes; at += step)
    for (int c = 0; c < DIGEST_CHAINS; c++) {
      digest_vec words;
      __builtin_memcpy(&words, data + at + c * (long)sizeof words, sizeof words);
      sums[c] = (sums[c] ^ words) * DIGEST_PRIME;
      sums[c] ^= sums[c] >> 29;
    }
  uint64_t digest = (uint64_t)bytes;
  for (int c = 0; c < DIGEST_CHAINS; c++)
    for (int i = 0; i < DIGEST_LANES; i++) digest = digest_word(digest, sums[c][i]);
  for (; at < bytes; at++) digest = digest_word(digest, (unsigned char)data[at]);
  return digest;
}

struct digest_call {
  const char *data;
  long bytes, blocks, threads;
  uint64_t *digests; /* [blocks] */
};

static void digest_share(void *data) {
  const struct digest_call *call = data;
  long me = call->threads > 1 ? omp_get_thread_num() : 0;
  for (long block = me; block < call->blocks; block += call->threads) {
    long start = block * DIGEST_BLOCK, rest = call->bytes - start;
    call->digests[block] =
        digest_block(call->data + start, rest < DIGEST_BLOCK ? rest : DIGEST_BLOCK);
  }
}

enum { DIGEST_GROUP = 64 }; /* blocks that threads share at a time */

/* The digest of some memory, after that of other memory. */
static uint64_t digest(const char *data, long bytes, uint64_t before, long threads) {
  uint64_t digests[DIGEST_GROUP];
  const long group = (long)DIGEST_GROUP * DIGEST_BLOCK;
  for (long start = 0; start < bytes; start += group) {
    long size = bytes - start < group ? bytes - start : group;
    long blocks = (size + DIGEST_BLOCK - 1) / DIGEST_BLOCK;
    struct digest_call call = {data + start, size, blocks, threads < blocks ? threads : blocks,
                               digests};
    if (call.threads > 1) GOMP_parallel(digest_share, &call, (unsigned)call.threads, 0);
    else digest_share(&call);
    for (long block = 0; block < blocks; block++) before = digest_word(before, digests[block]);
  }
  return before;
}

/* The digest of several pieces of memory, one after the other. */
uint64_t digest_all(const long *words, long count, long threads) {
  const long *places = words, *bytes = words + count; /* [count] each */
  uint64_t found = 0;
  for (long i = 0; i < count; i++) found = digest((const char *)places[i], bytes[i], found, threads);
  return found;
}

enum { DIGEST_SAMPLE = 16, DIGEST_SMALL = 512 };

INLINE uint64_t digest_at(uint64_t before, const char *data, long bytes) {
  uint64_t word = 0;
  __builtin_memcpy(&word, data, (unsigned long)bytes);
  return digest_word(before, word);
}

/* A digest of some words of each piece, spread evenly; of all of a small one. */
uint64_t digest_sample(const long *words, long count) {
  const long *places = words, *bytes = words + count; /* [count] each */
  uint64_t found = 0;
  for (long i = 0; i < count; i++) {
    const char *data = (const char *)places[i];
    if (bytes[i] > DIGEST_SMALL) {
      const uint64_t pairs = (uint64_t)bytes[i] / 8;
      for (uint64_t n = 0; n < DIGEST_SAMPLE; n++) {
        const uint64_t part = n * DIGEST_PRIME >> 32; /* of 2^32: the golden ratio spreads them */
        found = digest_at(found, data + (part * pairs >> 32) * 8, 8);
      }
    } else {
      long at = 0;
      for (; at + 8 <= bytes[i]; at += 8) found = digest_at(found, data + at, 8);
      if (at < bytes[i]) found = digest_at(found, data + at, bytes[i] - at);
    }
  }
  return found;
}

#endif
