import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { entriesOf } from './entries.mjs';

const NEEDED = ['LICENSE', 'README.md'];
const UNWANTED = [
  [/(^|\/)test\//, 'is a test'],
  [/\.tsbuildinfo$/, 'is only for the compiler'],
  [/(?<!\.d|\.d\.json)\.[cm]?ts$/, 'is a source'],
];

/**
 * What is wrong with what npm packs of a package: with `files` (paths in the package) and with what its manifest, at
 * `place` where the files lie, says of them. Each problem is one line.
 */
export function contentProblems(manifest, files, place) {
  const has = new Set(files);
  return [
    ...NEEDED.filter((file) => !has.has(file)).map((file) => `${file} is missing`),
    ...files.flatMap((file) =>
      UNWANTED.filter(([pattern]) => pattern.test(file)).map(([, why]) => `${file} ${why}`),
    ),
    ...idlePatterns(manifest, files).map((pattern) => `"${pattern}" in "files" does not match any file`),
    ...Object.entries(manifest.bin ?? {})
      .filter(([, file]) => !has.has(file.slice(2)))
      .map(([name, file]) => `${file}, the program ${name}, is missing`),
    ...entryProblems(manifest, files),
    ...mapProblems(files, place),
  ];
}

function entryProblems({ name, exports = {}, bin }, files) {
  return Object.entries(exports).flatMap(([path, target]) => {
    const entries = entriesOf({ name, exports: { [path]: target }, bin }, files);
    if (entries.length === 0) return [`no file is exported as ${path}`];
    return entries.flatMap(({ specifier, file, kind }) => {
      const needed = kind === 'module' ? [file, file.replace(/\.js$/, '.d.ts')] : [file];
      return needed
        .filter((one) => !files.includes(one))
        .map((one) => `${one}, for ${specifier}, is missing`);
    });
  });
}

function idlePatterns({ files: patterns = [] }, files) {
  const matches = (file, pattern) => file.startsWith(`${pattern}/`) || globOf(pattern).test(file);
  return patterns.filter((pattern) => !files.some((file) => matches(file, pattern)));
}

function globOf(pattern) {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^/]*')}$`);
}

// A map is of use to a debugger only with its sources: in it, or beside it.
function mapProblems(files, place) {
  const empty = files.filter((file) => file.endsWith('.map') && lacksSources(file, files, place));
  return empty.length === 0
    ? []
    : [`source maps without their sources: ${empty.length}, such as ${empty[0]}`];
}

function lacksSources(file, files, place) {
  const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(place, file), 'utf8'));
  return sources.some(
    (source, at) => typeof sourcesContent[at] !== 'string' && !files.includes(posix.join(file, '..', source)),
  );
}
