/* A shared object: its headers are read and changed before it is loaded. It is not loaded. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/handler/plugin_image.h"

#include <fcntl.h>
#include <unistd.h>

#define PATH "fuzz.so" /* in the current folder: its real path is asked for, and fuzz_file has none */

void fuzz_plugin(const uint8_t *data, size_t size) {
  struct plugin_image image;
  struct err err = {0};
  const int file = open(PATH, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ASSERT(file >= 0);
  ASSERT(write(file, data, size) == (ssize_t)size);
  close(file);
  if (!plugin_image_read(&image, PATH, &err)) fuzz_check_error(&err);
  plugin_image_deinit(&image);
}
