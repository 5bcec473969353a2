/* Inside of the scenario loader: what its parts share. Nothing outside sim/runner/scenario*.c.
 *
 *   text -> yaml.c tree -> scenario_set.c (--set edits the tree) -> parts, in order of dependence:
 *
 *   scenario_sweep.c    swept keys: their values, what a slot takes of them; scenario_sweep_paths.c: where they lead
 *   scenario_points.c   the file read at each point of the grid: the plans
 *   scenario.c          top level, general keys, topology, costs; the plans of one point
 *   scenario_workload.c messages, rate, for; scenario_intents.c: operations one by one
 *   scenario_csv.c      files beside the scenario, row by row
 *   scenario_groups.c   groups of consumers
 *   scenario_check.c    `check`; scenario_check_print.c: its resolved form
 *   scenario_slots.c    compare rows, slots, the override rule, labels
 *   scenario_links.c    links, once the rows' systems are known
 *   scenario_faults.c   faults; scenario_fault_checks.c: what they can strike; scenario_fault_files.c: from files
 *   scenario_select.c   nodes, links and points by name
 *   scenario_expect.c   bounds; scenario_where.c: at which points
 *   scenario_print.c    the resolved form, from what the parts noted about where a value came from
 *   scenario_out.c      who writes which of its forms
 *   scenario_cut.c      what of all this belongs to one run
 *
 * Every reading function returns false with reader->err set, placed.
 */
#ifndef SIM_RUNNER_SCENARIO_READER_H
#define SIM_RUNNER_SCENARIO_READER_H

#include "sim/base/map.h"
#include "sim/runner/pool.h"
#include "sim/runner/scenario.h"
#include "sim/runner/scenario_tables.h"
#include "sim/runner/yaml.h"
#include "sim/world/fault_verbs.h"

#define ROWS_MAX 256
#define LABEL_MAX 100
#define SEEDS_MAX 1000000
#define STATEMENTS_MAX 10000
#define WORDS_MAX 128
#define PATH_PARTS_MAX 8
#define SWEEP_VALUES_MAX 1000
#define SWEEP_POINTS_MAX 4096
#define PLANS_MAX 65536
#define BODY_BYTES_MAX (64 * 1024)

/* Values of a table's keys, and who gave them. */
struct key_values {
  const struct key_table *table;
  union value values[SCHEMA_KEYS_MAX];
  const struct yaml_entry *given[SCHEMA_KEYS_MAX]; /* NULL = the default, or not there */
};

/* ---- slots and rows ---- */

enum slot {
  SLOT_SYSTEM,
  SLOT_HANDLER,
  SLOT_DATABASE,
  SLOT_CACHE,
  SLOT_PROVIDER,
  SLOT_CLIENT,
  SLOT_PUBLISHER,
  SLOT__COUNT
};
struct slot_row {
  const char *name;
  enum top_key base;
  enum role store; /* ROLE__COUNT: no store */
};
extern const struct slot_row slot_rows[SLOT__COUNT];

/* What the slots see of a system, a handler or a store. */
struct model {
  struct key_table table; /* name and keys */
  const void *row;        /* struct system, handler, store */
};
struct models {
  struct model *items;
  size_t count;
};

/* What one slot says, in one place. */
struct slot_spec {
  const char *name; /* of the model; NULL = only keys */
  const struct yaml_node *name_node;
  const struct yaml_node *node; /* NULL = nothing is said */
};

struct slot_reading {
  const struct model *model; /* NULL: the registry has none for this slot */
  struct key_values values;
  const struct yaml_node *place; /* NULL = nobody said anything */
  bool named;                    /* in the row itself */
  size_t from;                   /* which place it starts at: those before had no say */
  uint32_t swept, kept; /* bits of reader->sweep: its model has the key and takes the swept value, or says
                           its own */
};
struct row_reading {
  const char *label;
  const struct yaml_node *place; /* NULL: no compare */
  struct slot_reading slots[SLOT__COUNT];
  struct slot_reading *groups; /* [group_count]: handlers */
  uint32_t swept, kept;        /* of its slots and groups */
};

/* ---- sweep ---- */

/* A key of `sweep`. Where its path leads to a slot, each row's model takes the value that has such a key;
 * anything else is put into the tree, as --set does. */
struct sweep_reading {
  const char *path, *parts[PATH_PARTS_MAX];
  size_t part_count;
  const struct yaml_entry *place; /* in the block */
  struct yaml_node **values;      /* [count], in the order of the grid once they are sorted */
  size_t count;
  const char *option; /* that gave it; NULL = the file */
  enum slot slot;        /* SLOT__COUNT: it leads to no slot */
  const char *group;     /* whose handler; NULL = the row's slot */
  const struct key *key; /* what it is; NULL: no scalar of a table, or not known yet */
  const char *key_of;    /* the model that has it */
  struct yaml_entry entry; /* what a slot reads: the value of the point that is being read */
};

/* ---- groups ---- */

struct group_reading {
  const char *name, *database_name, *cache_name;
  const struct yaml_entry *entry;
  struct key_values values;
  struct slot_spec handler;
};

/* ---- links, faults, statements ---- */

struct link_reading {
  struct key_values values;
  int64_t request_loss, reply_loss;
};

struct fault_reading {
  const struct fault_verb *verb;
  struct yaml_node *node;
  const char *file; /* that it comes from; NULL = the scenario */
  size_t entry;     /* place in the list of faults */
  bool own_point;   /* named point belongs to systems: its number differs between rows */
  const char *point;
  const struct yaml_entry *timing[FAULT_TIMING_KEY__COUNT], *common[FAULT_COMMON_KEY__COUNT],
      *own[SCHEMA_KEYS_MAX];
};

struct statement {
  const char *rows;    /* as the resolved form writes them; NULL = every row */
  const char *groups;  /* likewise; NULL = all together */
  const char *where;   /* likewise; NULL = every point */
  const char *about;   /* NULL = none */
  size_t first, count; /* of scenario->expectations */
};

struct reader {
  struct pool *pool;
  const struct registry *registry;
  struct err *err;
  struct scenario *scenario;
  const char *seeds_from; /* NULL = the file; else who else: "default", "--seeds" */
  bool checking; /* for `dgsim check` */
  bool keeping; /* its files are to stand beside it by the names of scenario_kept_name */
  bool one_run; /* cut out of a comparison: faults may be about systems that are not here */

  struct yaml_node *root;
  const struct yaml_entry *top[TOP__COUNT];
  struct map *distributions; /* hash of the text -> struct known_distribution; shared by all points */
  struct models models[SLOT__COUNT];

  struct key_values general, workload, topology, costs, check, delivery;
  const char *body; /* text; NULL = the usual */
  const struct intent_plan *intents; /* [messages]; NULL = drawn */
  const char *arrivals_file;         /* where they come from; NULL = the scenario */
  size_t file_capacity;
  const char *attached; /* behind the text of one run: its files (scenario_csv.c) */
  size_t attached_length;
  enum workload_key derived; /* which of messages, rate and for follows; WORKLOAD__COUNT = none */
  struct group_reading *groups; /* NULL: there is no such block */
  size_t group_count;
  struct row_reading *rows;
  size_t row_count;
  struct sweep_reading *sweep;
  size_t sweep_count;
  const char *failed_point; /* where reading failed, when no swept value is at the place of the error */
  struct link_reading links[LINK__COUNT];
  struct fault_reading *faults;
  struct statement *statements;
  size_t statement_count;
};

/* Behind scenario->memory. */
struct scenario_memory {
  struct pool *pool;
  struct reader *reader; /* what a record, and the resolved form of one run, are written from */
  const char *resolved;
  size_t resolved_length;
};

/* ---- errors ---- */

bool reader_fail(struct reader *reader, const struct yaml_node *at, enum err_code code,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
bool reader_fail_key(struct reader *reader, const struct yaml_entry *at, enum err_code code,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The words that a place knows. */
struct words {
  const char *items[WORDS_MAX];
  size_t count;
};
void words_add(struct words *words, const char *word);
void words_add_table(struct words *words, const struct key_table *table);
const char *words_join(struct reader *reader, const struct words *words); /* with blanks between */
/* " (did you mean 'x'?)", or "". Knows the synonyms of scenarios/README.md. */
const char *reader_hint(struct reader *reader, const char *word, const struct words *words);
bool word_in(const char *list, const char *word); /* of words separated by one blank */
bool word_is_boolean(const char *word);           /* YAML 1.1 takes it for true, false or null */

/* `unknown key 'x' of WHAT (did you mean 'y'?)`, or that it is not in this version yet. `what` is ""
 * or " of link 'default'". */
bool reader_unknown_key(struct reader *reader, const struct yaml_entry *entry, const char *what,
                        const struct words *words, const char *later);
bool reader_not_here(struct reader *reader, const struct yaml_entry *entry);

/* ---- values ---- */

/* Says that a key has no value, and what to do. */
bool reader_fail_empty(struct reader *reader, const struct yaml_node *node, const char *name);
bool reader_is(struct reader *reader, const struct yaml_node *node, enum yaml_kind kind,
               const char *name);
bool reader_value(struct reader *reader, const struct key *key, const struct yaml_node *node,
                  union value *out);
bool reader_distribution(struct reader *reader, const char *text, const struct yaml_node *at,
                         const struct distribution **out);
/* lower-case-hyphens, beginning with a letter (or, with `digit_first`, a digit), no boolean word. */
bool reader_name(struct reader *reader, const struct yaml_node *node, const char *what,
                 bool digit_first, const char **out);

/* Reads one entry into its place in *values; false and an error when the table does not know it. */
bool reader_entry(struct reader *reader, const struct yaml_entry *entry, const char *what,
                  struct key_values *values);
/* A whole map (NULL = not given). Defaults are set first when `fresh`. */
bool reader_block(struct reader *reader, const struct yaml_entry *block, const char *what,
                  bool fresh, struct key_values *values, const struct key_table *table);
/* Every key its default; a key without one is 0. */
bool reader_defaults(struct reader *reader, const struct key_table *table,
                     struct key_values *values);

/* ---- files beside the scenario (scenario_csv.c) ---- */

/* Of `{file: X}`, relative to the scenario; its hash is noted. NULL with an error. */
const struct yaml_source *reader_file(struct reader *reader, const struct yaml_node *map);

/* What is done with the rows of a CSV file. `column` is asked once for each word of the first line.
 * Entries, and what they point to, live until `row` returns; their places are the cells'. */
struct reader_rows {
  bool (*column)(struct reader *reader, const struct yaml_entry *column);
  bool (*row)(void *context, const struct yaml_node *place, const struct yaml_entry *entries,
              size_t count);
  void *context;
};
bool reader_csv(struct reader *reader, const struct yaml_source *source,
                const struct reader_rows *rows);

/* ---- the parts ---- */

/* After the seeds are read. */
bool scenario_read_precision(struct reader *reader);
bool scenario_apply_changes(struct reader *reader, const struct scenario_changes *changes);
/* A path taken apart, and a value put where it leads, as --set does both; errors are at `place`. */
bool scenario_split_path(struct reader *reader, const struct yaml_entry *place,
                         const char **out_parts, size_t *out_count);
bool scenario_put(struct reader *reader, const struct yaml_entry *place, const char *const *parts,
                  size_t count, struct yaml_node *value);
/* The verb of the fault that such a path names; -1 with an error. */
int scenario_path_verb(struct reader *reader, const struct yaml_entry *place,
                       const char *const *parts, size_t count);

/* The block, and what its paths lead to where that does not depend on the rows. */
bool scenario_read_sweep(struct reader *reader);
bool scenario_find_path(struct reader *reader, struct sweep_reading *sweep);
/* Of a reading at any point: which key each path leads to, and its values in order. */
bool scenario_type_sweep(struct reader *reader);
/* Puts a point's values where they lead, [sweep_count] indexes into values. */
bool scenario_put_point(struct reader *reader, const size_t *indexes);
/* As the keys of the scenario. */
void scenario_fill_sweep(const struct reader *reader, struct scenario *out);
/* The values of the point for those keys that a slot's model has, unless something says them that is more
 * special than what the path names. `group`: whose handler it is; NULL = a row's slot. */
bool scenario_sweep_slot(struct reader *reader, enum slot slot, const char *group,
                         const struct slot_spec *const *places, size_t count,
                         struct slot_reading *out);
/* Whether a key's value is a swept one: it stands in `sweep`, and nowhere else in the resolved form. */
bool value_is_swept(const struct yaml_entry *given);
/* Fills plans, points, rows, sweep and faults of the scenario; the reader is then that of the first point. */
bool scenario_read_points(struct reader *reader);
/* Finds the keys of the top level in the tree as it stands now. */
bool scenario_list_top(struct reader *reader);
/* Everything below the top level at one point: the plans of its rows. */
bool scenario_read_world(struct reader *reader);

/* `where` of a statement. NULL: every point. */
struct where;
bool scenario_read_where(struct reader *reader, const struct yaml_entry *entry, struct where **out,
                         const char **out_text);
/* Rows of compare become their plans at the points that are meant; how many may be none. */
void scenario_expand_rows(struct reader *reader, const struct where *where,
                          struct expectation *inout);
bool scenario_read_workload(struct reader *reader); /* needs the topology */
bool scenario_check_operations(struct reader *reader); /* of every row: its handlers do them */
bool scenario_check_clocks(struct reader *reader); /* clocks that a fault puts wrong, likewise; after the faults */
bool scenario_check_used(struct reader *reader);       /* links, stores and relays that the file names reach a row */
/* scenario_size.c: after the links. Whether what the topology makes can be laid out. */
bool scenario_check_size(struct reader *reader);
bool scenario_check_transfer(struct reader *reader, const struct yaml_node *place); /* two keys? */
bool scenario_read_intents(struct reader *reader, const struct yaml_entry *from);
bool scenario_has_intent(const struct reader *reader, uint64_t id);
bool scenario_read_groups(struct reader *reader);
bool scenario_read_slots(struct reader *reader);
bool scenario_read_links(struct reader *reader);
bool scenario_read_faults(struct reader *reader);
bool scenario_read_expect(struct reader *reader);

/* A fault while the list grows. */
struct fault_item {
  struct fault_plan plan;
  struct fault_reading reading;
  struct fault_plan *occurrences; /* of a file: each of its rows that has a time */
  size_t occurrence_count, occurrence_capacity;
};
struct fault_list {
  struct fault_item *items;
  size_t count, capacity;
};
/* A place for another; NULL with an error at `place`. Moves the others. */
struct fault_item *fault_list_add(struct reader *reader, struct fault_list *list,
                                  const struct yaml_node *place);
bool scenario_read_fault(struct reader *reader, struct yaml_node *node,
                         struct fault_reading *reading, struct fault_plan *fault);
/* Of a fault that is read: whether its keys go together, and whether it can strike anything in some row. */
bool scenario_check_fault(struct reader *reader, const struct yaml_entry *verb,
                          const struct fault_reading *reading, const struct fault_plan *fault);
bool scenario_read_fault_file(struct reader *reader, const struct yaml_node *map, size_t entry,
                              struct fault_list *list);
const char *scenario_resolve(struct reader *reader, size_t *out_length, uint64_t *out_hash);
void scenario_write_recorded(struct reader *reader, const struct scenario_record *record, FILE *out);
/* `plan`: the fault of this number. */
void scenario_write_fault(struct reader *reader, const struct fault_plan *plan, size_t fault, FILE *out);

/* One plan with one seed, as if the file had had nothing else; for the resolved form only. Borrows from
 * the whole; `scenario` is the reader's, wherever its owner keeps it now. */
void scenario_cut(const struct reader *whole, const struct scenario *scenario, size_t plan,
                  size_t seed, struct pool *pool, struct reader *out,
                  struct scenario *out_scenario);
/* Relays are of the rows that have an outbox. */
void scenario_cut_relays(const struct plan *plan, struct reader *inout);
/* Of what was cut out, some operations and faults; `expect` is that the metric is none. */
void scenario_cut_part(const struct scenario_part *part, struct reader *reader, struct scenario *scenario);

/* Reads what one place says of a slot; NULL = nothing. */
bool slot_read_spec(struct reader *reader, enum slot slot, const struct yaml_entry *entry,
                    struct slot_spec *out);
/* A slot from the places that say something of it, the later ones winning: starts with the defaults of
 * the last model that is named, or of the row's. `group`: whose handler it is; NULL = the row's slot. */
bool slot_read(struct reader *reader, enum slot slot, const char *group,
               const struct slot_spec *const *places, size_t count, const struct row_reading *row,
               struct slot_reading *out);
/* The first entry below a slot, or the slot itself, that --set has given; NULL. */
const struct yaml_entry *slot_set(const struct yaml_entry *slot);

/* A row's groups: `entry` is what the row says of them, base and own its handlers; notes their names
 * for the label. */
bool scenario_read_row_groups(struct reader *reader, const struct slot_spec *base,
                              const struct slot_spec *own, const struct yaml_entry *entry,
                              struct row_reading *row, const char **inout_label);
/* --set on a group that every row overrides would change nothing, silently. */
bool scenario_check_groups(struct reader *reader);
/* Index by name, or an error at the node. */
bool scenario_find_group(struct reader *reader, const char *name, const struct yaml_node *at,
                         uint32_t *out);

/* ---- scenario_check.c ---- */

/* Before everything else of the world: the block, and what stands beside it. */
/* Top-level keys that have no meaning in a check, by number; NULL: there are no more. */
const char *scenario_check_refuses(size_t index);
bool scenario_read_check(struct reader *reader);
/* Its own defaults of the workload; before the block is read. */
void scenario_check_workload(struct reader *reader);
bool scenario_read_body(struct reader *reader, const struct yaml_entry *entry);
/* Between batch and threads, and what a declared case takes: the workload is known. */
bool scenario_check_delivery(struct reader *reader);
/* The model of a slot where nobody names one; NULL = as ever. */
const char *scenario_check_model(const struct reader *reader, enum slot slot);
/* The provider is what `external` says. */
bool scenario_check_slots(struct reader *reader);
void scenario_fill_check(const struct reader *reader, struct plan *plan);
/* What a rule says, as its key has it. */
union value scenario_check_value(const struct check_rules *rules, enum check_key key);
union value scenario_delivery_value(const struct check_rules *rules, enum delivery_key key);
/* The list of a key that takes one; NULL = none. */
const char *const *scenario_check_list(const struct check_rules *rules, enum check_key key);

/* Fills what a row's slots, groups and the links say. */
void scenario_fill_slots(const struct row_reading *row, struct plan *plan);
void scenario_fill_groups(struct reader *reader, const struct row_reading *row, struct plan *plan);
void scenario_fill_links(const struct reader *reader, struct plan *plan);
bool scenario_link_used(const struct plan *plan, enum link link);

/* Row by label, or an error at the node. */
bool scenario_find_row(struct reader *reader, const char *label, const struct yaml_node *at,
                       uint32_t *out);

/* `metric: bound` as it is written. */
const char *expect_metric_name(unsigned metric);
enum metric_unit expect_unit(unsigned metric);
const char *expect_format(struct pool *pool, const struct scenario *scenario,
                          const struct expectation *expectation);
const char *expect_format_violates(struct pool *pool, const struct expectation *expectation);

/* ---- names of nodes, links and points (scenario_select.c) ---- */

/* What may stand behind the dot beside a number, by number: "any"; NULL: there are no more. */
const char *select_which(size_t index);

/* One selector or a list. `this_allowed`: the key takes `this`. */
bool select_nodes(struct reader *reader, const struct yaml_node *node, bool this_allowed,
                  struct selector *out);
bool select_link(struct reader *reader, const struct yaml_node *node, struct selector *out_from,
                 enum link *out_link);
bool select_point(struct reader *reader, const struct yaml_node *node, struct fault_plan *fault,
                  struct fault_reading *reading);
/* Number of a point in a system by name; POINT_NONE when it has none of this name, where it never
 * comes. */
uint32_t point_number(const struct system *system, const char *name);
const char *select_format(struct pool *pool, const struct selector *selector);
const char *select_format_link(struct pool *pool, const struct selector *from, enum link link);

/* As reader_hint; of a link that is named the wrong way round, that link. */
const char *link_hint(struct reader *reader, const char *name, const struct words *words);
/* `a_to_b` is a name of the language whose roles this version does not connect. */
bool link_is_later(const char *name);

/* Names of faults: given ones are taken first; then verb-number, counted per verb over those without
 * a name, past what is taken. */
struct fault_names {
  struct map taken;
  uint32_t numbers[VERB__COUNT];
};
bool fault_name_take(struct fault_names *names, const char *name); /* false: it was taken */
const char *fault_next_name(struct pool *pool, struct fault_names *names, enum verb verb);

/* Reads or writes the field of a fault that a key stands for. */
/* Whether it was given, or has a default; else it is not there. */
bool fault_field_said(const struct fault_plan *fault, const struct fault_key *key);
union value fault_field(const struct fault_plan *fault, const struct fault_key *key);
void fault_field_set(struct fault_plan *fault, const struct fault_key *key, union value value);

#endif
