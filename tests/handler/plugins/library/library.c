#include <stdint.h>

int64_t library_value(void);
int64_t library_value(void) { return 23; }
