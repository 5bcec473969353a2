/* Every kind of variable that a plug-in may have: each says how often it was counted in this process. */
#include <dgsim.h>
#include <stdlib.h>

static int64_t zeroed[10000];           /* .bss, of more than a page */
static int64_t set[1000] = {[999] = 5}; /* .data */
static int64_t constructed;             /* by a constructor */
static int64_t *allocated;              /* by a constructor, in memory that the handler frees */
static __thread int64_t own_zeroed, own_set = 7;
static int64_t *const fixed = &set[999]; /* relocated, then read-only */

/* Unique in the whole program, as the statics of inline functions in C++ are. */
__asm__(".data\n"
        ".balign 8\n"
        ".globl variables_unique\n"
        ".type variables_unique, @gnu_unique_object\n"
        ".size variables_unique, 8\n"
        "variables_unique: .quad 0\n"
        ".text\n");
extern int64_t variables_unique;

__attribute__((constructor)) static void construct(void) {
  constructed += 100;
  allocated = calloc(1, sizeof *allocated);
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_put(context, "zeroed", message->id, ++zeroed[9999]);
  dg_put(context, "set", message->id, ++*fixed);
  dg_put(context, "constructed", message->id, ++constructed);
  dg_put(context, "own zeroed", message->id, ++own_zeroed);
  dg_put(context, "own set", message->id, ++own_set);
  dg_put(context, "unique", message->id, ++variables_unique);
  int64_t *larger = calloc(2, sizeof *larger);
  larger[0] = allocated[0] + 1;
  free(allocated);
  allocated = larger;
  return dg_put(context, "allocated", message->id, larger[0]);
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "variables", .handle = handle};
