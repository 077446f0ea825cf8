// Waiting for a thing, never for a time.

export const PATIENCE_MS = 8000;

/** Rejects with `what` when `promise` has not settled in time. */
export const within = (promise, what, limitMs = PATIENCE_MS) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const text = typeof what === 'function' ? what() : what;
      reject(new Error(`not within ${limitMs} ms: ${text}`));
    }, limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/**
 * Resolves when `condition()` is truthy, with its value. `subscribe` calls
 * back whenever the condition may have changed, and returns how to stop.
 */
export const until = (condition, subscribe, what, limitMs = PATIENCE_MS) => {
  let stop = () => {};
  const happened = new Promise((resolve, reject) => {
    const check = () => {
      try {
        const value = condition();
        if (value) {
          resolve(value);
        }
      } catch (error) {
        reject(error);
      }
    };
    stop = subscribe(check) ?? stop;
    check();
  });
  return within(happened, what, limitMs).finally(() => stop());
};

/**
 * For what can only be asked and doesn't tell: asks again until the answer
 * satisfies. The pause is between two questions, not in place of one.
 */
export const askUntil = async (ask, satisfied, what, limitMs = PATIENCE_MS) => {
  const deadline = Date.now() + limitMs;
  let answer;
  do {
    answer = await ask();
    if (satisfied(answer)) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < deadline);
  throw new Error(`not within ${limitMs} ms: ${what}; last: ${JSON.stringify(answer)}`);
};
