// The design's section 3 in few words: a resource is its log, and each view is
// the fold of the log as its viewer may see it. Slow and plain, to hold the
// server against.

export class ModelLog {
  #reducer;
  #tail = [];
  #checkpoint;

  constructor(reducer, state) {
    this.#reducer = reducer;
    this.#checkpoint = state;
  }

  #step(state, action) {
    try {
      return this.#reducer(structuredClone(state), structuredClone(action));
    } catch {
      return undefined;
    }
  }

  /** M4: an entry that a view rejects leaves that view unchanged. */
  #fold(actionOf) {
    return this.#tail.reduce((state, entry) => this.#step(state, actionOf(entry)) ?? state, this.#checkpoint);
  }

  view(viewer) {
    return this.#fold((entry) =>
      entry.private !== undefined && entry.author === viewer ? entry.private : entry.public
    );
  }

  get publicState() {
    return this.#fold((entry) => entry.public);
  }

  get #outstanding() {
    return this.#tail.some((entry) => entry.private !== undefined);
  }

  /**
   * Dispatches; gives `{ accepted, revealed }`, `revealed` being the private
   * entries that were disclosed, in order.
   */
  dispatch(author, publicAction, privateAction) {
    // M7: the public state decides on the public half, the author's view on the own.
    const own = privateAction ?? publicAction;
    if (
      this.#step(this.publicState, publicAction) === undefined ||
      this.#step(this.view(author), own) === undefined
    ) {
      return { accepted: false, revealed: [] };
    }
    this.#tail.push({ author, public: publicAction, private: privateAction });
    if (!this.#outstanding) {
      this.#checkpoint = this.publicState;
      this.#tail = [];
      return { accepted: true, revealed: [] };
    }
    if (!this.#reducer.$canReconcileState?.(this.publicState)) {
      return { accepted: true, revealed: [] };
    }
    // M2: from the reveal on, everybody's state is the fold from the checkpoint
    // with all private actions in their places.
    const revealed = this.#tail.filter((entry) => entry.private !== undefined);
    this.#checkpoint = this.#fold((entry) => entry.private ?? entry.public);
    this.#tail = [];
    return { accepted: true, revealed };
  }
}
