/* 2.6: what comes again because a handler took too long, or failed, and how often before it is set aside. */
#include "tests/system/formulas/formulas.h"

#include <math.h>

/* --- A service time S and a lease V --- */

static void lease(struct findings *findings, double mean_s, double lease_s) {
  struct trial trial;
  trial_open(&trial, findings, "visible.yaml", 1, 20);
  trial_set(&trial, "workload/service_time=exponential mean=%gs", mean_s);
  trial_set(&trial, "system/visibility_timeout=%gs", lease_s);
  uint64_t again = 0, n = 0;
  while (trial_next(&trial)) {
    again += (uint64_t)trial.result.metrics[METRIC_DUPLICATE_DELIVERIES];
    n += trial.operation_count;
  }
  find_share(findings, &trial, again, n, exp(-lease_s / mean_s), "P(delivered again) = e^(-V/S), S = %g s, V = %g s",
             mean_s, lease_s);
  trial_close(&trial);
}

/* S constant: never, or always, as often as V goes into it. */
static void constant(struct findings *findings, double service_s, double lease_s) {
  struct trial trial;
  trial_open(&trial, findings, "visible.yaml", 1, 5);
  trial_set(&trial, "workload/service_time=%gs", service_s);
  trial_set(&trial, "system/visibility_timeout=%gs", lease_s);
  double least = 1e9, most = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++) {
      double times = trial.operations[i].deliveries;
      if (times < least) least = times;
      if (times > most) most = times;
    }
  double times = ceil(service_s / lease_s);
  find_within(findings, &trial, least, most, times, times, "deliveries of each, S = %g s, V = %g s: ceil(S/V)", service_s,
              lease_s);
  trial_close(&trial);
}

/* --- Failures, each alone with probability c --- */

struct failures {
  double request_loss, reply_loss, error; /* the provider's answer */
};
static double failing(struct failures f) {
  return 1 - (1 - f.request_loss) * (1 - f.reply_loss) * (1 - f.error);
}
static double charging(struct failures f) { return (1 - f.request_loss) * (1 - f.error); }

/* At most M deliveries: SQS counts receives, M of them; a quorum queue failures, more than L = M - 1. */
static void limit(struct findings *findings, bool quorum, struct failures failures, int most) {
  const double c = failing(failures), aside = pow(c, most), deliveries = (1 - aside) / (1 - c);
  struct trial trial;
  trial_open(&trial, findings, quorum ? "attempts-quorum.yaml" : "attempts-sqs.yaml", 2, 20);
  trial_set(&trial, "links/consumer_to_provider/request_loss=%g%%", 100 * failures.request_loss);
  trial_set(&trial, "links/consumer_to_provider/reply_loss=%g%%", 100 * failures.reply_loss);
  trial_set(&trial, "provider/failures=%g%%", 100 * failures.error);
  trial_set(&trial, quorum ? "system/delivery-limit=%d" : "system/max_receive_count=%d", quorum ? most - 1 : most);
  struct sample delivered = {0}, effects = {0};
  uint64_t set_aside = 0;
  double longest = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      sample_add(&delivered, operation->deliveries);
      sample_add(&effects, operation->effects);
      set_aside += operation->dead_lettered || operation->disposed;
      if (operation->deliveries > longest) longest = operation->deliveries;
    }
  if (quorum) {
    find_share(findings, &trial, set_aside, delivered.n, aside, "P(dropped) = c^(L+1), L = %d", most - 1);
    find_exactly(findings, &trial, longest, most, "most deliveries: L + 1");
  } else {
    find_share(findings, &trial, set_aside, delivered.n, aside, "P(dead letter) = c^M, M = %d", most);
    find_exactly(findings, &trial, longest, most, "most deliveries: M");
  }
  if (most > 1)
    find_mean(findings, &trial, &delivered, deliveries, "E[deliveries] = (1 - c^M)/(1 - c), M = %d",
              most);
  find_mean(findings, &trial, &effects, charging(failures) * deliveries,
            "E[effects] = ((1 - c) + c a)(1 - c^M)/(1 - c), a = %.2f", (charging(failures) - (1 - c)) / c);
  trial_close(&trial);
}

void formulas_visibility(struct findings *findings) {
  lease(findings, 2, 3);
  lease(findings, 2, 1);
  constant(findings, 2, 2.1);
  constant(findings, 2, 1.5);
  constant(findings, 2, 0.7);
  for (int quorum = 0; quorum < 2; quorum++) {
    limit(findings, quorum, (struct failures){.error = 0.4}, 1);
    limit(findings, quorum, (struct failures){.error = 0.4}, 3);
    limit(findings, quorum, (struct failures){.request_loss = 0.2, .reply_loss = 0.3}, 3);
  }
}
