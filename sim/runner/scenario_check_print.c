/* The resolved form of what is read for `dgsim check`: one world, its slots at the top, and the block. */
#include "sim/runner/scenario_writer.h"
#include "sim/runner/yaml_out.h"

static void write_key(struct writer *writer, enum check_key key) {
  const struct key_values *check = &writer->reader->check;
  const struct check_rules *rules = &writer->reader->scenario->check;
  const struct yaml_entry *given = check->given[key];
  struct pool *pool = writer->reader->pool;
  if (check_table.keys[key].type == VALUE_OTHER) {
    const char *const *list = scenario_check_list(rules, key);
    if (!list) return;
    write_text(writer, "  %s: %s", check_table.keys[key].name, yaml_list(pool, list));
  } else {
    write_text(writer, "  %s: %s", check_table.keys[key].name,
               write_format(writer, &check_table.keys[key], check->values[key]));
  }
  write_end(writer, given ? given_by_set(given) : "default");
}

void write_check(struct writer *writer) {
  const struct reader *reader = writer->reader;
  write_slots(writer, reader->rows);
  write_text(writer, "check:\n");
  writer->column = 0;
  write_text(writer, "  delivery: {");
  write_values(writer, &reader->delivery, true);
  write_text(writer, "}");
  write_end(writer, write_who(writer, &reader->delivery));
  for (int key = CHECK_KEY_DELIVERY + 1; key < CHECK_KEY__COUNT; key++) write_key(writer, (enum check_key)key);
}
