#include "sim/runner/interrupt.h"

#include <stddef.h>
#include <time.h>

static const int signals[] = {SIGINT, SIGTERM};

void interrupt_begin(struct interrupt *interrupt) {
  sigemptyset(&interrupt->watched);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction now;
    if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
      sigaddset(&interrupt->watched, signals[i]);
  }
  pthread_sigmask(SIG_BLOCK, &interrupt->watched, &interrupt->before);
}

int interrupt_seen(const struct interrupt *interrupt) {
  const struct timespec at_once = {0};
  const int signal = sigtimedwait(&interrupt->watched, NULL, &at_once);
  return signal > 0 ? signal : 0;
}

void interrupt_end(const struct interrupt *interrupt) { pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL); }
