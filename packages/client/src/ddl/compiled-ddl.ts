import { type CompiledDdl, compileDdl, type Ddl, ddlHash } from '@troupe/core';

// no peer fills this: an entry lasts as long as its DDL
const compiled = new WeakMap<Ddl, CompiledDdl>();
// no peer fills this: an entry lasts as long as its DDL
const hashes = new WeakMap<Ddl, string>();

/** A DDL ready for use by a client, compiled once; validators that are not here are left to the nodes. */
export function compiledDdl(ddl: Ddl): CompiledDdl {
  const known = compiled.get(ddl) ?? compileDdl(ddl, { unknownValidators: 'skip' });
  compiled.set(ddl, known);
  return known;
}

/** The hash by which nodes know a DDL, computed once: SHA-256 over its canonical JSON, hexadecimal. */
export function hashOfDdl(ddl: Ddl): string {
  const known = hashes.get(ddl) ?? ddlHash(ddl);
  hashes.set(ddl, known);
  return known;
}
