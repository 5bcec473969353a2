/* Included first in every file of the build that counts: what a process has run is kept, too, when it ends with
 * _exit, as processes do that are forked and run nothing else; with abort, as a failed assertion does; and of a
 * signal that it raises, as one that was told to end. Calls of these go to counted_*. (No header of the C library:
 * some files have names of theirs.) */
#pragma redefine_extname raise counted_raise
_Noreturn void _exit(int status) __asm__("counted_exit");
_Noreturn void abort(void) __asm__("counted_abort");
_Noreturn void _Exit(int status);
_Noreturn void uncounted_abort(void) __asm__("abort");
int uncounted_raise(int number) __asm__("raise");
void __gcov_dump(void);
void __gcov_reset(void);
_Noreturn void counted_exit(int status);
_Noreturn void counted_abort(void);
int counted_raise(int number);

/* Not where memory is short: that would end it otherwise than the program does. */
__attribute__((weak)) void counted_exit(int status) {
  void *room = __builtin_malloc(1 << 20);
  if (room) __gcov_dump();
  __builtin_free(room);
  _Exit(status);
}
__attribute__((weak)) void counted_abort(void) {
  __gcov_dump();
  uncounted_abort();
}
__attribute__((weak)) int counted_raise(int number) { /* and goes on, when that is blocked */
  __gcov_dump();
  __gcov_reset();
  return uncounted_raise(number);
}
