import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { root } from '../setup.mjs';

/** What runs for long and takes messages of peers: the package, and the title of its section. */
const programs = [
  ['core', 'In every program'],
  ['daemon', 'In `mcod`'],
  ['client', 'In clients: `mco`, `mcprovision` and programs that embed the client library'],
  ['provisioner', 'In `mcprovision`'],
  ['broker', 'In the embedded broker'],
  ['host', 'In agents'],
];

/** What grows with what is put into it. */
const collections = new Set([
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'BoundedMap',
  'EndedJobs',
  'KeyedSerial',
  'PQueue',
  'RequestIds',
  'RunQueue',
  'Serial',
  'Shares',
]);

const bound = /^bound: (.*)$/s;
const ownReason = /^no peer fills this: \S/;

/**
 * The declarations of limits in the compiled sources of a program, and the collections that have none. A collection is a
 * field of a class, or a constant of a module without a content of its own.
 */
export function readLimits(name) {
  const folder = join(root, 'packages', name, 'dist/src');
  const files = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .sort();
  const found = files.map((file) => limitsOf(readFileSync(join(folder, file), 'utf8'), file));
  const source = (file) => relative(root, join(root, 'packages', name, 'src', file.replace(/\.js$/, '.ts')));
  return {
    rows: found.flatMap(({ rows }, index) => rows.map((row) => ({ ...row, source: source(files[index]) }))),
    undeclared: found.flatMap(({ undeclared }, index) =>
      undeclared.map((each) => `${source(files[index])}: ${each}`),
    ),
  };
}

/** The same of one compiled file. */
export function limitsOf(text) {
  const comments = [];
  const tree = parse(text, { ecmaVersion: 'latest', sourceType: 'module', onComment: comments });
  const blocks = joined(comments, text);
  const constants = constantsOf(tree);
  const rows = blocks
    .map(({ text: comment }) =>
      bound
        .exec(comment)?.[1]
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells !== undefined)
    .map((cells) => rowOf(cells, constants));
  const undeclared = declarationsOf(tree)
    .filter(({ start }) => !isDeclared(start, blocks, text))
    .map(({ name }) => name);
  return { rows, undeclared };
}

function rowOf(cells, constants) {
  if (cells.length !== 5) throw new Error(`"bound:" needs five parts: ${cells.join(' | ')}`);
  const [what, who, entries, bytes, whenFull] = cells;
  return { what, who, entries: filledIn(entries, constants), bytes: filledIn(bytes, constants), whenFull };
}

/** Consecutive line comments are one. */
function joined(comments, text) {
  const blocks = [];
  for (const { type, value, start, end } of comments) {
    const last = blocks.at(-1);
    const line = value.replace(/^\s*\*/gm, '').trim();
    if (
      type === 'Line' &&
      last?.type === 'Line' &&
      /^\s*$/.test(text.slice(last.end, start)) &&
      !startsOne(line)
    ) {
      last.text = `${last.text} ${line}`;
      last.end = end;
    } else blocks.push({ type, text: line, start, end });
  }
  return blocks;
}

const startsOne = (line) => /^(?:bound|no peer fills this):/.test(line);

function isDeclared(start, blocks, text) {
  for (let at = start; ; ) {
    const before = blocks.find(({ end }) => end <= at && /^\s*$/.test(text.slice(end, at)));
    if (!before) return false;
    if (bound.test(before.text) || ownReason.test(before.text)) return true;
    at = before.start;
  }
}

function declarationsOf(tree) {
  const found = [];
  for (const node of tree.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations)
      if (isCollection(init) && isEmpty(init)) found.push({ name: id.name, start: node.start });
  }
  simple(tree, {
    ClassBody({ body }) {
      const assigned = new Set(body.flatMap(assignedIn));
      for (const field of body) {
        if (field.type !== 'PropertyDefinition') continue;
        const name = nameOf(field.key);
        if (isCollection(field.value) || assigned.has(name)) found.push({ name, start: field.start });
      }
    },
  });
  return found;
}

function assignedIn(member) {
  if (member.kind !== 'constructor') return [];
  const names = [];
  simple(member, {
    AssignmentExpression({ left, right }) {
      if (left.object?.type === 'ThisExpression' && isCollection(right)) names.push(nameOf(left.property));
    },
  });
  return names;
}

const nameOf = (key) => (key.type === 'PrivateIdentifier' ? `#${key.name}` : key.name);

function isCollection(value) {
  if (value?.type === 'ArrayExpression') return value.elements.length === 0;
  return value?.type === 'NewExpression' && collections.has(value.callee.name);
}

// A constant with a content is a table.
const isEmpty = (value) =>
  value.type === 'ArrayExpression' || value.arguments.length === 0 || isOptions(value);
const isOptions = ({ arguments: [first] }) => first?.type === 'ObjectExpression';

function constantsOf(tree) {
  const constants = new Map();
  for (const node of tree.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      const value = init && numberOf(init, constants);
      if (value !== undefined) constants.set(id.name, value);
    }
  }
  return constants;
}

function numberOf(node, constants) {
  if (node.type === 'Literal' && typeof node.value === 'number') return node.value;
  if (node.type === 'Identifier') return constants.get(node.name) ?? shared.get(node.name);
  if (node.type !== 'BinaryExpression' || node.operator !== '*') return undefined;
  const [left, right] = [numberOf(node.left, constants), numberOf(node.right, constants)];
  return left === undefined || right === undefined ? undefined : left * right;
}

/** Constants that other files use. */
const shared = new Map([['maxMessageBytes', 1024 * 1024]]);

/** `{NAME}` is a constant of the file, `{bytes NAME}` one in bytes; a product is possible. */
function filledIn(text, constants) {
  return text.replace(/\{(bytes )?([^}]+)\}/g, (_, inBytes, expression) => {
    const factors = expression.split('*').map((factor) => factor.trim());
    const values = factors.map((factor) => (/^\d+$/.test(factor) ? Number(factor) : constants.get(factor)));
    if (values.includes(undefined)) throw new Error(`no constant ${expression} in the file of "${text}"`);
    const value = values.reduce((product, each) => product * each, 1);
    return inBytes ? sizeOf(value) : value.toLocaleString('en-US');
  });
}

function sizeOf(bytes) {
  if (bytes % (1024 * 1024) === 0) return `${bytes / 1024 / 1024} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes.toLocaleString('en-US')} bytes`;
}

/** Defaults of settings, written as `[limits.queue]` or `[bytes limits.queue]` in a declaration. */
async function defaults() {
  const load = async (path) => import(pathToFileURL(join(root, 'packages', path)).href);
  const { daemonSchema } = await load('daemon/dist/src/config.js');
  const { brokerSchema } = await load('broker/dist/src/config.js');
  return new Map([
    ['daemon', daemonSchema],
    ['broker', brokerSchema],
  ]);
}

function withDefaults(text, schema) {
  return text.replace(/\[(bytes )?([a-z_.]+)\]/g, (_, inBytes, key) => {
    const setting = key.split('.').reduce((section, part) => section?.properties?.[part], schema);
    if (typeof setting?.default !== 'number') throw new Error(`no setting ${key} with a default number`);
    const value = inBytes ? sizeOf(setting.default) : setting.default.toLocaleString('en-US');
    return `${value} (\`${key}\`)`;
  });
}

/** The page with the limits, between its introduction and its end. */
export async function limitsPage() {
  const page = readFileSync(join(root, 'docs/limits.md'), 'utf8');
  const schemas = await defaults();
  const sections = programs.map(([name, title]) => {
    const { rows } = readLimits(name);
    if (rows.length === 0) return undefined;
    const lines = rows.map(({ what, who, entries, bytes, whenFull, source }) => {
      const [most, size] = [entries, bytes].map((cell) => withDefaults(cell, schemas.get(name)));
      return `| [${what}](../${source}) | ${who} | ${most} | ${size} | ${whenFull} |`;
    });
    return [
      `## ${title}`,
      '',
      '| what | filled by | entries | bytes | if it is full |',
      '|---|---|---|---|---|',
      ...lines,
    ].join('\n');
  });
  const [start, end] = ['<!-- limits -->', '<!-- end of limits -->'];
  const head = page.slice(0, page.indexOf(start) + start.length);
  const tail = page.slice(page.indexOf(end));
  return `${head}\n\n${sections.filter((section) => section !== undefined).join('\n\n')}\n\n${tail}`;
}

/** Collections of all programs that say neither what bounds them nor that no peer fills them. */
export function undeclaredCollections() {
  return programs.flatMap(([name]) => readLimits(name).undeclared);
}
