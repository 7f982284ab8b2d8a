/** The build says so in the bundle that it makes of `mco`, and nowhere else. */
declare const TROUPE_BUNDLED: true | undefined;

/** Ends the work of the bundle: it is begun again by the modules that the bundle was made of. */
export class BundleLeft extends Error {
  override readonly name = 'BundleLeft';
}

/**
 * To be called where the modules themselves are needed, before anything is printed; above all before code of others
 * is imported: it brings the same libraries, and would get a second copy of them. Throws BundleLeft.
 */
export function leaveBundle(): void {
  if (typeof TROUPE_BUNDLED !== 'undefined') throw new BundleLeft('the modules themselves are needed');
}
