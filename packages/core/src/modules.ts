import { registerHooks } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isErrno } from './durable-file.js';
import { messageOf } from './errors.js';

/** Where a module is looked for. */
export interface Sight {
  /** The absolute path of the file that names it, which need not exist. */
  readonly file: string;
  /** The address of a file of the program, whose packages come after those that the other file sees. */
  readonly own: string;
  /** What is wanted of a package; all of it if left out. */
  readonly entry?: string;
}

/**
 * The address of a module from outside the program: of a path relative to the file that names it, or of an npm package
 * that the file or the program sees; nothing where neither does. Throws Node's own error where a package does not
 * export it.
 */
export function locateModule(specifier: string, { file, own, entry }: Sight): string | undefined {
  if (specifier.startsWith('.') || isAbsolute(specifier))
    return pathToFileURL(resolve(dirname(file), specifier)).href;
  const name = entry === undefined ? specifier : `${specifier}/${entry}`;
  return resolveFrom(name, [pathToFileURL(file).href, own]);
}

/**
 * The address of what `import` finds under a name in a file at one of `places` (addresses of files, which need not
 * exist), the first of which that sees the package decides; nothing where none does. Throws Node's own error where a package does not
 * export that name.
 */
export function resolveFrom(specifier: string, places: readonly string[]): string | undefined {
  for (const parentURL of places) {
    const elsewhere = registerHooks({
      resolve: (name, context, next) => next(name, { ...context, parentURL }),
    });
    try {
      return import.meta.resolve(specifier);
    } catch (error) {
      if (!isErrno(error, 'ERR_MODULE_NOT_FOUND')) throw error;
    } finally {
      elsewhere.deregister();
    }
  }
  return undefined;
}

/** Why a module could not be loaded, in one line. `own`: the address of the file of the program that imports it, which the line does not name. */
export function moduleFaultOf(cause: unknown, own: string): string {
  const [why = ''] = messageOf(cause).split('\n');
  const [, missing, from] = /^Cannot find module '([^']*)' imported from (.*)$/.exec(why) ?? [];
  return from === fileURLToPath(own) ? `${missing} does not exist` : why;
}

/** Where each package of the program is looked for, by its name. */
// no peer fills this: it holds packages of this program
const own = new Map<string, string>();

/**
 * From now on whatever this process loads gets the program's own copies of these packages, as the module at `place`
 * sees them: a class such as ActionError exists once, and code from outside needs no `npm install` beside it.
 */
export function shareOwnCopies(packages: readonly string[], place: string): void {
  if (own.size === 0)
    registerHooks({
      resolve: (specifier, context, next) => {
        const parentURL = own.get(packageOf(specifier));
        if (parentURL === undefined) return next(specifier, context);
        // For `require` Node looks beside whoever requires, whatever parent it is told; as an import it comes here again.
        // Node 24.0 gives a set there, and not the array that it documents.
        if ([...context.conditions].includes('require'))
          return { url: import.meta.resolve(specifier), shortCircuit: true };
        return next(specifier, { ...context, parentURL });
      },
    });
  for (const name of packages) if (!own.has(name)) own.set(name, place);
}

function packageOf(specifier: string): string {
  const [scope, name] = specifier.split('/', 2);
  return `${scope}/${name}`;
}
