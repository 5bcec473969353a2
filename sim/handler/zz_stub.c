#include "sim/handler/program.h"
__attribute__((weak)) struct program *program_of_sql(const struct program_sql *o, struct err *err) { (void)o; err_set(err, ERR_USAGE, "not yet"); return NULL; }
__attribute__((weak)) struct program *program_of_command(const struct program_command *o, struct err *err) { (void)o; err_set(err, ERR_USAGE, "not yet"); return NULL; }
