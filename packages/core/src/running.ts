import type * as DurableFile from './durable-file.js';
import type * as Library from './index.js';
import type * as Pki from './pki/index.js';

/** What this package exports, as a bundle holds it. */
export interface Exports {
  readonly library: () => Promise<typeof Library>;
  readonly pki: () => Promise<typeof Pki>;
  readonly durableFile: () => Promise<typeof DurableFile>;
}

// One for each place of this package: an agent may bring another version of it.
const key = Symbol.for(`troupe ${new URL('./', import.meta.url).href}`);
const shared = globalThis as { [key]?: Exports };

/** Gives agents what the bundle that runs holds, so that a process has one copy of this package, and not two. */
export function offerExports(exports: Exports): void {
  shared[key] = exports;
}

/** The exports of the bundle that runs, where one does. */
export function offeredExports(): Exports | undefined {
  return shared[key];
}
