/* The bytes of a plug-in's shared object, read once and changed so that each consumer can load its own copy.
 *
 * The dynamic linker is made to do less:
 * - It runs no constructors and no destructors: plugin_copy_begin runs the constructors anew for each
 *   process of a consumer, and a process that is killed runs no destructors.
 * - A symbol that is to be unique in the whole program (STB_GNU_UNIQUE: the statics of inline functions and
 *   of templates in C++) becomes an ordinary one, or all copies would share it.
 *
 * [I1] Every place in the file that is read or changed lies within it, whatever the file says.
 * Source: System V ABI, "Dynamic Section"; elf(5).
 * LIMIT: symbols of a plug-in without section headers (sstrip) stay unique; strip keeps them.
 */
#ifndef SIM_HANDLER_PLUGIN_IMAGE_H
#define SIM_HANDLER_PLUGIN_IMAGE_H

#include "sim/base/err.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>

struct plugin_image {
  char *path; /* absolute */
  char *bytes;
  size_t size;
  const ElfW(Phdr) * segments; /* within `bytes` */
  size_t segment_count;
  /* Constructors, as addresses in the object before it is relocated; 0 = none. */
  ElfW(Addr) init, init_array;
  size_t init_array_count;
};

/* False with *err set: the file cannot be read, or is no shared object of this machine's word size. What it
 * owns is to be freed by plugin_image_deinit either way. */
bool plugin_image_read(struct plugin_image *image, const char *path, struct err *err);
void plugin_image_deinit(struct plugin_image *image);

#endif
