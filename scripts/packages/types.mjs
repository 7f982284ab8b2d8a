import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from '../command.mjs';

const OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  resolveJsonModule: true,
  allowArbitraryExtensions: true,
  noEmit: true,
};

/** Compiles a program that imports, and one that requires, each module and DDL of the packages; returns the problems. */
export async function compileAll(entries, { folder, run }, tsc) {
  const typed = entries.filter(({ kind }) => kind === 'module' || kind === 'json');
  const lines = (line) => `${typed.map(line).join('\n')}\n`;
  const as = (at, kind) => `${kind}${at}`;
  writeFileSync(
    join(folder, 'types.mts'),
    lines(({ specifier, kind }, at) =>
      kind === 'json'
        ? `export { default as ${as(at, kind)} } from '${specifier}' with { type: 'json' };`
        : `export * as ${as(at, kind)} from '${specifier}';`,
    ),
  );
  writeFileSync(
    join(folder, 'types.cts'),
    lines(({ specifier, kind }, at) => `export import ${as(at, kind)} = require('${specifier}');`),
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: OPTIONS, files: ['types.mts', 'types.cts'] }),
  );
  try {
    await run(process.execPath, [tsc, '--project', folder, '--pretty', 'false']);
    return [];
  } catch (error) {
    if (error instanceof CommandFailed) return [error.message];
    throw error;
  }
}
