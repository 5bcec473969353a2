/* Which program this is. */
#ifndef SIM_CLI_PROGRAM_H
#define SIM_CLI_PROGRAM_H

#include <stdint.h>

/* XXH3 of the executable's bytes; 0 = they cannot be read. The same version may be built of other sources. */
uint64_t program_hash(void);

#endif
