/** Never fires: for calls that are made whatever happens to the rest. */
export const neverAborts: AbortSignal = new AbortController().signal;
