import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withCode } from '@troupe/core/internal';
import { locateModule } from '@troupe/core/modules';

// Not a dependency: hosts have no use for it.
const program = '@troupe/emulator/program';

/** `mcod emulate …`: hands over to the emulator, if it is installed; the result is the exit code where it is not. */
export async function emulate(): Promise<number | undefined> {
  const found = locateModule(program, { file: join(process.cwd(), 'mcod.js'), own: import.meta.url });
  if (found === undefined) {
    const reason = 'mcod emulate requires the package @troupe/emulator: npm install @troupe/emulator';
    process.stderr.write(`mcod: ${withCode(reason, 'USAGE_INVALID')}\n`);
    return 1;
  }
  process.argv.splice(1, 2, fileURLToPath(found));
  await import(found);
  return undefined;
}
