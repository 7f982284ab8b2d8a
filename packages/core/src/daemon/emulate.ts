import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isErrno } from '../durable-file.js';

// Not a dependency: hosts have no use for it.
const program = '@troupe/emulator/program';

/** Where the emulator's program is, seen from the first of these files that has it; nothing where none has. */
export function findEmulator(places: readonly string[]): string | undefined {
  for (const place of places) {
    try {
      return createRequire(place).resolve(program);
    } catch (error) {
      if (!isErrno(error, 'MODULE_NOT_FOUND')) throw error;
    }
  }
  return undefined;
}

/** `mcod emulate …`: hands over to the emulator, if it is installed; the result is the exit code where it is not. */
export async function emulate(): Promise<number | undefined> {
  const found = findEmulator([join(process.cwd(), 'mcod.js'), fileURLToPath(import.meta.url)]);
  if (found === undefined) {
    process.stderr.write('mcod: emulate is in a package of its own: npm install @troupe/emulator\n');
    return 1;
  }
  process.argv.splice(1, 2, found);
  await import(pathToFileURL(found).href);
  return undefined;
}
