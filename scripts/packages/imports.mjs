import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { parse } from 'acorn';
import { full } from 'acorn-walk';

/** What a compiled file asks other packages for, in its code or in its types: `name` or `name/path`. */
export function importsIn(file) {
  const text = readFileSync(file, 'utf8');
  const specifiers = /\.d\.[cm]?ts$/.test(file) ? inTypes(text) : inCode(text, file.endsWith('.cjs'));
  return specifiers.filter((name) => !/^[./]/.test(name) && !isBuiltin(name));
}

function inCode(text, isCommonJs) {
  const found = [];
  const tree = parse(text, {
    ecmaVersion: 'latest',
    sourceType: isCommonJs ? 'script' : 'module',
    allowHashBang: true,
  });
  full(tree, (node) => {
    // An import, a re-export or `import()`; else `require()`, `require.resolve()` or `import.meta.resolve()`.
    const asked = node.source ?? (node.type === 'CallExpression' && loads(node.callee) && node.arguments[0]);
    if (typeof asked?.value === 'string') found.push(asked.value);
  });
  return found;
}

function loads({ name, object, property }) {
  if (property?.name === 'resolve') return object.type === 'MetaProperty' || object.name === 'require';
  return name === 'require';
}

function inTypes(text) {
  const matches = text.matchAll(/(?<!["'])\b(?:from |import ?\(?|reference types=)["']([^"']+)["']/g);
  return [...matches].map(([, specifier]) => specifier);
}

/** The name of the package that an import asks. */
export function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
