#include "models/store/operation.h"

static void add(struct row *row, uint64_t intent) {
  (void)intent;
  if (row->exists) row->value++;
}

static void take(struct row *row, uint64_t intent) {
  (void)intent;
  if (row->exists) row->value--;
}

static void set(struct row *row, uint64_t intent) {
  if (row->exists) row->value = (int64_t)intent;
}

static void put(struct row *row, uint64_t intent) {
  *row = (struct row){.exists = true, .value = (int64_t)intent};
}

static void delete_row(struct row *row, uint64_t intent) {
  (void)intent;
  row->exists = false;
}

const struct row_operation row_operations[OPERATION__COUNT] = {
    [OPERATION_INCREMENT] = {.own = add},
    [OPERATION_SET] = {.own = set},
    [OPERATION_DELETE] = {.own = delete_row},
    [OPERATION_PUT] = {.own = put},
    [OPERATION_INSERT_SURROGATE_KEY] = {.own = add, .inserts = true},
    [OPERATION_INSERT_NATURAL_KEY] = {.own = add, .inserts = true, .unique = true},
    [OPERATION_TRANSFER] = {.own = take, .other = add},
};
