import { commonJs } from './commonjs.js';

/** Reads a YAML text, as `parse` of the package yaml does, which is loaded for the first one. Throws its errors. */
export function parseYaml(text: string): unknown {
  return commonJs.yaml().parse(text);
}
