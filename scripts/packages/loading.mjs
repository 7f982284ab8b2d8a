import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Each prints, by specifier, what it got: the names that a module exports, or why it could not be loaded. Importing
// says, too, which are agents: mcod loads those once more, by their names.
const IMPORTS = `
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const results = {};
for (const { specifier, kind } of JSON.parse(process.argv[2])) {
  try {
    if (!existsSync(fileURLToPath(import.meta.resolve(specifier)))) throw new Error('the file is missing');
    if (kind === 'module') {
      const module = await import(specifier);
      results[specifier] = { names: Object.keys(module), isAgent: typeof module.default?.setup === 'function' };
    }
    if (kind === 'json') await import(specifier, { with: { type: 'json' } });
  } catch (error) {
    results[specifier] = { problem: error.message };
  }
}
console.log(JSON.stringify(results));
`;
const REQUIRES = `
const results = {};
for (const { specifier, kind } of JSON.parse(process.argv[2])) {
  try {
    if (kind === 'module') results[specifier] = { names: Object.keys(require(specifier)) };
    if (kind === 'json') require(specifier);
  } catch (error) {
    results[specifier] = { problem: error.message };
  }
}
console.log(JSON.stringify(results));
`;

/** Imports and requires each entry of the packages that are installed; returns the problems, and which are agents. */
export async function loadAll(entries, { folder, run }) {
  writeFileSync(join(folder, 'imports.mjs'), IMPORTS);
  writeFileSync(join(folder, 'requires.cjs'), REQUIRES);
  const load = async (file) => JSON.parse(await run(process.execPath, [file, JSON.stringify(entries)]));
  const imported = await load('imports.mjs');
  const required = await load('requires.cjs');
  const problems = entries.flatMap(({ specifier }) => {
    const { problem, names } = imported[specifier] ?? {};
    if (problem) return [`import of ${specifier}: ${problem}`];
    const other = required[specifier] ?? {};
    if (other.problem) return [`require of ${specifier}: ${other.problem}`];
    const lost = names?.filter((name) => !other.names.includes(name)) ?? [];
    return lost.map((name) => `require of ${specifier}: ${name} is missing`);
  });
  return { problems, agents: Object.keys(imported).filter((specifier) => imported[specifier].isAgent) };
}
