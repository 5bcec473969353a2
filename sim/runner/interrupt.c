#include "sim/runner/interrupt.h"

#include <stddef.h>
#include <time.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

void interrupt_begin(struct interrupt *interrupt) {
  interrupt->signal = 0;
  sigemptyset(&interrupt->watched);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction now;
    if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
      sigaddset(&interrupt->watched, signals[i]);
  }
  pthread_sigmask(SIG_BLOCK, &interrupt->watched, &interrupt->before);
}

int interrupt_seen(struct interrupt *interrupt) {
  const struct timespec at_once = {0};
  if (interrupt->signal == 0) {
    const int signal_number = sigtimedwait(&interrupt->watched, NULL, &at_once);
    if (signal_number > 0) interrupt->signal = signal_number;
  }
  return interrupt->signal;
}

void interrupt_end(const struct interrupt *interrupt) { pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL); }

void interrupt_die(int signal_number) {
  sigset_t own;
  signal(signal_number, SIG_DFL);
  sigemptyset(&own);
  sigaddset(&own, signal_number);
  raise(signal_number);
  pthread_sigmask(SIG_UNBLOCK, &own, NULL);
  _exit(128 + signal_number); /* the first process of a container does not die of a signal */
}
