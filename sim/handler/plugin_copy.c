#include "sim/handler/plugin_copy.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#endif
/* A function of the plug-in's that has the name of one in the tool or its libraries is still its own. */
#ifdef SANITIZED
#define OWN_SYMBOLS_FIRST 0 /* sanitizers refuse it: they put their own malloc before all others */
#else
#define OWN_SYMBOLS_FIRST RTLD_DEEPBIND
#endif

/* Variables, and the values that they began with. */
struct part {
  char *at;
  size_t size;
  char *first;
};
struct plugin_copy {
  const struct plugin_image *image;
  void *handle;
  uintptr_t base; /* what is added to an address of the file */
  struct part *parts;
  size_t part_count, part_capacity;
  const ElfW(Phdr) * thread_local; /* NULL = it has none */
  const struct dg_plugin *plugin;
};

/* --- Loading --- */

/* The file in memory stays open: the linker knows an object by its name, and the name has the number of the
 * file in it, which another copy must not get. */
static void *load(const struct plugin_image *image, struct err *err) {
  int file = memfd_create("dgsim-plugin", MFD_CLOEXEC);
  if (file < 0) {
    err_set(err, ERR_IO, "no file in memory for a copy of '%s': %s", image->path, strerror(errno));
    return NULL;
  }
  for (size_t have = 0; have < image->size;) {
    ssize_t put = write(file, image->bytes + have, image->size - have);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      err_set(err, ERR_IO, "no memory for a copy of '%s': %s", image->path, strerror(errno));
      close(file);
      return NULL;
    }
    have += (size_t)put;
  }
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  const int how = RTLD_NOW | RTLD_LOCAL | OWN_SYMBOLS_FIRST;
  void *handle = dlopen(name, how);
  /* Libraries that it names relative to its own place ($ORIGIN) are found from there only; once they are
   * loaded, any object that needs them gets them. */
  if (!handle && dlopen(image->path, how)) handle = dlopen(name, how);
  if (!handle) {
    err_set(err, ERR_FORMAT, "'%s' cannot be loaded: %s", image->path, dlerror());
    err_note(err, "everything that it uses must be in it or in the libraries that it is linked with; ldd -r "
                  "names what is missing");
    close(file);
  }
  return handle;
}

/* --- Its variables --- */

static void add_part(struct plugin_copy *copy, uintptr_t from, uintptr_t to) {
  if (from >= to) return;
  struct part part = {.at = (char *)from, .size = to - from, .first = malloc(to - from)};
  ASSERT(part.first);
  memcpy(part.first, part.at, part.size);
  GROW(copy->parts, copy->part_capacity, copy->part_count + 1);
  copy->parts[copy->part_count++] = part;
}

/* What can be written in: the writable segments without the pages that the linker has made read-only since
 * (RELRO), which are rounded as it rounds them. */
static void find_parts(struct plugin_copy *copy) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const struct plugin_image *image = copy->image;
  uintptr_t fixed_from = 0, fixed_to = 0;
  for (size_t i = 0; i < image->segment_count; i++) {
    const ElfW(Phdr) *segment = &image->segments[i];
    if (segment->p_type == PT_TLS) copy->thread_local = segment;
    if (segment->p_type != PT_GNU_RELRO) continue;
    fixed_from = (copy->base + segment->p_vaddr) & -page;
    fixed_to = (copy->base + segment->p_vaddr + segment->p_memsz) & -page;
  }
  for (size_t i = 0; i < image->segment_count; i++) {
    const ElfW(Phdr) *segment = &image->segments[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W)) continue;
    const uintptr_t from = copy->base + segment->p_vaddr, to = from + segment->p_memsz;
    if (fixed_from >= to || fixed_to <= from) {
      add_part(copy, from, to);
    } else {
      add_part(copy, from, fixed_from);
      add_part(copy, fixed_to, to);
    }
  }
}

/* Where this thread has none yet, the linker makes them from the same values. */
static void reset_thread_local(const struct plugin_copy *copy) {
  const ElfW(Phdr) *segment = copy->thread_local;
  void *data = NULL;
  if (!segment || dlinfo(copy->handle, RTLD_DI_TLS_DATA, &data) != 0 || !data) return;
  memcpy(data, (const char *)(copy->base + segment->p_vaddr), segment->p_filesz);
  memset((char *)data + segment->p_filesz, 0, segment->p_memsz - segment->p_filesz);
}

/* As the linker calls them: an object's own, then those of its array, in order. */
static void run_constructors(const struct plugin_copy *copy) {
  typedef void constructor(int, char **, char **);
  char name[] = "dgsim";
  char *arguments[] = {name, NULL};
  const struct plugin_image *image = copy->image;
  if (image->init) ((constructor *)(copy->base + image->init))(1, arguments, environ);
  constructor *const *array = (constructor *const *)(copy->base + image->init_array);
  for (size_t i = 0; i < image->init_array_count; i++) array[i](1, arguments, environ);
}

void plugin_copy_begin(struct plugin_copy *copy) {
  for (size_t i = 0; i < copy->part_count; i++)
    memcpy(copy->parts[i].at, copy->parts[i].first, copy->parts[i].size);
  reset_thread_local(copy);
  run_constructors(copy);
}

/* --- What it exports --- */

static bool check(struct plugin_copy *copy, struct err *err) {
  const char *path = copy->image->path;
  copy->plugin = dlsym(copy->handle, "dg_plugin");
  if (!copy->plugin) {
    err_set(err, ERR_UNKNOWN_NAME, "'%s' has no symbol 'dg_plugin'", path);
    return err_note(err, "const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, "
                         ".name = \"payments\", .handle = handle}; it must not be static, nor hidden");
  }
  const uint32_t version = copy->plugin->version;
  if (version == 0) {
    err_set(err, ERR_OUT_OF_RANGE, "the version in dg_plugin of '%s' is 0", path);
    return err_note(err, "set .version = DG_API_VERSION");
  }
  if (version > DG_API_VERSION) {
    err_set(err, ERR_OUT_OF_RANGE,
            "'%s' was compiled with version %u of dgsim.h; this dgsim knows up to version %d", path, version,
            DG_API_VERSION);
    return err_note(err, "take a newer dgsim, or compile it with the dgsim.h of this one");
  }
  if (!copy->plugin->handle) {
    err_set(err, ERR_MISSING_KEY, "dg_plugin of '%s' has no handle", path);
    return err_note(err, "set .handle = to the function that is called with each message");
  }
  return true;
}

const struct dg_plugin *plugin_copy_plugin(const struct plugin_copy *copy) { return copy->plugin; }

struct plugin_copy *plugin_copy_open(const struct plugin_image *image, struct err *err) {
  void *handle = load(image, err);
  if (!handle) return NULL;
  struct plugin_copy *copy = calloc(1, sizeof *copy);
  ASSERT(copy);
  copy->image = image;
  copy->handle = handle;
  const struct link_map *map = NULL;
  int known = dlinfo(handle, RTLD_DI_LINKMAP, &map);
  ASSERT_EQ(known, 0);
  copy->base = map->l_addr;
  find_parts(copy);
  if (check(copy, err)) return copy;
  plugin_copy_close(copy);
  return NULL;
}

void plugin_copy_close(struct plugin_copy *copy) {
  if (!copy) return;
  for (size_t i = 0; i < copy->part_count; i++) free(copy->parts[i].first);
  free(copy->parts);
  free(copy);
}
