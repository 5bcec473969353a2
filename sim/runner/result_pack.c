#include "sim/runner/result_pack.h"

#include "sim/base/zeroed.h"
#include "sim/oracle/ledger.h"
#include "sim/runner/series.h"

#include <string.h>

static void pack_metrics(const int64_t metrics[METRIC__COUNT], struct bytes *bytes) {
  for (int metric = 0; metric < METRIC__COUNT; metric++) bytes_signed(bytes, metrics[metric]);
}

static void pack_latencies(const struct batch_means *latencies, struct bytes *bytes) {
  bytes_unsigned(bytes, latencies ? latencies->count : 0);
  if (!latencies) return;
  bytes_unsigned(bytes, latencies->length);
  for (uint32_t i = 0; i < latencies->count; i++) bytes_signed(bytes, latencies->means[i]);
}

static void pack_series(const struct run_result *result, struct bytes *bytes) {
  bytes_unsigned(bytes, result->latency.count);
  bytes_add(bytes, result->latency.items, result->latency.count);
  bytes_unsigned(bytes, result->timeline_count);
  bytes_signed(bytes, result->timeline_width);
  bytes_unsigned(bytes, result->timeline.count);
  bytes_add(bytes, result->timeline.items, result->timeline.count);
}

static void pack_faults(const struct run_result *result, size_t fault_count, struct bytes *bytes) {
  for (size_t fault = 0; fault < fault_count; fault++) {
    bytes_unsigned(bytes, result->fault_hits[fault]);
    bytes_unsigned(bytes, result->fault_applies[fault]);
  }
  bytes_unsigned(bytes, result->windows_left_out);
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
  bytes_unsigned(bytes, result->livelocked);
  for (uint32_t group = 0; result->groups && group < plan_group_count(plan); group++) {
    pack_metrics(result->groups[group].metrics, bytes);
    bytes_unsigned(bytes, result->groups[group].violations);
  }
  pack_faults(result, plan->fault_count, bytes);
  pack_latencies(result->latencies, bytes);
  pack_series(result, bytes);
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
  out->windows_left_out = bytes_read_unsigned(reader);
  out->window_count = bytes_read_up_to(reader, fault_count > 0 ? RESULT_WINDOWS_MAX : 0);
  out->windows = zeroed(out->window_count, sizeof *out->windows);
  for (size_t i = 0; i < out->window_count; i++) {
    out->windows[i].fault = (uint32_t)bytes_read_up_to(reader, fault_count - 1);
    out->windows[i].begin = bytes_read_signed(reader);
    out->windows[i].end = bytes_read_signed(reader);
  }
}

static struct bytes unpack_bytes(struct bytes_reader *reader) {
  const uint64_t count = bytes_read_unsigned(reader);
  const unsigned char *items = bytes_read(reader, count);
  if (!items) return (struct bytes){0};
  struct bytes copy = {.items = zeroed(count, 1), .count = count, .capacity = count};
  memcpy(copy.items, items, count);
  return copy;
}

static struct batch_means *unpack_latencies(struct bytes_reader *reader) {
  const uint32_t count = (uint32_t)bytes_read_up_to(reader, BATCHES_MAX - 1);
  if (count == 0) return NULL;
  struct batch_means *latencies = zeroed(1, sizeof *latencies);
  latencies->count = count;
  latencies->length = bytes_read_unsigned(reader);
  for (uint32_t i = 0; i < count; i++) latencies->means[i] = bytes_read_signed(reader);
  return latencies;
}

static void unpack_series(struct bytes_reader *reader, struct run_result *out) {
  struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
  struct histogram latency = {0};
  out->latency = unpack_bytes(reader);
  out->timeline_count = bytes_read_up_to(reader, LEDGER_BUCKETS_MAX);
  out->timeline_width = bytes_read_signed(reader);
  out->timeline = unpack_bytes(reader);
  if (!series_add_latency(&out->latency, &latency) ||
      !series_read_timeline(&out->timeline, out->timeline_count, cells))
    reader->bad = true;
}

bool result_unpack(struct bytes_reader *reader, const struct plan *plan, struct run_result *out) {
  *out = (struct run_result){0};
  unpack_metrics(reader, out->metrics);
  out->digest = bytes_read_unsigned(reader);
  out->records = bytes_read_unsigned(reader);
  out->verdict = (enum verdict)bytes_read_up_to(reader, VERDICT__COUNT - 1);
  out->violations = (uint32_t)bytes_read_up_to(reader, UINT32_MAX);
  out->drained = bytes_read_up_to(reader, 1);
  out->livelocked = bytes_read_up_to(reader, 1);
  unpack_groups(reader, plan, out);
  unpack_faults(reader, plan->fault_count, out);
  out->latencies = unpack_latencies(reader);
  unpack_series(reader, out);
  out->end_ns = bytes_read_signed(reader);
  out->wall_s = (double)bytes_read_unsigned(reader) * 1e-9;
  out->grown = bytes_read_unsigned(reader);
  if (bytes_read_all(reader)) return true;
  run_result_deinit(out);
  *out = (struct run_result){0};
  return false;
}
