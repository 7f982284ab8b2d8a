import { parse } from 'acorn';
import { fullAncestor } from 'acorn-walk';

const FLIPPED = {
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
};
const ARITHMETIC = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*' };
const ASSIGNED = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=', '??=': '=', '||=': '&&=', '&&=': '||=' };
const METHODS = {
  max: 'min',
  min: 'max',
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
};
// From here on one more is no fault that anybody meets: a millisecond of a time limit.
const LARGE = 1000;
const LONGEST = 80;
// What is logged for whoever looks for a fault in this program is not what the program does.
const QUIET = /^[\w.#?]*\blog(?:ger)?\??\.(?:debug|trace)\b/;

/**
 * Every mutant of a module, in the order of its text: `start` and `end` of what is replaced, the `text` in its place,
 * the `operator`, `within`, the name of the function around it, and `change`, which shows both texts. No two are the
 * same; `nth` counts those that look the same in one function.
 */
export function mutantsOf(source) {
  const found = new Map();
  const tree = parse(source, { ecmaVersion: 'latest', sourceType: 'module' });
  fullAncestor(tree, (node, _state, ancestors) => {
    const parents = ancestors.slice(0, -1).reverse();
    if (
      ancestors.some((parent) => parent.type === 'ExpressionStatement' && QUIET.test(textOf(source, parent)))
    )
      return;
    for (const { operator, start, end, text } of changesOf(node, parents[0], source)) {
      const change = `${shown(source.slice(start, end))} → ${text === ';' ? 'dropped' : shown(text)}`;
      found.set(`${start} ${end} ${text}`, { operator, start, end, text, within: nameOf(parents), change });
    }
  });
  const mutants = [...found.values()].sort(
    (a, b) => a.start - b.start || a.end - b.end || (a.text < b.text ? -1 : 1),
  );
  const alike = new Map();
  return mutants.map((mutant) => {
    const look = `${mutant.within} ${mutant.change}`;
    alike.set(look, (alike.get(look) ?? 0) + 1);
    return { ...mutant, nth: alike.get(look) };
  });
}

/** The source with a mutant in it. */
export function applied(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

function shown(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

const textOf = (source, { start, end }) => source.slice(start, end);

function changesOf(node, parent, source) {
  const whole = (operator, text) => ({ operator, start: node.start, end: node.end, text });
  // The sign stands between the operands, where parentheses may be too.
  const sign = (operator, text) => {
    const between = source.slice(node.left.end, node.right.start).replace(node.operator, text);
    return whole(
      operator,
      source.slice(node.start, node.left.end) + between + source.slice(node.right.start, node.end),
    );
  };
  switch (node.type) {
    case 'BinaryExpression':
      if (node.operator in FLIPPED) return FLIPPED[node.operator].map((text) => sign('comparison', text));
      if (!(node.operator in ARITHMETIC) || (node.operator === '+' && isText(node))) return [];
      return [sign('arithmetic', ARITHMETIC[node.operator])];
    case 'AssignmentExpression':
      if (!(node.operator in ASSIGNED) || (node.operator === '+=' && isText(node.right))) return [];
      return [sign('arithmetic', ASSIGNED[node.operator])];
    case 'UpdateExpression':
      return [
        whole(
          'arithmetic',
          textOf(source, node).replace(node.operator, node.operator === '++' ? '--' : '++'),
        ),
      ];
    case 'LogicalExpression':
      if (node.operator === '??') {
        const sides = isIndexed(node.left) ? [node.right] : [node.left, node.right];
        return sides.map((side) => whole('default', `(${textOf(source, side)})`));
      }
      return [sign('logic', node.operator === '&&' ? '||' : '&&')];
    case 'UnaryExpression':
      return node.operator === '!' ? [whole('negation', `(${textOf(source, node.argument)})`)] : [];
    case 'IfStatement':
    case 'ConditionalExpression':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return negated(node.test, source);
    case 'Literal':
      return literal(node, parent).map((text) => whole('constant', text));
    case 'AwaitExpression':
      return [whole('await', `(${textOf(source, node.argument)})`)];
    case 'MemberExpression': {
      const { property, computed } = node;
      if (computed || !Object.hasOwn(METHODS, property.name)) return [];
      return [whole('method', source.slice(node.start, property.start) + METHODS[property.name])];
    }
    case 'TryStatement':
      return [...emptied('catch', node.handler?.body, source), ...emptied('finally', node.finalizer, source)];
    case 'ReturnStatement':
      return node.argument ? [whole('statement', 'return;')] : [whole('statement', ';')];
    case 'ExpressionStatement':
      return node.directive !== undefined || isSuper(node) ? [] : [whole('statement', ';')];
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return [whole('statement', ';')];
    default:
      return [];
  }
}

/** Not that of one comparison, nor of one negation: these have mutants of their own that do the same. */
function negated(test, source) {
  const isDone =
    (test.type === 'BinaryExpression' && test.operator in FLIPPED) ||
    (test.type === 'UnaryExpression' && test.operator === '!') ||
    test.type === 'Literal';
  if (isDone) return [];
  return [{ operator: 'condition', start: test.start, end: test.end, text: `!(${textOf(source, test)})` }];
}

function literal({ value }, parent) {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof value !== 'number') return [];
  if (value >= LARGE) return [String(value * 2)];
  // One less, since a comparator that returns 2 is as good as one that returns 1; but no loop without an end.
  const isStep = parent?.type === 'AssignmentExpression' && parent.operator in ASSIGNED;
  return [String(value === 1 && !isStep ? 0 : value + 1)];
}

function emptied(part, block, source) {
  if (!block || block.body.length === 0) return [];
  const [only, ...others] = block.body;
  // One statement alone is dropped by another mutant.
  if (others.length === 0 && ['ExpressionStatement', 'ThrowStatement'].includes(only.type)) return [];
  const text = part === 'finally' ? '{}' : '{ }';
  return textOf(source, block) === text ? [] : [{ operator: part, start: block.start, end: block.end, text }];
}

/** `list[0]`: what is in its place if it is undefined is often there for the compiler alone. */
function isIndexed(node) {
  return node.type === 'MemberExpression' && node.computed;
}

function isText(node) {
  if (node.type === 'BinaryExpression' && node.operator === '+')
    return isText(node.left) || isText(node.right);
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

function isSuper({ expression }) {
  return expression.type === 'CallExpression' && expression.callee.type === 'Super';
}

function nameOf(parents) {
  const names = parents.map(ownName).filter((name) => name !== undefined);
  return names.slice(0, 2).reverse().join('.');
}

function ownName(node, index, parents) {
  switch (node.type) {
    case 'ClassDeclaration':
    case 'ClassExpression':
    case 'FunctionDeclaration':
      return node.id?.name;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return node.key.type === 'PrivateIdentifier' ? `#${node.key.name}` : (node.key.name ?? node.key.value);
    case 'VariableDeclarator':
    case 'Property': {
      const value = node.init ?? node.value;
      const isFunction = parents[index - 1] === value && /Function/.test(value.type);
      return isFunction ? ((node.id ?? node.key).name ?? undefined) : undefined;
    }
    default:
      return undefined;
  }
}
