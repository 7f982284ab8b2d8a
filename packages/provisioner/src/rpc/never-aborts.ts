/** Never fires: for what is to be said whatever becomes of the rest. */
export const neverAborts: AbortSignal = new AbortController().signal;
