import commonJs from './commonjs.cjs';

type Options = Parameters<typeof import('yaml').parse>[2];

/** Reads a YAML text, as `parse` of the package yaml does, which is loaded for the first one. Throws its errors. */
export function parseYaml(text: string, options?: Options): unknown {
  return commonJs.yaml().parse(text, options);
}

/** The same YAML without the tags of keys, such as `!ruby/sym name: value`: a key is the text that it is. */
export function withoutKeyTags(text: string): string {
  const { CST, Parser } = commonJs.yaml();
  let stripped = '';
  for (const token of new Parser().parse(text)) {
    if (token.type === 'document')
      CST.visit(token, (item) => {
        // With the space behind it, which would indent the key.
        if (item.key)
          item.start = item.start.filter(
            ({ type }, index, all) => type !== 'tag' && !(type === 'space' && all[index - 1]?.type === 'tag'),
          );
      });
    stripped += CST.stringify(token);
  }
  return stripped;
}
