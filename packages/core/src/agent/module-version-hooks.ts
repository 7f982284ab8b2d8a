import type { ResolveHook } from 'node:module';

/** Hands the query of a module's new version on to what it imports from its own package. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  const version = context.parentURL?.startsWith('file:')
    ? new URL(context.parentURL).searchParams.get('troupe')
    : null;
  const isOwn = /^(\.\.?\/|#)/.test(specifier) && resolved.url.startsWith('file:');
  if (version === null || !isOwn || resolved.url.includes('/node_modules/')) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.set('troupe', version);
  return { ...resolved, url: url.href };
};
