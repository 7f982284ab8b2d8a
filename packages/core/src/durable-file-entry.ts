import { offeredExports } from './running.js';

// As entry.ts, for files that survive a crash.
const library = await (offeredExports()?.durableFile() ?? import('./durable-file.js'));

export const { absent, isErrno, isTemporaryOf, replaceFile, replaceFileSync, syncFolder } = library;
