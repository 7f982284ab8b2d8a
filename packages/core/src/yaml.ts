import commonJs from './commonjs.cjs';

type Options = Parameters<typeof import('yaml').parse>[2];

/** Reads a YAML text, as `parse` of the package yaml does, which is loaded for the first one. Throws its errors. */
export function parseYaml(text: string, options?: Options): unknown {
  return commonJs.yaml().parse(text, options);
}
