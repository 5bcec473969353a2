/* Trace format 1: everything that happened in a run, as 32-byte records in order.
 *
 * Two sorts of records share one stream: what the simulation did (events: a message arrived, a timer
 * fired) and what it states about operations (facts, sim/world/fact.h). A record's `kind` tells which:
 * kinds below TRACE_FACT are events. Fields are canonical numbers (times, node indexes, operation
 * ids), never addresses or pool positions, so the digest of the stream says whether two runs are the
 * same run.
 *
 * Records gather in a block; a full block goes to every sink in the order of registration: the digest,
 * the ledger, a file. Nothing else ever sees facts, so outputs cannot change a run.
 *
 * File: 16-byte header "dgsimtr1", little-endian u32 format (1), u32 record size (32), then records in
 * little-endian, then nothing.
 */
#ifndef SIM_KERNEL_TRACE_H
#define SIM_KERNEL_TRACE_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct trace_record {
  int64_t at;      /* ns */
  uint64_t intent; /* operation id, 0 = none */
  uint64_t value;  /* meaning by kind */
  uint16_t kind;
  uint16_t node;   /* where, node index */
  uint32_t detail; /* meaning by kind */
};
_Static_assert(sizeof(struct trace_record) == 32, "a trace record is 32 bytes");

#define TRACE_FACT 0x100 /* kinds from here are facts */
#define TRACE_BLOCK 512
#define TRACE_SINKS_MAX 4

/* Called with 1 to TRACE_BLOCK records, in order; `first` is the number of the first (from 0). Must not
 * add records. */
typedef void trace_sink(void *context, const struct trace_record *records, size_t count,
                        uint64_t first);

struct trace {
  struct trace_record block[TRACE_BLOCK];
  size_t count;
  uint64_t flushed; /* records that have left */
  struct {
    trace_sink *sink;
    void *context;
  } sinks[TRACE_SINKS_MAX];
  size_t sink_count;
  void *digest_state; /* XXH3 */
};

void trace_init(struct trace *trace);
void trace_deinit(struct trace *trace);
void trace_reset(struct trace *trace); /* sinks stay */
void trace_add_sink(struct trace *trace, trace_sink *sink, void *context);
void trace_flush(struct trace *trace);

/* The next record to be filled in by the caller, all fields. */
static inline struct trace_record *trace_next(struct trace *trace) {
  if (__builtin_expect(trace->count == TRACE_BLOCK, 0)) trace_flush(trace);
  return &trace->block[trace->count++];
}

/* XXH3 (64 bits) of all records so far. Flushes. */
uint64_t trace_digest(struct trace *trace);

/* Writing: a sink whose context is the FILE; a failed write is left in ferror(file), for the caller to
 * look at before it closes. Reading: header checked, then records one by one; a torn one is named by
 * its number, from 0. */
bool trace_file_begin(FILE *file, struct err *err);
trace_sink trace_file_sink;
bool trace_file_check(FILE *file, const char *path, struct err *err);
/* 1 = a record, 0 = end, -1 = error set (a torn record). */
int trace_file_read(FILE *file, const char *path, struct trace_record *out, struct err *err);

#endif
