/**
 * What a package can be asked for under its name: each path of its `exports`, those with a `*` once for each of its
 * `files` that matches. `specifier` is what an import says; `kind` says what to expect there.
 */
export function entriesOf({ name, exports = {}, bin = {} }, files) {
  const programs = Object.values(bin);
  return Object.entries(exports).flatMap(([path, target]) =>
    expand(path, target, files).map(([at, file]) => ({
      specifier: name + at.slice(1),
      file: file.slice(2),
      kind: programs.includes(file) ? 'program' : kindOf(file),
    })),
  );
}

/** The specifiers that each of several packages answers to, by its name. */
export function specifiersByPackage(packages) {
  return new Map(
    packages.map(({ manifest, files }) => [
      manifest.name,
      entriesOf(manifest, files).map(({ specifier }) => specifier),
    ]),
  );
}

function expand(path, target, files) {
  if (!path.includes('*')) return [[path, target]];
  const [before, after] = target.slice(2).split('*');
  return files
    .filter((file) => file.startsWith(before) && file.endsWith(after))
    .map((file) => file.slice(before.length, file.length - after.length))
    .map((part) => [path.replace('*', part), target.replace('*', part)]);
}

function kindOf(file) {
  if (file.endsWith('.js')) return 'module';
  return file.endsWith('.json') ? 'json' : 'file';
}
