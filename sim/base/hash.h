/* Hashes of names and keyed mixing. All integer, the same on every machine. */
#ifndef SIM_BASE_HASH_H
#define SIM_BASE_HASH_H

#include <stdint.h>

/* Finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection on 64 bits. */
static inline uint64_t hash_mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

/* Two words into one; not commutative. For a fixed `a` it is a bijection of `b`. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b) {
  return hash_mix(a ^ (b * 0x9e3779b97f4a7c15u + 0x7f4a7c159e3779b9u));
}

/* A name (FNV-1a, then mixed): keys of luck are hashes of names, never positions. */
static inline uint64_t hash_name(const char *name) {
  uint64_t h = 0xcbf29ce484222325u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 0x100000001b3u;
  return hash_mix(h);
}

#endif
