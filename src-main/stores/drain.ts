// Reading generators run to their end at once, for those who wait anyway: the terminal, plans, tests.

/** What a generator returns; its batches are passed over, and it is never paused. */
export function drain<Result>(steps: Generator<unknown, Result, void>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
