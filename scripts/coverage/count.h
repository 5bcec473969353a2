/* Included first in every file of the build that counts: what a process has run is kept, too, when it ends with
 * _exit, as processes do that are forked and run nothing else. Calls of _exit go to counted_exit. (No
 * <unistd.h>: some files have names of its.) */
_Noreturn void _exit(int status) __asm__("counted_exit");
_Noreturn void _Exit(int status);
void __gcov_dump(void);
_Noreturn void counted_exit(int status);

__attribute__((weak)) void counted_exit(int status) {
  __gcov_dump();
  _Exit(status);
}
