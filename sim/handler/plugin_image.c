#include "sim/handler/plugin_image.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_BYTES_MAX (INT64_C(1) << 30)
#define IGNORED_TAG 0x6000000d /* DT_LOOS: for operating systems; no dynamic linker knows this one */
#define HOW_TO_COMPILE "compile it with: cc -shared -fPIC -o consumer.so consumer.c, with -I and the folder of dgsim.h"

#if __ELF_NATIVE_CLASS == 64
#define NATIVE_CLASS ELFCLASS64
#define SYMBOL_BINDING(info) ELF64_ST_BIND(info)
#define SYMBOL_TYPE(info) ELF64_ST_TYPE(info)
#define SYMBOL_INFO(binding, type) ELF64_ST_INFO(binding, type)
#else
#define NATIVE_CLASS ELFCLASS32
#define SYMBOL_BINDING(info) ELF32_ST_BIND(info)
#define SYMBOL_TYPE(info) ELF32_ST_TYPE(info)
#define SYMBOL_INFO(binding, type) ELF32_ST_INFO(binding, type)
#endif

/* --- The file --- */

static bool read_all(struct plugin_image *image, int file, const char *path, struct err *err) {
  struct stat about;
  if (fstat(file, &about) != 0) return err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode)) return err_set(err, ERR_IO, "'%s' is not a file", path);
  if (about.st_size > OBJECT_BYTES_MAX) return err_set(err, ERR_TOO_BIG, "'%s' has more than 1 GiB", path);
  image->size = (size_t)about.st_size;
  image->bytes = malloc(image->size + 1);
  ASSERT(image->bytes);
  for (size_t have = 0; have < image->size;) {
    ssize_t got = read(file, image->bytes + have, image->size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return err_set(err, ERR_IO, "cannot read '%s': %s", path, got ? strerror(errno) : "it has shrunk");
    have += (size_t)got;
  }
  return true;
}

/* `count` elements at `offset` of the file; NULL when they are not all in it. [I1] */
static void *part(const struct plugin_image *image, uint64_t offset, uint64_t count, size_t size) {
  if (offset > image->size || offset % sizeof(ElfW(Addr)) != 0) return NULL;
  if (count > (image->size - offset) / size) return NULL;
  return image->bytes + offset;
}

/* --- Constructors and destructors --- */

static void take_constructors(struct plugin_image *image, ElfW(Dyn) * entries, size_t count) {
  for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
    ElfW(Dyn) *entry = &entries[i];
    switch (entry->d_tag) {
    case DT_INIT:
      image->init = entry->d_un.d_ptr;
      entry->d_tag = IGNORED_TAG;
      break;
    case DT_INIT_ARRAY: image->init_array = entry->d_un.d_ptr; break;
    case DT_INIT_ARRAYSZ:
      image->init_array_count = entry->d_un.d_val / sizeof(ElfW(Addr));
      entry->d_un.d_val = 0;
      break;
    case DT_FINI: entry->d_tag = IGNORED_TAG; break;
    case DT_FINI_ARRAYSZ: entry->d_un.d_val = 0; break;
    default: break;
    }
  }
}

/* --- Symbols --- */

static void make_ordinary(ElfW(Sym) * symbols, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (SYMBOL_BINDING(symbols[i].st_info) == STB_GNU_UNIQUE && symbols[i].st_shndx != SHN_UNDEF)
      symbols[i].st_info = SYMBOL_INFO(STB_GLOBAL, SYMBOL_TYPE(symbols[i].st_info));
}

static void change_symbols(struct plugin_image *image, const ElfW(Ehdr) * header) {
  const ElfW(Shdr) *sections = part(image, header->e_shoff, header->e_shnum, sizeof *sections);
  if (!sections || header->e_shentsize != sizeof *sections) return;
  for (size_t i = 0; i < header->e_shnum; i++) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const size_t count = sections[i].sh_size / sizeof(ElfW(Sym));
    ElfW(Sym) *symbols = part(image, sections[i].sh_offset, count, sizeof *symbols);
    if (symbols) make_ordinary(symbols, count);
  }
}

/* A file that ends before what it is to be loaded from is one that a compiler has not finished. */
static bool whole(const struct plugin_image *image) {
  for (size_t i = 0; image->segments && i < image->segment_count; i++) {
    const ElfW(Phdr) *segment = &image->segments[i];
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_offset > image->size || segment->p_filesz > image->size - segment->p_offset) return false;
  }
  return image->segments != NULL;
}

static bool change(struct plugin_image *image, const char *path, struct err *err) {
  const ElfW(Ehdr) *header = part(image, 0, 1, sizeof *header);
  if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    err_set(err, ERR_FORMAT, "'%s' is not a shared object", path);
    return err_note(err, HOW_TO_COMPILE);
  }
  if (header->e_ident[EI_CLASS] != NATIVE_CLASS || header->e_type != ET_DYN) {
    err_set(err, ERR_FORMAT, "'%s' is not a shared object of %d bits", path, __ELF_NATIVE_CLASS);
    return err_note(err, HOW_TO_COMPILE);
  }
  image->segment_count = header->e_phnum;
  image->segments = part(image, header->e_phoff, header->e_phnum, sizeof *image->segments);
  if (header->e_phentsize != sizeof *image->segments || !whole(image)) {
    err_set(err, ERR_FORMAT, "'%s' is cut short", path);
    return err_note(err, HOW_TO_COMPILE);
  }
  for (size_t i = 0; i < image->segment_count; i++) {
    if (image->segments[i].p_type != PT_DYNAMIC) continue;
    const size_t count = image->segments[i].p_filesz / sizeof(ElfW(Dyn));
    ElfW(Dyn) *entries = part(image, image->segments[i].p_offset, count, sizeof *entries);
    if (entries) take_constructors(image, entries, count);
  }
  change_symbols(image, header);
  return true;
}

bool plugin_image_read(struct plugin_image *image, const char *path, struct err *err) {
  *image = (struct plugin_image){.path = realpath(path, NULL)};
  int file = image->path ? open(image->path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
  bool good = read_all(image, file, path, err);
  close(file);
  return good && change(image, path, err);
}

void plugin_image_deinit(struct plugin_image *image) {
  free(image->path);
  free(image->bytes);
  *image = (struct plugin_image){0};
}
