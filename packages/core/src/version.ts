import { readFileSync } from 'node:fs';

const file = new URL(import.meta.resolve('@troupe/core/package.json'));

/** Troupe's version. */
export const version: string = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
