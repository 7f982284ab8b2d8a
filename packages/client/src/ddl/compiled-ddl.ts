import { type CompiledDdl, compileDdl, type Ddl } from '@troupe/core';

const compiled = new WeakMap<Ddl, CompiledDdl>();

/** A DDL ready for use by a client, compiled once; validators that are not here are left to the nodes. */
export function compiledDdl(ddl: Ddl): CompiledDdl {
  const known = compiled.get(ddl) ?? compileDdl(ddl, { unknownValidators: 'skip' });
  compiled.set(ddl, known);
  return known;
}
