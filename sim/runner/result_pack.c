#include "sim/runner/result_pack.h"

#include "sim/base/assert.h"
#include "sim/oracle/ledger.h"

#include <stdlib.h>

static void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  ASSERT_MSG(memory, "out of memory for a result");
  return memory;
}

static void pack_metrics(const int64_t metrics[METRIC__COUNT], struct bytes *bytes) {
  for (int metric = 0; metric < METRIC__COUNT; metric++) bytes_signed(bytes, metrics[metric]);
}

/* Cells that are not empty, each with how many empty ones stand before it. */
static void pack_latency(const struct histogram *latency, struct bytes *bytes) {
  uint64_t used = 0;
  for (uint32_t cell = 0; cell < HISTOGRAM_CELLS; cell++) used += latency->cells[cell] > 0;
  bytes_unsigned(bytes, used);
  for (uint32_t cell = 0, next = 0; cell < HISTOGRAM_CELLS; cell++) {
    if (latency->cells[cell] == 0) continue;
    bytes_unsigned(bytes, cell - next);
    bytes_unsigned(bytes, latency->cells[cell]);
    next = cell + 1;
  }
}

static void pack_latencies(const struct batch_means *latencies, struct bytes *bytes) {
  bytes_unsigned(bytes, latencies->count);
  bytes_unsigned(bytes, latencies->length);
  for (uint32_t i = 0; i < latencies->count; i++) bytes_signed(bytes, latencies->means[i]);
}

static void pack_timeline(const struct run_result *result, struct bytes *bytes) {
  bytes_unsigned(bytes, result->timeline_count);
  bytes_signed(bytes, result->timeline_width);
  for (size_t i = 0; i < result->timeline_count; i++) {
    const struct timeline_bucket *bucket = &result->timeline[i];
    bytes_unsigned(bytes, bucket->intended);
    bytes_unsigned(bytes, bucket->first_effects);
    bytes_unsigned(bytes, bucket->duplicate_effects);
    bytes_unsigned(bytes, bucket->duplicate_deliveries);
    bytes_signed(bytes, bucket->open);
  }
}

static void pack_faults(const struct run_result *result, size_t fault_count, struct bytes *bytes) {
  for (size_t fault = 0; fault < fault_count; fault++) {
    bytes_unsigned(bytes, result->fault_hits[fault]);
    bytes_unsigned(bytes, result->fault_applies[fault]);
  }
  bytes_unsigned(bytes, result->window_count);
  for (size_t i = 0; i < result->window_count; i++) {
    bytes_unsigned(bytes, result->windows[i].fault);
    bytes_signed(bytes, result->windows[i].begin);
    bytes_signed(bytes, result->windows[i].end);
  }
}

void result_pack(const struct run_result *result, const struct plan *plan, struct bytes *bytes) {
  pack_metrics(result->metrics, bytes);
  bytes_unsigned(bytes, result->digest);
  bytes_unsigned(bytes, result->records);
  bytes_unsigned(bytes, (uint64_t)result->verdict);
  bytes_unsigned(bytes, result->violations);
  bytes_unsigned(bytes, result->drained);
  for (uint32_t group = 0; result->groups && group < plan_group_count(plan); group++) {
    pack_metrics(result->groups[group].metrics, bytes);
    bytes_unsigned(bytes, result->groups[group].violations);
  }
  pack_faults(result, plan->fault_count, bytes);
  pack_latency(result->latency, bytes);
  pack_latencies(&result->latencies, bytes);
  pack_timeline(result, bytes);
  bytes_signed(bytes, result->end_ns);
  bytes_unsigned(bytes, (uint64_t)(result->wall_s * 1e9 + 0.5));
  bytes_unsigned(bytes, result->grown);
}

/* --- Reading --- */

static void unpack_metrics(struct bytes_reader *reader, int64_t metrics[METRIC__COUNT]) {
  for (int metric = 0; metric < METRIC__COUNT; metric++) metrics[metric] = bytes_read_signed(reader);
}

static void unpack_groups(struct bytes_reader *reader, const struct plan *plan, struct run_result *out) {
  const uint32_t groups = plan_group_count(plan);
  if (groups == 1) return;
  out->groups = zeroed(groups, sizeof *out->groups);
  for (uint32_t group = 0; group < groups; group++) {
    unpack_metrics(reader, out->groups[group].metrics);
    out->groups[group].violations = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
  }
}

static void unpack_faults(struct bytes_reader *reader, size_t fault_count, struct run_result *out) {
  out->fault_hits = zeroed(fault_count, sizeof *out->fault_hits);
  out->fault_applies = zeroed(fault_count, sizeof *out->fault_applies);
  for (size_t fault = 0; fault < fault_count; fault++) {
    out->fault_hits[fault] = bytes_read_unsigned(reader);
    out->fault_applies[fault] = (uint8_t)bytes_read_up_to(reader, 1);
  }
  out->window_count = bytes_read_up_to(reader, fault_count > 0 ? RESULT_WINDOWS_MAX : 0);
  out->windows = zeroed(out->window_count, sizeof *out->windows);
  for (size_t i = 0; i < out->window_count; i++) {
    out->windows[i].fault = (uint32_t)bytes_read_up_to(reader, fault_count - 1);
    out->windows[i].begin = bytes_read_signed(reader);
    out->windows[i].end = bytes_read_signed(reader);
  }
}

static void unpack_latency(struct bytes_reader *reader, struct run_result *out) {
  out->latency = zeroed(1, sizeof *out->latency);
  const uint64_t used = bytes_read_up_to(reader, HISTOGRAM_CELLS);
  uint64_t cell = 0;
  for (uint64_t i = 0; i < used && !reader->bad; i++, cell++) {
    cell += bytes_read_up_to(reader, HISTOGRAM_CELLS - 1);
    const uint64_t count = bytes_read_unsigned(reader);
    if (cell >= HISTOGRAM_CELLS) {
      reader->bad = true;
      break;
    }
    out->latency->cells[cell] = count;
    out->latency->total += count;
  }
}

static void unpack_latencies(struct bytes_reader *reader, struct batch_means *out) {
  out->count = (uint32_t)bytes_read_up_to(reader, BATCHES_MAX - 1);
  out->length = bytes_read_unsigned(reader);
  for (uint32_t i = 0; i < out->count; i++) out->means[i] = bytes_read_signed(reader);
}

static void unpack_timeline(struct bytes_reader *reader, struct run_result *out) {
  out->timeline_count = bytes_read_up_to(reader, LEDGER_BUCKETS_MAX);
  out->timeline_width = bytes_read_signed(reader);
  out->timeline = zeroed(out->timeline_count, sizeof *out->timeline);
  for (size_t i = 0; i < out->timeline_count; i++) {
    struct timeline_bucket *bucket = &out->timeline[i];
    bucket->intended = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
    bucket->first_effects = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
    bucket->duplicate_effects = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
    bucket->duplicate_deliveries = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
    bucket->open = bytes_read_signed(reader);
  }
}

bool result_unpack(struct bytes_reader *reader, const struct plan *plan, struct run_result *out) {
  *out = (struct run_result){0};
  unpack_metrics(reader, out->metrics);
  out->digest = bytes_read_unsigned(reader);
  out->records = bytes_read_unsigned(reader);
  out->verdict = (enum verdict)bytes_read_up_to(reader, VERDICT__COUNT - 1);
  out->violations = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
  out->drained = bytes_read_up_to(reader, 1);
  unpack_groups(reader, plan, out);
  unpack_faults(reader, plan->fault_count, out);
  unpack_latency(reader, out);
  unpack_latencies(reader, &out->latencies);
  unpack_timeline(reader, out);
  out->end_ns = bytes_read_signed(reader);
  out->wall_s = (double)bytes_read_unsigned(reader) * 1e-9;
  out->grown = bytes_read_unsigned(reader);
  if (bytes_read_all(reader)) return true;
  run_result_deinit(out);
  *out = (struct run_result){0};
  return false;
}
