import { registerHooks } from 'node:module';
import { isErrno } from './durable-file.js';

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

/** Where each package of the program is looked for, by its name. */
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
        if (context.conditions.includes('require'))
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
