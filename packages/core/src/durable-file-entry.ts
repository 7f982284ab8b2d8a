import type * as Own from './durable-file-entry.js';
import { offeredExports } from './running.js';

// As entry.ts, for files that survive a crash.
const library = await (offeredExports()?.durableFile() ?? import('./durable-file.js'));

export const { absent, isErrno, isTemporaryOf, replaceFile, replaceFileSync, syncFolder } = library;

// Does not compile where an export is missing above, and names it.
type Missing = Exclude<keyof typeof library, keyof typeof Own>;
true satisfies [Missing] extends [never] ? true : Missing;
