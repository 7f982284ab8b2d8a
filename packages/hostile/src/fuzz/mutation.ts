import type { Random } from './random.js';

// What parsers stumble over: quotes, brackets, numbers at limits, names of JavaScript, controls, half characters.
const words = [
  '"',
  "'",
  '\\',
  '/',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ':',
  ',',
  '=',
  '!',
  '=~',
  '/i',
  '\n',
  '\r\n',
  '\t',
  '\0',
  ' ',
  '#',
  '&a',
  '*a',
  '<<',
  '---',
  '-1',
  '0',
  '1e309',
  '-0',
  '9007199254740993',
  '1e-7',
  'NaN',
  'null',
  'true',
  '2147483648',
  '0x',
  '1_0',
  '__proto__',
  'constructor',
  'toString',
  'and',
  'or',
  'not',
  'allow',
  'deny',
  'policy default ',
  '*',
  '%u',
  '../',
  'é',
  '\u2028',
  '\ud800',
  '\uFEFF',
  '%2E',
  '.',
  '$(x)',
  '`x`',
  'a{1000}',
  '(a+)+$',
  '[[:alpha:]]',
  '!!js/function',
  '!!binary',
] as const;

const mostCharacters = 64 * 1024;

/** An input: one of the samples, changed a few times. */
export function mutate(samples: readonly string[], random: Random): string {
  let text = random.pick(samples);
  for (let changes = random.below(6); changes > 0; changes -= 1) text = change(text, samples, random);
  return text.slice(0, mostCharacters);
}

function change(text: string, samples: readonly string[], random: Random): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + 1 + random.below(16));
  const insert = (piece: string) => text.slice(0, at) + piece + text.slice(at);
  switch (random.below(11)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return insert(random.pick(words));
    case 3:
      return text.slice(0, at) + random.pick(words) + text.slice(to);
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 5:
      return insert(text.slice(at, to));
    case 6: {
      const other = random.pick(samples);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 7:
      return insert(random.pick(words).repeat(random.below(200)));
    case 8:
      return insert(nest(random));
    case 9:
      return insert(String.fromCharCode(random.below(0x10000)));
    default:
      return swapWords(text, random);
  }
}

function nest(random: Random): string {
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['(', ')'],
    ['not ', ''],
    ['- ', ''],
    ['? ', ''],
  ] as const);
  const depth = 1 + random.below(random.below(50) === 0 ? 20_000 : 60);
  return open.repeat(depth) + random.pick(['', '1', 'x']) + close.repeat(depth);
}

function swapWords(text: string, random: Random): string {
  const parts = text.split(/(\W)/);
  const [a, b] = [random.below(parts.length), random.below(parts.length)];
  const [first = '', second = ''] = [parts[a], parts[b]];
  parts[a] = second;
  parts[b] = first;
  return parts.join('');
}
