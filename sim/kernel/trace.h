/* Trace format 1: everything that happened in a run, as 32-byte records in order.
 *
 * Two sorts of records share one stream: what the simulation did (events: a message arrived, a timer
 * fired) and what it states about operations (facts, sim/world/fact.h). A record's `kind` tells which:
 * kinds below TRACE_FACT are events. Fields are canonical numbers (times, node indexes, operation
 * ids), never addresses or pool positions, so the digest of the stream says whether two runs are the
 * same run.
 *
 * Records gather in a block; a full block goes to the digest and then to every sink in the order of
 * registration: the ledger, a file. Nothing else ever sees facts, so outputs cannot change a run. The judge
 * asks for one record in three: these are marked as they are written, so that nobody has to look for them.
 *
 * File, all numbers little-endian:
 *
 *   0   "dgsimtr1"
 *   8   u32 format (1), u32 record size (32), u32 length of the text, u32 0
 *   24  the text: what is needed to judge the records again, the run's scenario (sim/runner/scenario.h),
 *       with line ends behind it up to a multiple of TRACE_TEXT_ALIGN, which its length includes
 *       records, then nothing
 *
 * The digest is of the records only: neither the text nor the header has a say in it.
 */
#ifndef SIM_KERNEL_TRACE_H
#define SIM_KERNEL_TRACE_H

#include "sim/base/err.h"
#include "sim/base/likely.h"

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
#define TRACE_BLOCK 256
#define TRACE_SINKS_MAX 4

/* Called with 1 to TRACE_BLOCK records, in order; `first` is the number of the first (from 0). Must not
 * add records. */
typedef void trace_sink(void *context, const struct trace_record *records, size_t count,
                        uint64_t first);
/* The same for who asks for those that are marked: records[places[0]], records[places[1]], ..., `count` of them,
 * in order; `first` is the number of records[0]. Called for every block, also where it has none. */
typedef void trace_mark_sink(void *context, const struct trace_record *records, const uint16_t *places,
                             size_t count, uint64_t first);

struct trace {
  struct trace_record block[TRACE_BLOCK];
  size_t count, mark_count;
  uint16_t marks[TRACE_BLOCK]; /* places in the block, rising */
  uint64_t flushed;            /* records that have left */
  struct {
    trace_sink *sink; /* or */
    trace_mark_sink *mark_sink;
    void *context;
  } sinks[TRACE_SINKS_MAX];
  size_t sink_count;
  void *digest_state; /* XXH3 */
};

void trace_init(struct trace *trace);
void trace_deinit(struct trace *trace);
void trace_reset(struct trace *trace); /* sinks stay */
void trace_add_sink(struct trace *trace, trace_sink *sink, void *context);
void trace_add_mark_sink(struct trace *trace, trace_mark_sink *sink, void *context);
void trace_flush(struct trace *trace);

/* The next record to be filled in by the caller, all fields. */
static inline struct trace_record *trace_next(struct trace *trace) {
  if (UNLIKELY(trace->count == TRACE_BLOCK)) trace_flush(trace);
  return &trace->block[trace->count++];
}

/* Marks the record that trace_next gave last; once. */
static inline void trace_mark(struct trace *trace) {
  trace->marks[trace->mark_count++] = (uint16_t)(trace->count - 1);
}

/* XXH3 (64 bits) of all records so far. Flushes. */
uint64_t trace_digest(struct trace *trace);

/* Writing: the header, then a sink whose context is the FILE. A failed write is left in ferror(file), for
 * the caller to look at before it closes. Fails also when the text is longer than TRACE_TEXT_MAX. */
#define TRACE_TEXT_ALIGN 16
#define TRACE_TEXT_MAX ((size_t)1 << 26)
bool trace_file_begin(FILE *file, const char *text, size_t length, struct err *err);
trace_sink trace_file_sink;

/* Reading, from the start to the end: works on pipes. The file and the path, which errors print, are
 * the caller's. */
struct trace_reader {
  FILE *file;
  const char *path;
  uint64_t count; /* records that were read */
};

/* Checks the header. *out_text (with a 0 behind it) is the caller's to free unless an error is set;
 * NULL: the text is skipped. */
bool trace_reader_begin(struct trace_reader *reader, FILE *file, const char *path, char **out_text,
                        size_t *out_length, struct err *err);
/* 1 = a record, 0 = end, -1 = error set: a torn record is named by its number, from 0. */
int trace_reader_next(struct trace_reader *reader, struct trace_record *out, struct err *err);

#endif
