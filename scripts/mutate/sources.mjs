import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { mutantsOf } from './operators.mjs';

/** The source files of all packages, as paths in the repository. */
export function allSources(root) {
  return readdirSync(join(root, 'packages'))
    .flatMap((name) => listed(root, `packages/${name}/src`))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort();
}

/** The compiled unit tests of a package. */
export function unitTests(root, name) {
  const sources = listed(root, `packages/${name}/test`).filter((file) => file.endsWith('.test.ts'));
  const tests = sources.filter((file) => !file.includes('/integration/')).sort();
  return tests.map((file) => file.replace(/^(packages\/[^/]+)\/test\/(.*)\.ts$/, '$1/dist/test/$2.js'));
}

function listed(root, folder) {
  const names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

/** The source files of an area. */
export function sourcesOf({ files, except = [] }, sources) {
  const [wanted, unwanted] = [files, except].map((globs) => globs.map(patternOf));
  const isOneOf = (patterns, file) => patterns.some((pattern) => pattern.test(file));
  return sources.filter((file) => isOneOf(wanted, file) && !isOneOf(unwanted, file));
}

function patternOf(glob) {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** The mutants of a source: those of its compiled file, each with its `line` in the source. */
export function mutantsIn(root, file) {
  const compiled = file.replace(/^(packages\/[^/]+)\/src\/(.*)\.ts$/, '$1/dist/src/$2.js');
  const text = readFileSync(join(root, compiled), 'utf8');
  const map = new SourceMap(JSON.parse(readFileSync(join(root, `${compiled}.map`), 'utf8')));
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return mutantsOf(text).map((mutant) => {
    const row = starts.findLastIndex((start) => start <= mutant.start);
    const { originalLine = 0 } = map.findEntry(row, mutant.start - starts[row]);
    return { ...mutant, file, compiled, line: originalLine + 1 };
  });
}
