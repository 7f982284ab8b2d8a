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
// One more makes no difference to a number of this size, such as a timeout in milliseconds: it is doubled instead.
const LARGE = 1000;
const LONGEST = 80;
// Debug and trace messages are not behaviour that tests check, so they get no mutants.
const QUIET = /^[\w.#?]*\blog(?:ger)?\??\.(?:debug|trace)\b/;

/**
 * All mutants of a module, in source order: `start` and `end` of the text to replace, the replacement `text`, the
 * `operator`, `within` (the name of the enclosing function) and `change`, which shows both texts, shortened. No two are
 * the same; `nth` numbers mutants of one function whose `change` is the same.
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

/** The source with a mutant applied. */
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
  // The operator stands between the operands, perhaps together with parentheses.
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
    case 'CallExpression': {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || !Object.hasOwn(METHODS, callee.property.name)) return [];
      const { start } = callee;
      const text = source.slice(start, callee.property.start) + METHODS[callee.property.name];
      return [{ operator: 'method', start, end: callee.end, text }];
    }
    case 'TryStatement':
      return [...emptied('catch', node.handler?.body), ...emptied('finally', node.finalizer)];
    case 'ReturnStatement':
      if (!node.argument) return [whole('statement', ';')];
      // What returns nothing returns undefined.
      return node.argument.name === 'undefined' ? [] : [whole('statement', 'return;')];
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

/** Skips comparisons and negations: their own mutants have the same effect. */
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
  // 1 becomes 0, because a comparator may as well return 2; the step of a loop becomes 2, because 0 would never end.
  const isStep = parent?.type === 'AssignmentExpression' && parent.operator in ASSIGNED;
  return [String(value === 1 && !isStep ? 0 : value + 1)];
}

function emptied(part, block) {
  if (!block || block.body.length === 0) return [];
  const [only, ...others] = block.body;
  // A single statement is already dropped by its own mutant.
  if (others.length === 0 && ['ExpressionStatement', 'ThrowStatement'].includes(only.type)) return [];
  return [{ operator: part, start: block.start, end: block.end, text: '{ }' }];
}

/** Whether this is `list[0]`: a default for it often exists only to satisfy the compiler. */
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
